#include "fault_disk.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTOR 512
#define LOCKS 8

typedef struct {
    uint8_t *data;
    int64_t size, capacity;
} bytes;

typedef struct {
    int64_t offset, length;  // of a truncation: the new size and -1
    uint8_t *data;
} change;

typedef struct handle handle;

typedef struct inode {
    bytes now, safe;
    change *pending;
    int64_t pending_count, pending_capacity;
    void **regions;
    int region_count;
    handle *handles;
    struct inode *next;
} inode;

typedef struct name {
    char *path;
    inode *now, *safe;
    struct name *next;
} name;

struct handle {
    sqlite3_file base;
    martinet_fault_disk *disk;
    inode *node;
    int level;
    int syncs_folder;
    int shm_mapped;
    unsigned shm_shared, shm_exclusive;
    int64_t generation;
    handle *next;
};

struct martinet_fault_disk {
    sqlite3_vfs vfs;
    pthread_mutex_t lock;
    char title[40];
    uint64_t chance;
    name *names;
    inode *inodes;
    int64_t counts[MARTINET_DISK_KINDS];
    int64_t operations, injected, generation;
    int64_t fault_in, read_fault_in;  // -1: none planned
    int fault, read_fault, hit, dead, lies, last_errno;
    int64_t limit;
};

static uint64_t draw(martinet_fault_disk *d) {
    uint64_t z = d->chance += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

// MARK: bytes

static int resize(bytes *b, int64_t size) {
    if (size > b->capacity) {
        int64_t capacity = b->capacity ? b->capacity : 4096;
        while (capacity < size) capacity *= 2;
        uint8_t *grown = realloc(b->data, (size_t)capacity);
        if (grown == NULL) return -1;
        b->data = grown;
        b->capacity = capacity;
    }
    if (size > b->size) memset(b->data + b->size, 0, (size_t)(size - b->size));
    b->size = size;
    return 0;
}

static int put(bytes *b, int64_t offset, const uint8_t *data, int64_t length) {
    if (offset + length > b->size && resize(b, offset + length) != 0) return -1;
    memcpy(b->data + offset, data, (size_t)length);
    return 0;
}

static int apply(bytes *b, const change *c) {
    if (c->length >= 0) return put(b, c->offset, c->data, c->length);
    return c->offset < b->size ? resize(b, c->offset) : 0;
}

// Any of the sectors of a change, or all of a truncation or nothing.
static void apply_some(martinet_fault_disk *d, bytes *b, const change *c) {
    if (c->length < 0) {
        if (draw(d) % 2) apply(b, c);
        return;
    }
    for (int64_t at = 0; at < c->length; at += SECTOR) {
        int64_t length = c->length - at < SECTOR ? c->length - at : SECTOR;
        if (draw(d) % 3) put(b, c->offset + at, c->data + at, length);
    }
}

static void forget_pending(inode *n) {
    for (int64_t i = 0; i < n->pending_count; i++) free(n->pending[i].data);
    n->pending_count = 0;
}

static int note(inode *n, int64_t offset, const void *data, int64_t length) {
    if (n->pending_count == n->pending_capacity) {
        int64_t capacity = n->pending_capacity ? n->pending_capacity * 2 : 64;
        change *grown = realloc(n->pending, (size_t)capacity * sizeof *grown);
        if (grown == NULL) return -1;
        n->pending = grown;
        n->pending_capacity = capacity;
    }
    uint8_t *copy = NULL;
    if (length > 0) {
        if ((copy = malloc((size_t)length)) == NULL) return -1;
        memcpy(copy, data, (size_t)length);
    }
    n->pending[n->pending_count++] = (change){offset, length, copy};
    return 0;
}

// MARK: names

static name *find(martinet_fault_disk *d, const char *path) {
    for (name *n = d->names; n; n = n->next)
        if (strcmp(n->path, path) == 0) return n;
    return NULL;
}

static void forget_regions(inode *n) {
    for (int i = 0; i < n->region_count; i++) free(n->regions[i]);
    free(n->regions);
    n->regions = NULL;
    n->region_count = 0;
}

// Frees the files that no name and no handle refers to.
static void collect(martinet_fault_disk *d) {
    for (inode **at = &d->inodes; *at;) {
        inode *n = *at;
        int used = n->handles != NULL;
        for (name *m = d->names; m && !used; m = m->next) used = m->now == n || m->safe == n;
        if (used) {
            at = &n->next;
            continue;
        }
        *at = n->next;
        forget_pending(n);
        forget_regions(n);
        free(n->pending);
        free(n->now.data);
        free(n->safe.data);
        free(n);
    }
}

static void folder_synced(martinet_fault_disk *d) {
    for (name *n = d->names; n; n = n->next) n->safe = n->now;
}

// MARK: faults

// What the next operation meets. A kill makes the disk dead.
static int step(martinet_fault_disk *d, int kind) {
    d->counts[kind]++;
    int64_t *in = kind == MARTINET_DISK_READS ? &d->read_fault_in : &d->fault_in;
    if (kind != MARTINET_DISK_READS) d->operations++;
    if (*in < 0 || (*in)-- > 0) return MARTINET_FAULT_NONE;
    int fault = kind == MARTINET_DISK_READS ? d->read_fault : d->fault;
    d->injected++;
    d->hit = kind;
    if (fault == MARTINET_FAULT_KILL || fault == MARTINET_FAULT_TORN_KILL) d->dead = 1;
    d->last_errno = fault == MARTINET_FAULT_NO_SPACE ? ENOSPC : EIO;
    return fault;
}

static int is_dead(martinet_fault_disk *d, handle *h) {
    if (!d->dead && (h == NULL || h->generation == d->generation)) return 0;
    d->last_errno = EIO;
    return 1;
}

static int64_t all_bytes(martinet_fault_disk *d) {
    int64_t sum = 0;
    for (name *n = d->names; n; n = n->next)
        if (n->now) sum += n->now->now.size;
    return sum;
}

#define ENTER(f) handle *h = (handle *)(f); martinet_fault_disk *d = h->disk; pthread_mutex_lock(&d->lock)
#define LEAVE(code) do { int leave_with = (code); pthread_mutex_unlock(&d->lock); return leave_with; } while (0)

// MARK: files

static int file_close(sqlite3_file *f) {
    ENTER(f);
    for (handle **at = &h->node->handles; *at; at = &(*at)->next) {
        if (*at != h) continue;
        *at = h->next;
        break;
    }
    h->base.pMethods = NULL;
    LEAVE(SQLITE_OK);
}

static int file_read(sqlite3_file *f, void *buffer, int length, sqlite3_int64 offset) {
    ENTER(f);
    if (is_dead(d, h)) LEAVE(SQLITE_IOERR_READ);
    int fault = step(d, MARTINET_DISK_READS);
    bytes *b = &h->node->now;
    int64_t there = offset >= b->size ? 0 : b->size - offset < length ? b->size - offset : length;
    if (fault != MARTINET_FAULT_NONE) {
        if (fault == MARTINET_FAULT_SHORT && there > 0) memcpy(buffer, b->data + offset, (size_t)(there / 2));
        LEAVE(SQLITE_IOERR_READ);
    }
    if (there > 0) memcpy(buffer, b->data + offset, (size_t)there);
    if (there == length) LEAVE(SQLITE_OK);
    memset((uint8_t *)buffer + there, 0, (size_t)(length - there));
    LEAVE(SQLITE_IOERR_SHORT_READ);
}

static int write_part(martinet_fault_disk *d, inode *n, const uint8_t *data, int64_t length, int64_t offset) {
    int64_t some = length > 0 ? (int64_t)(draw(d) % (uint64_t)length) : 0;
    return some == 0 ? 0 : put(&n->now, offset, data, some) | note(n, offset, data, some);
}

static int file_write(sqlite3_file *f, const void *data, int length, sqlite3_int64 offset) {
    ENTER(f);
    if (is_dead(d, h)) LEAVE(SQLITE_IOERR_WRITE);
    int fault = step(d, MARTINET_DISK_WRITES);
    inode *n = h->node;
    if (fault == MARTINET_FAULT_TORN_KILL || fault == MARTINET_FAULT_SHORT || fault == MARTINET_FAULT_NO_SPACE)
        write_part(d, n, data, length, offset);
    if (fault == MARTINET_FAULT_NO_SPACE) LEAVE(SQLITE_FULL);
    if (fault != MARTINET_FAULT_NONE) LEAVE(SQLITE_IOERR_WRITE);
    int64_t growth = offset + length - n->now.size;
    if (d->limit >= 0 && growth > 0 && all_bytes(d) + growth > d->limit) {
        d->last_errno = ENOSPC;
        LEAVE(SQLITE_FULL);
    }
    LEAVE(put(&n->now, offset, data, length) | note(n, offset, data, length) ? SQLITE_IOERR_NOMEM : SQLITE_OK);
}

static int file_truncate(sqlite3_file *f, sqlite3_int64 size) {
    ENTER(f);
    if (is_dead(d, h)) LEAVE(SQLITE_IOERR_TRUNCATE);
    int fault = step(d, MARTINET_DISK_TRUNCATIONS);
    change c = {size, -1, NULL};
    if (fault == MARTINET_FAULT_NONE || (fault == MARTINET_FAULT_TORN_KILL && draw(d) % 2)) {
        if (apply(&h->node->now, &c) != 0 || note(h->node, size, NULL, -1) != 0) LEAVE(SQLITE_IOERR_NOMEM);
    }
    LEAVE(fault == MARTINET_FAULT_NONE ? SQLITE_OK : SQLITE_IOERR_TRUNCATE);
}

static int file_sync(sqlite3_file *f, int flags) {
    (void)flags;
    ENTER(f);
    if (is_dead(d, h)) LEAVE(SQLITE_IOERR_FSYNC);
    int fault = step(d, MARTINET_DISK_SYNCS);
    inode *n = h->node;
    if (fault == MARTINET_FAULT_NONE && d->lies) LEAVE(SQLITE_OK);
    if (fault == MARTINET_FAULT_NONE) {
        for (int64_t i = 0; i < n->pending_count; i++)
            if (apply(&n->safe, &n->pending[i]) != 0) LEAVE(SQLITE_IOERR_NOMEM);
        forget_pending(n);
        if (h->syncs_folder) folder_synced(d);
        h->syncs_folder = 0;
        LEAVE(SQLITE_OK);
    }
    if (fault != MARTINET_FAULT_KILL && fault != MARTINET_FAULT_TORN_KILL) {
        // As Linux has it: the pages count as clean although they may never have arrived, and readers still see them.
        for (int64_t i = 0; i < n->pending_count; i++)
            if (draw(d) % 2) apply_some(d, &n->safe, &n->pending[i]);
        forget_pending(n);
    }
    LEAVE(SQLITE_IOERR_FSYNC);
}

static int file_size(sqlite3_file *f, sqlite3_int64 *size) {
    ENTER(f);
    if (is_dead(d, h)) LEAVE(SQLITE_IOERR_FSTAT);
    *size = h->node->now.size;
    LEAVE(SQLITE_OK);
}

static int others(handle *h, int level) {
    for (handle *o = h->node->handles; o; o = o->next)
        if (o != h && o->generation == h->generation && o->level >= level) return 1;
    return 0;
}

static int file_lock(sqlite3_file *f, int level) {
    ENTER(f);
    if (is_dead(d, h)) LEAVE(SQLITE_IOERR_LOCK);
    if (level <= h->level) LEAVE(SQLITE_OK);
    if (level == SQLITE_LOCK_SHARED && others(h, SQLITE_LOCK_PENDING)) LEAVE(SQLITE_BUSY);
    if (level > SQLITE_LOCK_SHARED && others(h, SQLITE_LOCK_RESERVED)) LEAVE(SQLITE_BUSY);
    if (level == SQLITE_LOCK_EXCLUSIVE && others(h, SQLITE_LOCK_SHARED)) {
        h->level = SQLITE_LOCK_PENDING;
        LEAVE(SQLITE_BUSY);
    }
    h->level = level;
    LEAVE(SQLITE_OK);
}

static int file_unlock(sqlite3_file *f, int level) {
    ENTER(f);
    if (level < h->level) h->level = level;
    LEAVE(SQLITE_OK);
}

static int file_reserved(sqlite3_file *f, int *reserved) {
    ENTER(f);
    *reserved = h->level >= SQLITE_LOCK_RESERVED || others(h, SQLITE_LOCK_RESERVED);
    LEAVE(SQLITE_OK);
}

static int file_control(sqlite3_file *f, int operation, void *argument) {
    (void)f, (void)argument;
    return operation == SQLITE_FCNTL_SIZE_HINT ? SQLITE_OK : SQLITE_NOTFOUND;
}

static int file_sector(sqlite3_file *f) {
    (void)f;
    return 4096;
}

// As SQLite's own disk says of Linux: a write changes nothing beside it (sqlite.org, "Powersafe Overwrite").
static int file_traits(sqlite3_file *f) {
    (void)f;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int shm_map(sqlite3_file *f, int region, int size, int extend, void volatile **memory) {
    ENTER(f);
    *memory = NULL;
    if (is_dead(d, h)) LEAVE(SQLITE_IOERR_SHMMAP);
    inode *n = h->node;
    h->shm_mapped = 1;
    if (region >= n->region_count) {
        if (!extend) LEAVE(SQLITE_OK);
        void **grown = realloc(n->regions, (size_t)(region + 1) * sizeof *grown);
        if (grown == NULL) LEAVE(SQLITE_IOERR_NOMEM);
        n->regions = grown;
        while (n->region_count <= region) {
            if ((n->regions[n->region_count] = calloc(1, (size_t)size)) == NULL) LEAVE(SQLITE_IOERR_NOMEM);
            n->region_count++;
        }
    }
    *memory = n->regions[region];
    LEAVE(SQLITE_OK);
}

static int shm_lock(sqlite3_file *f, int first, int count, int flags) {
    ENTER(f);
    if (is_dead(d, h)) LEAVE(SQLITE_IOERR_SHMLOCK);
    unsigned mask = ((1u << count) - 1) << first;
    if (flags & SQLITE_SHM_UNLOCK) {
        h->shm_shared &= ~mask;
        h->shm_exclusive &= ~mask;
        LEAVE(SQLITE_OK);
    }
    for (handle *o = h->node->handles; o; o = o->next) {
        if (o == h || o->generation != h->generation) continue;
        unsigned held = flags & SQLITE_SHM_SHARED ? o->shm_exclusive : o->shm_exclusive | o->shm_shared;
        if (held & mask) LEAVE(SQLITE_BUSY);
    }
    if (flags & SQLITE_SHM_SHARED) h->shm_shared |= mask;
    else h->shm_exclusive |= mask;
    LEAVE(SQLITE_OK);
}

static void shm_barrier(sqlite3_file *f) {
    ENTER(f);
    (void)h;
    pthread_mutex_unlock(&d->lock);
}

static int shm_unmap(sqlite3_file *f, int erase) {
    (void)erase;
    ENTER(f);
    h->shm_shared = h->shm_exclusive = 0;
    h->shm_mapped = 0;
    int mapped = 0;
    for (handle *o = h->node->handles; o; o = o->next) mapped |= o->shm_mapped;
    if (!mapped) forget_regions(h->node);
    LEAVE(SQLITE_OK);
}

// Version 2: no memory-mapped reading of files, which would be another way to them.
static const sqlite3_io_methods methods = {
    2, file_close, file_read, file_write, file_truncate, file_sync, file_size, file_lock, file_unlock, file_reserved,
    file_control, file_sector, file_traits, shm_map, shm_lock, shm_barrier, shm_unmap, NULL, NULL,
};

// MARK: the disk

static int disk_open(sqlite3_vfs *v, const char *path, sqlite3_file *f, int flags, int *out) {
    martinet_fault_disk *d = v->pAppData;
    handle *h = (handle *)f;
    memset(h, 0, sizeof *h);
    pthread_mutex_lock(&d->lock);
    if (is_dead(d, NULL)) LEAVE(SQLITE_CANTOPEN);
    if (path == NULL) LEAVE(SQLITE_CANTOPEN);  // the store keeps temporary tables in memory
    name *n = find(d, path);
    if (n == NULL || n->now == NULL) {
        if (!(flags & SQLITE_OPEN_CREATE)) LEAVE(SQLITE_CANTOPEN);
        int fault = step(d, MARTINET_DISK_CREATES);
        if (fault != MARTINET_FAULT_NONE && fault != MARTINET_FAULT_TORN_KILL) LEAVE(SQLITE_CANTOPEN);
        if (n == NULL) {
            if ((n = calloc(1, sizeof *n)) == NULL || (n->path = strdup(path)) == NULL) LEAVE(SQLITE_NOMEM);
            n->next = d->names;
            d->names = n;
        }
        if ((n->now = calloc(1, sizeof *n->now)) == NULL) LEAVE(SQLITE_NOMEM);
        n->now->next = d->inodes;
        d->inodes = n->now;
        if (fault != MARTINET_FAULT_NONE) LEAVE(SQLITE_CANTOPEN);
    }
    h->disk = d;
    h->node = n->now;
    h->generation = d->generation;
    // As SQLite's own disk: the first sync of a log that might have been created brings its name to the disk, too.
    h->syncs_folder = flags & SQLITE_OPEN_CREATE && flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL);
    h->next = n->now->handles;
    n->now->handles = h;
    h->base.pMethods = &methods;
    if (out) *out = flags;
    LEAVE(SQLITE_OK);
}

static int disk_delete(sqlite3_vfs *v, const char *path, int sync) {
    martinet_fault_disk *d = v->pAppData;
    pthread_mutex_lock(&d->lock);
    if (is_dead(d, NULL)) LEAVE(SQLITE_IOERR_DELETE);
    name *n = find(d, path);
    if (n == NULL || n->now == NULL) LEAVE(SQLITE_IOERR_DELETE_NOENT);
    int fault = step(d, MARTINET_DISK_DELETIONS);
    if (fault == MARTINET_FAULT_NONE || (fault == MARTINET_FAULT_TORN_KILL && draw(d) % 2)) n->now = NULL;
    if (fault != MARTINET_FAULT_NONE) LEAVE(SQLITE_IOERR_DELETE);
    if (sync && !d->lies) folder_synced(d);
    LEAVE(SQLITE_OK);
}

static int disk_access(sqlite3_vfs *v, const char *path, int flags, int *found) {
    (void)flags;
    martinet_fault_disk *d = v->pAppData;
    pthread_mutex_lock(&d->lock);
    if (is_dead(d, NULL)) LEAVE(SQLITE_IOERR_ACCESS);
    name *n = find(d, path);
    // As SQLite's own disk: an empty file counts as absent.
    *found = n != NULL && n->now != NULL && (flags != SQLITE_ACCESS_EXISTS || n->now->now.size > 0);
    LEAVE(SQLITE_OK);
}

static int disk_path(sqlite3_vfs *v, const char *path, int size, char *out) {
    (void)v;
    sqlite3_snprintf(size, out, "%s", path);
    return SQLITE_OK;
}

static int disk_randomness(sqlite3_vfs *v, int length, char *out) {
    martinet_fault_disk *d = v->pAppData;
    pthread_mutex_lock(&d->lock);
    for (int i = 0; i < length; i++) out[i] = (char)draw(d);
    LEAVE(length);
}

static int disk_sleep(sqlite3_vfs *v, int microseconds) {
    (void)v;
    return microseconds;
}

static int disk_time(sqlite3_vfs *v, double *days) {
    (void)v;
    *days = 2460000.5;
    return SQLITE_OK;
}

static int disk_error(sqlite3_vfs *v, int length, char *out) {
    (void)length, (void)out;
    martinet_fault_disk *d = v->pAppData;
    return d->last_errno;
}

martinet_fault_disk *martinet_fault_disk_new(uint64_t seed) {
    static pthread_mutex_t counting = PTHREAD_MUTEX_INITIALIZER;
    static int64_t made;
    martinet_fault_disk *d = calloc(1, sizeof *d);
    if (d == NULL) return NULL;
    pthread_mutex_init(&d->lock, NULL);
    pthread_mutex_lock(&counting);
    snprintf(d->title, sizeof d->title, "martinet-fault-%lld", (long long)++made);
    pthread_mutex_unlock(&counting);
    d->chance = seed;
    d->limit = d->fault_in = d->read_fault_in = d->hit = -1;
    d->vfs = (sqlite3_vfs){
        .iVersion = 1, .szOsFile = sizeof(handle), .mxPathname = 512, .zName = d->title, .pAppData = d,
        .xOpen = disk_open, .xDelete = disk_delete, .xAccess = disk_access, .xFullPathname = disk_path,
        .xRandomness = disk_randomness, .xSleep = disk_sleep, .xCurrentTime = disk_time, .xGetLastError = disk_error,
    };
    if (sqlite3_vfs_register(&d->vfs, 0) != SQLITE_OK) {
        free(d);
        return NULL;
    }
    return d;
}

void martinet_fault_disk_free(martinet_fault_disk *d) {
    sqlite3_vfs_unregister(&d->vfs);
    while (d->names) {
        name *n = d->names;
        d->names = n->next;
        free(n->path);
        free(n);
    }
    collect(d);
    pthread_mutex_destroy(&d->lock);
    free(d);
}

const char *martinet_fault_disk_name(martinet_fault_disk *d) { return d->title; }

// One value of the disk, read with its lock held.
#define READING(type, function, value) \
    type function(martinet_fault_disk *d) { \
        pthread_mutex_lock(&d->lock); \
        type found = (value); \
        pthread_mutex_unlock(&d->lock); \
        return found; \
    }
READING(int64_t, martinet_fault_disk_operations, d->operations)
READING(int64_t, martinet_fault_disk_injected, d->injected)
READING(int64_t, martinet_fault_disk_bytes, all_bytes(d))
READING(int, martinet_fault_disk_hit, d->hit)
READING(int, martinet_fault_disk_dead, d->dead)

int64_t martinet_fault_disk_count(martinet_fault_disk *d, int kind) {
    if (kind < 0 || kind >= MARTINET_DISK_KINDS) return 0;
    pthread_mutex_lock(&d->lock);
    int64_t found = d->counts[kind];
    pthread_mutex_unlock(&d->lock);
    return found;
}

void martinet_fault_disk_plan(martinet_fault_disk *d, int64_t after, int fault) {
    pthread_mutex_lock(&d->lock);
    d->fault_in = fault == MARTINET_FAULT_NONE ? -1 : after;
    d->fault = fault;
    pthread_mutex_unlock(&d->lock);
}

void martinet_fault_disk_plan_read(martinet_fault_disk *d, int64_t after, int fault) {
    pthread_mutex_lock(&d->lock);
    d->read_fault_in = fault == MARTINET_FAULT_NONE ? -1 : after;
    d->read_fault = fault;
    pthread_mutex_unlock(&d->lock);
}

void martinet_fault_disk_limit(martinet_fault_disk *d, int64_t limit) {
    pthread_mutex_lock(&d->lock);
    d->limit = limit;
    pthread_mutex_unlock(&d->lock);
}

void martinet_fault_disk_lie(martinet_fault_disk *d, int on) {
    pthread_mutex_lock(&d->lock);
    d->lies = on;
    pthread_mutex_unlock(&d->lock);
}

static void restart_file(martinet_fault_disk *d, inode *n, int survives) {
    if (survives == MARTINET_SURVIVES_ALL) return;  // what is not synced still is not: a power cut may follow
    int64_t whole = n->pending_count ? (int64_t)(draw(d) % (uint64_t)(n->pending_count + 1)) : 0;
    for (int64_t i = 0; i < n->pending_count; i++) {
        if (survives == MARTINET_SURVIVES_BY_CHANCE) apply_some(d, &n->safe, &n->pending[i]);
        if (survives == MARTINET_SURVIVES_A_BEGINNING && i < whole) apply(&n->safe, &n->pending[i]);
        if (survives == MARTINET_SURVIVES_A_BEGINNING && i == whole) apply_some(d, &n->safe, &n->pending[i]);
    }
    forget_pending(n);
    if (resize(&n->now, n->safe.size) == 0 && n->safe.size > 0) memcpy(n->now.data, n->safe.data, (size_t)n->safe.size);
}

void martinet_fault_disk_restart(martinet_fault_disk *d, int survives) {
    pthread_mutex_lock(&d->lock);
    d->generation++;
    d->dead = 0;
    d->fault_in = d->read_fault_in = -1;
    for (name *n = d->names; n; n = n->next) {
        if (n->now == n->safe || survives == MARTINET_SURVIVES_ALL) continue;
        if (survives == MARTINET_SURVIVES_NOTHING || draw(d) % 2) n->now = n->safe;
        else n->safe = n->now;
    }
    collect(d);
    for (inode *n = d->inodes; n; n = n->next) {
        forget_regions(n);
        restart_file(d, n, survives);
    }
    pthread_mutex_unlock(&d->lock);
}
