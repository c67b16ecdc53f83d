// What Swift's Glibc module cannot see: feature-test macros, variadic calls, and constants hidden behind casts.
#ifndef MARTINET_LINUX_H
#define MARTINET_LINUX_H

// Kept free of system headers that Swift's Glibc module has seen with other feature-test macros.
#include <stddef.h>
#include <stdint.h>

// Fills `buffer` with `count` bytes of the kernel's randomness. Returns 0 or a negative errno. See getrandom(2).
int martinet_getrandom(void *buffer, size_t count);


#endif
