#include "callocationcounter.h"

#include <stddef.h>

// The allocator below the names that are taken over here.
#ifdef FLEET_SYSTEM_MALLOC
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
#define allocator_malloc __libc_malloc
#define allocator_calloc __libc_calloc
#define allocator_realloc __libc_realloc
#else
#include <mimalloc.h>
#define allocator_malloc mi_malloc
#define allocator_calloc mi_calloc
#define allocator_realloc mi_realloc
#endif

static int enabled;
static int64_t count;

static inline void note(void) {
    if (__builtin_expect(__atomic_load_n(&enabled, __ATOMIC_RELAXED), 0)) { __atomic_fetch_add(&count, 1, __ATOMIC_RELAXED); }
}

void callocationcounter_enable(int value) { __atomic_store_n(&enabled, value, __ATOMIC_RELAXED); }

int64_t callocationcounter_count(void) { return __atomic_load_n(&count, __ATOMIC_RELAXED); }

void *malloc(size_t size) {
    note();
    return allocator_malloc(size);
}

void *calloc(size_t number, size_t size) {
    note();
    return allocator_calloc(number, size);
}

void *realloc(void *pointer, size_t size) {
    note();
    return allocator_realloc(pointer, size);
}
