// Counts the allocations of a process that is linked with it: for measuring only.
#ifndef CALLOCATIONCOUNTER_H
#define CALLOCATIONCOUNTER_H

#include <stdint.h>

/// Begins (1) or ends (0) counting; off at start, when it costs one untaken branch per allocation.
void callocationcounter_enable(int enabled);

/// Allocations since counting began.
int64_t callocationcounter_count(void);

#endif
