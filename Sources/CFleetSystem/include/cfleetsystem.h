// What glibc has and its Swift module hides.
#ifndef CFLEETSYSTEM_H
#define CFLEETSYSTEM_H

/// A non-blocking eventfd, closed on exec; -1 and errno on failure.
int cfleetsystem_eventfd(void);

/// Tells malloc to keep freed memory instead of giving it back to the system and faulting it in again, thousands of times a second under load:
/// up to 64 MiB a heap, grown by 1 MiB at a time, and blocks below 32 MiB never mapped one by one.
void cfleetsystem_keep_freed_memory(void);

#endif
