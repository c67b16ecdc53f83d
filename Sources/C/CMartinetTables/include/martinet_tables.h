// The compiled API schema, embedded. Made by `make generate` from API/.
#ifndef MARTINET_TABLES_H
#define MARTINET_TABLES_H
#include <stddef.h>
const void *martinet_tables_begin(void);
size_t martinet_tables_size(void);
const void *martinet_documentation_begin(void);
size_t martinet_documentation_size(void);
#endif
