#include "martinet_tables.h"

#pragma clang diagnostic ignored "-Wc23-extensions"
static const unsigned char tables[] __attribute__((aligned(16))) = {
#embed "tables.bin"
};

// Kept apart, so that the pages of these texts are not in memory until somebody asks what something means.
static const unsigned char documentation[] __attribute__((aligned(4096))) = {
#embed "documentation.bin"
};

const void *martinet_tables_begin(void) { return tables; }
size_t martinet_tables_size(void) { return sizeof tables; }
const void *martinet_documentation_begin(void) { return documentation; }
size_t martinet_documentation_size(void) { return sizeof documentation; }
