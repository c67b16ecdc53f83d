#include "martinet_stage_image.h"

#if !__has_embed("Embedded/stage.bin")
#error "the stage is not built: run `make stage`"
#endif
#pragma clang diagnostic ignored "-Wc23-extensions"  // #embed is why this is C
static const unsigned char image[] = {
#embed "Embedded/stage.bin"
};

const void *martinet_stage_image(size_t *count) {
    *count = sizeof image;
    return image;
}
