#include "martinet_tables.h"

#pragma clang diagnostic ignored "-Wc23-extensions"
static const unsigned char tables[] __attribute__((aligned(16))) = {
#embed "tables.bin"
};

const void *martinet_tables_begin(void) { return tables; }
size_t martinet_tables_size(void) { return sizeof tables; }
