// The driver of libFuzzer (compiler-rt, lib/fuzzer/FuzzerInterface.h), which the toolchain brings as an archive.

#ifndef CMARTINET_FUZZ_H
#define CMARTINET_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *bytes, size_t count));

#endif
