// A disk for SQLite in memory that fails on purpose, and knows what a power cut would leave of it. For tests only.
//
// Each disk is an SQLite "VFS" of its own. It keeps two states of every file: what a reader sees now, and what is sure to
// be there after a power cut; between them the changes that were not synced yet. Every operation that changes something
// (creation, write, truncation, sync, deletion; SQLite never renames) has a number, and can be made to fail or to be the
// last one. The same seed and the same calls give the same disk, byte for byte.
#ifndef MARTINET_FAULT_DISK_H
#define MARTINET_FAULT_DISK_H

#include <stdint.h>

typedef struct martinet_fault_disk martinet_fault_disk;

enum {
    MARTINET_FAULT_NONE,
    MARTINET_FAULT_KILL,        // nothing of the operation happens, and nothing after it
    MARTINET_FAULT_TORN_KILL,   // some sectors of it happen, and nothing after it
    MARTINET_FAULT_ERROR,       // EIO; of a write nothing arrives; what a sync was to bring arrives in part, or never
    MARTINET_FAULT_SHORT,       // some bytes are read or written, then EIO
    MARTINET_FAULT_NO_SPACE     // ENOSPC, after some bytes of a write
};

enum {
    MARTINET_SURVIVES_NOTHING,     // a power cut: only what was synced
    MARTINET_SURVIVES_BY_CHANCE,   // a power cut: any sectors of what was not synced, in any order
    MARTINET_SURVIVES_A_BEGINNING, // a power cut: the first so many changes, the last of them torn
    MARTINET_SURVIVES_ALL          // the process died and the machine did not
};

enum { MARTINET_DISK_CREATES, MARTINET_DISK_WRITES, MARTINET_DISK_TRUNCATIONS, MARTINET_DISK_SYNCS,
       MARTINET_DISK_DELETIONS, MARTINET_DISK_READS, MARTINET_DISK_KINDS };

// Makes a disk and registers it with SQLite. Null without memory.
martinet_fault_disk *martinet_fault_disk_new(uint64_t seed);
// Takes it from SQLite and frees it. No file of it may be open.
void martinet_fault_disk_free(martinet_fault_disk *);
// What to call it in sqlite3_open_v2.
const char *martinet_fault_disk_name(martinet_fault_disk *);

// How many operations that change something there were, and how many of one kind (reads are not in the sum).
int64_t martinet_fault_disk_operations(martinet_fault_disk *);
int64_t martinet_fault_disk_count(martinet_fault_disk *, int kind);
// The kind of the operation that the last fault hit, or -1.
int martinet_fault_disk_hit(martinet_fault_disk *);
// How many faults happened.
int64_t martinet_fault_disk_injected(martinet_fault_disk *);

// The operation after `after` more ones meets `fault`. For reads likewise, with a count of their own.
void martinet_fault_disk_plan(martinet_fault_disk *, int64_t after, int fault);
void martinet_fault_disk_plan_read(martinet_fault_disk *, int64_t after, int fault);
// Whether a kill happened: everything fails from then on.
int martinet_fault_disk_dead(martinet_fault_disk *);
// No file can grow while all files together have so many bytes or more. Negative: no limit.
void martinet_fault_disk_limit(martinet_fault_disk *, int64_t bytes);
int64_t martinet_fault_disk_bytes(martinet_fault_disk *);
// On: a sync is confirmed and does nothing.
void martinet_fault_disk_lie(martinet_fault_disk *, int on);
// The machine or the process starts again: locks and shared memory are gone, what is open stays dead, plans are forgotten.
void martinet_fault_disk_restart(martinet_fault_disk *, int survives);

#endif
