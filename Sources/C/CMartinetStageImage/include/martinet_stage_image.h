// The stage's program, embedded. `make stage` builds it into Embedded/stage.bin.
#ifndef MARTINET_STAGE_IMAGE_H
#define MARTINET_STAGE_IMAGE_H
#include <stddef.h>

const void *martinet_stage_image(size_t *count);

#endif
