// What glibc has and its Swift module hides.
#ifndef CFLEETSYSTEM_H
#define CFLEETSYSTEM_H

/// A non-blocking eventfd, closed on exec; -1 and errno on failure.
int cfleetsystem_eventfd(void);

#endif
