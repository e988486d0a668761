// The door to the system calls that start and watch a child process and that Swift's Glibc module does not show.
#ifndef CSPAWN_H
#define CSPAWN_H

#include <stdint.h>
#include <sys/types.h>

/// What a child is started with. `arguments` and `environment` end with NULL.
struct cspawn_request {
    char *const *arguments;
    char *const *environment;
    /// The child's working directory, or NULL for the parent's.
    const char *directory;
    /// The largest file the child may write, in bytes; 0 sets no limit.
    uint64_t file_limit;
};

/// A started child. The caller closes every descriptor and reaps the process.
struct cspawn_child {
    pid_t process;
    /// Readable once the process has ended.
    int process_descriptor;
    int standard_output;
    int standard_error;
};

/// Starts a child without a shell: its own process group, no inherited descriptors but the two pipes, stdin from /dev/null,
/// default signal dispositions, nothing blocked. The program is looked up on PATH. Returns 0 or an errno; on failure nothing is left over.
int cspawn_start(const struct cspawn_request *request, struct cspawn_child *child);

/// A non-blocking event descriptor, closed on exec; -1 and errno on failure.
int cspawn_event(void);

#endif
