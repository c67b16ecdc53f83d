// A disk for SQLite that does what the real one does and remembers every change, so that a test can build what a power
// cut at any instant would have left. For tests only.
#ifndef MARTINET_RECORDING_DISK_H
#define MARTINET_RECORDING_DISK_H

#include <stddef.h>
#include <stdint.h>

enum { MARTINET_DISK_WRITE, MARTINET_DISK_TRUNCATE, MARTINET_DISK_SYNC, MARTINET_DISK_DELETE };

typedef struct {
    const char *path;
    int kind;
    int64_t offset;  // of a write; the new size for a truncation
    int32_t length;
    const uint8_t *data;
} martinet_disk_operation;

// Makes the disk known to SQLite as "martinet-recording". Returns 0 or an SQLite code. May be called again.
int martinet_recording_disk_register(void);
// How many operations there were on any file, in the order in which they happened.
int64_t martinet_recording_disk_count(void);
// The operation at `index`, which stays valid for the life of the process. Returns 0, or -1 where there is none.
int martinet_recording_disk_get(int64_t index, martinet_disk_operation *operation);

#endif
