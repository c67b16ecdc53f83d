#define _GNU_SOURCE 1
#include "martinet_linux.h"

#include <errno.h>
#include <sys/random.h>

int martinet_getrandom(void *buffer, size_t count) {
    uint8_t *next = buffer;
    while (count > 0) {
        ssize_t got = getrandom(next, count, 0);
        if (got < 0) {
            if (errno == EINTR) continue;
            return -errno;
        }
        next += got;
        count -= (size_t)got;
    }
    return 0;
}
