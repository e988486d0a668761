#define _GNU_SOURCE
#include "cspawn.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int cspawn_event(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

static void close_pair(const int pair[2]) {
    close(pair[0]);
    close(pair[1]);
}

/// What the child does between vfork and exec: system calls only, since it runs in the parent's memory. It returns an errno, if at all.
static int become(const struct cspawn_request *request, int output, int error) {
    if (setpgid(0, 0) != 0) return errno;
    // Dispositions are the child's own; handlers of the parent must not run in it once signals are let through.
    struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++) {
        if (number != SIGKILL && number != SIGSTOP) sigaction(number, &standard, NULL);
    }
    int input = open("/dev/null", O_RDONLY);
    if (input < 0) return errno;
    if (dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 || dup2(error, STDERR_FILENO) < 0) return errno;
    // Closed by the exec, so that a failure can still be reported.
    if (close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) != 0) return errno;
    if (request->directory != NULL && chdir(request->directory) != 0) return errno;
    if (request->file_limit != 0) {
        struct rlimit limit = {.rlim_cur = request->file_limit, .rlim_max = request->file_limit};
        if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return errno;
    }
    sigset_t none;
    sigemptyset(&none);
    if (sigprocmask(SIG_SETMASK, &none, NULL) != 0) return errno;
    execvpe(request->arguments[0], request->arguments, request->environment);
    return errno;
}

/// Not posix_spawn: that has no resource limits, and setting them from outside afterwards comes too late for what the child starts at once.
static int start(const struct cspawn_request *request, int output, int error, pid_t *process) {
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0) return errno;
    sigset_t all, before;
    sigfillset(&all);
    int code = pthread_sigmask(SIG_SETMASK, &all, &before);
    if (code != 0) {
        close_pair(report);
        return code;
    }
    pid_t child = vfork();
    if (child == 0) {
        int failure = become(request, output, error);
        ssize_t written = write(report[1], &failure, sizeof failure);
        _exit(written == sizeof failure ? 127 : 126);
    }
    code = child < 0 ? errno : 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(report[1]);
    if (child > 0) {
        // The end of the pipe without a report is the exec.
        int failure = 0;
        ssize_t count;
        do { count = read(report[0], &failure, sizeof failure); } while (count < 0 && errno == EINTR);
        if (count != 0) {
            code = count == sizeof failure ? failure : EIO;
            while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
        } else {
            *process = child;
        }
    }
    close(report[0]);
    return code;
}

int cspawn_start(const struct cspawn_request *request, struct cspawn_child *child) {
    int output[2], error[2];
    if (pipe2(output, O_CLOEXEC) != 0) return errno;
    if (pipe2(error, O_CLOEXEC) != 0) {
        int code = errno;
        close_pair(output);
        return code;
    }
    // Were one of them a standard descriptor, the duplications in the child would step on each other.
    int lowest = output[0];
    if (output[1] < lowest) lowest = output[1];
    if (error[0] < lowest) lowest = error[0];
    if (error[1] < lowest) lowest = error[1];
    pid_t process = -1;
    int code = lowest <= STDERR_FILENO ? EBADF : start(request, output[1], error[1], &process);
    if (code != 0) {
        close_pair(output);
        close_pair(error);
        return code;
    }
    close(output[1]);
    close(error[1]);
    int descriptor = pidfd_open(process, 0);
    if (descriptor < 0) {
        code = errno;
        kill(-process, SIGKILL);
        while (waitpid(process, NULL, 0) < 0 && errno == EINTR) {}
        close(output[0]);
        close(error[0]);
        return code;
    }
    *child = (struct cspawn_child){
        .process = process, .process_descriptor = descriptor, .standard_output = output[0], .standard_error = error[0]};
    return 0;
}
