// SHA-256 (FIPS 180-4), with the processor's SHA instructions where it has them.
#ifndef MARTINET_DIGEST_H
#define MARTINET_DIGEST_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint32_t state[8];
    uint64_t count;      // bytes seen so far
    uint8_t block[64];   // the bytes after the last whole block
    int32_t accelerated; // whether the processor's instructions are used
} martinet_sha256;

void martinet_sha256_init(martinet_sha256 *context);
// As init, but never with the processor's instructions; for tests and figures.
void martinet_sha256_init_portable(martinet_sha256 *context);
void martinet_sha256_update(martinet_sha256 *context, const void *data, size_t count);
// Writes the 32 bytes of the digest; the context must be initialised again before it is used again.
void martinet_sha256_final(martinet_sha256 *context, uint8_t *digest);

#endif
