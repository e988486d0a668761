// mimalloc in the place of the system's malloc, for every program that links this target.
//
// Records are allocated by one thread and freed by another, which costs glibc's malloc a lock and a cold cache line each time: measured 20 to 30 %
// of a worker's throughput. Sanitizers bring a malloc of their own: build with FLEET_SYSTEM_MALLOC=1 for them.
#ifndef CALLOCATOR_H
#define CALLOCATOR_H

/// mimalloc's version, as 209 for 2.0.9; 0 with the system's malloc.
int callocator_mimalloc_version(void);

#endif
