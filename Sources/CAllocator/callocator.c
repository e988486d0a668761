#include "callocator.h"

#ifdef FLEET_SYSTEM_MALLOC
int callocator_mimalloc_version(void) { return 0; }
#else
#include <mimalloc.h>

int callocator_mimalloc_version(void) { return mi_version(); }
#endif
