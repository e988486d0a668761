#include "callocationcounter.h"

#include <stddef.h>

// glibc's own entry points, below the names that are taken over here.
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

static int enabled;
static int64_t count;

static inline void note(void) {
    if (__builtin_expect(__atomic_load_n(&enabled, __ATOMIC_RELAXED), 0)) { __atomic_fetch_add(&count, 1, __ATOMIC_RELAXED); }
}

void callocationcounter_enable(int value) { __atomic_store_n(&enabled, value, __ATOMIC_RELAXED); }

int64_t callocationcounter_count(void) { return __atomic_load_n(&count, __ATOMIC_RELAXED); }

void *malloc(size_t size) {
    note();
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    note();
    return __libc_calloc(number, size);
}

void *realloc(void *pointer, size_t size) {
    note();
    return __libc_realloc(pointer, size);
}
