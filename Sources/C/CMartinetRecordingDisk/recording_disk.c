#include "recording_disk.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

// One record for the process, as SQLite's own list of disks is.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static martinet_disk_operation *operations;
static int64_t count, capacity;

static sqlite3_vfs disk;
static sqlite3_vfs *real;

typedef struct {
    sqlite3_file base;
    const char *path;  // null: a temporary file, not recorded
    sqlite3_file *file;
} recorded;

static int note(const char *path, int kind, int64_t offset, const void *data, int length) {
    if (path == NULL) return SQLITE_OK;
    uint8_t *copy = NULL;
    if (length > 0) {
        copy = malloc((size_t)length);
        if (copy == NULL) return SQLITE_NOMEM;
        memcpy(copy, data, (size_t)length);
    }
    pthread_mutex_lock(&lock);
    if (count == capacity) {
        int64_t larger = capacity ? capacity * 2 : 1024;
        void *grown = realloc(operations, (size_t)larger * sizeof *operations);
        if (grown == NULL) {
            pthread_mutex_unlock(&lock);
            free(copy);
            return SQLITE_NOMEM;
        }
        operations = grown;
        capacity = larger;
    }
    operations[count++] = (martinet_disk_operation){path, kind, offset, length, copy};
    pthread_mutex_unlock(&lock);
    return SQLITE_OK;
}

#define REAL(f) (((recorded *)(f))->file)

static int disk_close(sqlite3_file *f) { return REAL(f)->pMethods->xClose(REAL(f)); }
static int disk_read(sqlite3_file *f, void *b, int n, sqlite3_int64 o) {
    return REAL(f)->pMethods->xRead(REAL(f), b, n, o);
}
static int disk_write(sqlite3_file *f, const void *b, int n, sqlite3_int64 o) {
    int code = REAL(f)->pMethods->xWrite(REAL(f), b, n, o);
    return code ? code : note(((recorded *)f)->path, MARTINET_DISK_WRITE, o, b, n);
}
static int disk_truncate(sqlite3_file *f, sqlite3_int64 size) {
    int code = REAL(f)->pMethods->xTruncate(REAL(f), size);
    return code ? code : note(((recorded *)f)->path, MARTINET_DISK_TRUNCATE, size, NULL, 0);
}
static int disk_sync(sqlite3_file *f, int flags) {
    int code = REAL(f)->pMethods->xSync(REAL(f), flags);
    return code ? code : note(((recorded *)f)->path, MARTINET_DISK_SYNC, 0, NULL, 0);
}
static int disk_size(sqlite3_file *f, sqlite3_int64 *s) { return REAL(f)->pMethods->xFileSize(REAL(f), s); }
static int disk_lock(sqlite3_file *f, int l) { return REAL(f)->pMethods->xLock(REAL(f), l); }
static int disk_unlock(sqlite3_file *f, int l) { return REAL(f)->pMethods->xUnlock(REAL(f), l); }
static int disk_reserved(sqlite3_file *f, int *r) { return REAL(f)->pMethods->xCheckReservedLock(REAL(f), r); }
static int disk_control(sqlite3_file *f, int op, void *a) {
    // Preallocation would change sizes behind the record's back; it is a hint only.
    if (op == SQLITE_FCNTL_SIZE_HINT || op == SQLITE_FCNTL_CHUNK_SIZE) return SQLITE_OK;
    return REAL(f)->pMethods->xFileControl(REAL(f), op, a);
}
static int disk_sector(sqlite3_file *f) { return REAL(f)->pMethods->xSectorSize(REAL(f)); }
static int disk_traits(sqlite3_file *f) { return REAL(f)->pMethods->xDeviceCharacteristics(REAL(f)); }
static int disk_shm_map(sqlite3_file *f, int r, int n, int e, void volatile **p) {
    return REAL(f)->pMethods->xShmMap(REAL(f), r, n, e, p);
}
static int disk_shm_lock(sqlite3_file *f, int o, int n, int flags) {
    return REAL(f)->pMethods->xShmLock(REAL(f), o, n, flags);
}
static void disk_shm_barrier(sqlite3_file *f) { REAL(f)->pMethods->xShmBarrier(REAL(f)); }
static int disk_shm_unmap(sqlite3_file *f, int d) { return REAL(f)->pMethods->xShmUnmap(REAL(f), d); }

// Version 2: no memory-mapped reading of files, which would be another way to them.
static const sqlite3_io_methods methods = {
    2, disk_close, disk_read, disk_write, disk_truncate, disk_sync, disk_size, disk_lock, disk_unlock, disk_reserved,
    disk_control, disk_sector, disk_traits, disk_shm_map, disk_shm_lock, disk_shm_barrier, disk_shm_unmap, NULL, NULL,
};

static int disk_open(sqlite3_vfs *v, const char *path, sqlite3_file *f, int flags, int *out) {
    (void)v;
    recorded *r = (recorded *)f;
    r->base.pMethods = NULL;
    r->file = (sqlite3_file *)(r + 1);
    r->path = NULL;
    int code = real->xOpen(real, path, r->file, flags, out);
    if (code != SQLITE_OK) return code;
    // The record outlives the file: its name is never freed.
    r->path = path ? strdup(path) : NULL;
    r->base.pMethods = &methods;
    return SQLITE_OK;
}

static int disk_delete(sqlite3_vfs *v, const char *path, int sync) {
    (void)v;
    int code = real->xDelete(real, path, sync);
    return code ? code : note(strdup(path), MARTINET_DISK_DELETE, 0, NULL, 0);
}

int martinet_recording_disk_register(void) {
    pthread_mutex_lock(&lock);
    if (real == NULL) {
        real = sqlite3_vfs_find(NULL);
        disk = *real;
        disk.pNext = NULL;
        disk.zName = "martinet-recording";
        disk.szOsFile = (int)sizeof(recorded) + real->szOsFile;
        disk.xOpen = disk_open;
        disk.xDelete = disk_delete;
    }
    pthread_mutex_unlock(&lock);
    return sqlite3_vfs_register(&disk, 0);
}

int64_t martinet_recording_disk_count(void) {
    pthread_mutex_lock(&lock);
    int64_t found = count;
    pthread_mutex_unlock(&lock);
    return found;
}

int martinet_recording_disk_get(int64_t index, martinet_disk_operation *operation) {
    pthread_mutex_lock(&lock);
    int found = index >= 0 && index < count;
    if (found) *operation = operations[index];
    pthread_mutex_unlock(&lock);
    return found ? 0 : -1;
}
