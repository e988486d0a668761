#include "cfleetsystem.h"

#include <sys/eventfd.h>

int cfleetsystem_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }
