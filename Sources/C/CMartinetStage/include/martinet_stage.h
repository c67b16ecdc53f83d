// The stage's two protocols, for the stage itself (C, static) and for the Swift that plans what it does.
//
// A plan is one block of bytes: `martinet_plan_header`, then `count` operations. An operation is `martinet_plan_op`
// followed by `strings` strings, each a 32-bit length, that many bytes and one NUL, the whole padded to 8 bytes. Numbers
// have the machine's own byte order: both sides run on it. The stage refuses a plan of another version or whose lengths
// do not add up.
#ifndef MARTINET_STAGE_H
#define MARTINET_STAGE_H

#include <stdint.h>

#define MARTINET_STAGE_MAGIC 0x4754534Du
#define MARTINET_STAGE_VERSION 1u
#define MARTINET_PLAN_BYTES_MAX (8u << 20)

struct martinet_plan_header {
    uint32_t magic, version, size, count;
};

struct martinet_plan_op {
    uint16_t code, flags;
    uint32_t size;  // of the whole operation with its strings and padding
    uint32_t strings, reserved;
    uint64_t a, b, c;
};
_Static_assert(sizeof(struct martinet_plan_header) == 16, "wire layout");
_Static_assert(sizeof(struct martinet_plan_op) == 40, "wire layout");

// Flags of an operation.
enum {
    MARTINET_FLAG_OPTIONAL = 1,  // a missing object (ENOENT, ENOTDIR) is no failure
    MARTINET_FLAG_STARTER = 2,   // done by the starter after CLONE, not by the child
    MARTINET_FLAG_IN_ROOT = 4,   // paths are resolved inside the root set by ROOT: no symbolic link leads out of it
    MARTINET_FLAG_MAKE = 8,      // make the target first, with its parents
    MARTINET_FLAG_FILE = 16,     // the target to make is a file, not a directory
    MARTINET_FLAG_LIKE_SOURCE = 64,  // MOUNT: make a file where the source is none of a directory
    MARTINET_FLAG_NO_PIVOT = 32, // PIVOT by moving the mount and chroot (initramfs)
};

// What an operation does. "The starter" runs everything before CLONE; the child runs what comes after.
enum martinet_op {
    MARTINET_OP_WRITE = 1,       // strings: path, data
    MARTINET_OP_SETNS,           // strings: path; a: CLONE_NEW* or 0
    MARTINET_OP_UNSHARE,         // a: CLONE_NEW*
    MARTINET_OP_CLONE,           // a: CLONE_NEW*; the child becomes a child of the starter's parent
    MARTINET_OP_CHILD_WRITE,     // strings: name below /proc/<child>, data; by the starter
    MARTINET_OP_SYNC,            // the child waits until the starter has done its part
    MARTINET_OP_MOUNT,           // strings: source, target, type, data; a: MS_*
    MARTINET_OP_REMOUNT,         // strings: target; a: MS_*; b: MS_* to clear; keeps what the mount has
    MARTINET_OP_PROPAGATION,     // strings: target; a: MS_*
    MARTINET_OP_ROOT,            // strings: path of the root file system
    MARTINET_OP_PIVOT,
    MARTINET_OP_MKDIR,           // strings: path; a: mode; b: uid; c: gid
    MARTINET_OP_MKNOD,           // strings: path; a: mode with type; b: device (makedev); c: uid | gid << 32
    MARTINET_OP_SYMLINK,         // strings: target, path
    MARTINET_OP_MASK,            // strings: path
    MARTINET_OP_READONLY,        // strings: path
    MARTINET_OP_CHDIR,           // strings: path
    MARTINET_OP_HOSTNAME,        // strings: name
    MARTINET_OP_DOMAINNAME,      // strings: name
    MARTINET_OP_RLIMIT,          // a: RLIMIT_*; b: soft; c: hard
    MARTINET_OP_GROUPS,          // strings: packed 32-bit ids
    MARTINET_OP_SETGID,          // a: gid
    MARTINET_OP_SETUID,          // a: uid
    MARTINET_OP_BOUNDING,        // a: mask of the capabilities to keep
    MARTINET_OP_CAPSET,          // a: effective; b: permitted; c: inheritable
    MARTINET_OP_AMBIENT,         // a: mask
    MARTINET_OP_KEEPCAPS,        // a: 0 or 1
    MARTINET_OP_NO_NEW_PRIVS,
    MARTINET_OP_SECCOMP,         // strings: struct sock_filter[]; a: SECCOMP_FILTER_FLAG_*
    MARTINET_OP_SETSID,
    MARTINET_OP_CONSOLE,         // a: columns; b: rows; c: 1 to bind it to /dev/console (IN_ROOT) before the pivot
    MARTINET_OP_CHOWN_STDIO,     // a: uid; b: gid
    MARTINET_OP_CLOEXEC,         // a: first descriptor that must not reach the program
    MARTINET_OP_UMASK,           // a: mask
    MARTINET_OP_GATE,            // wait to be started
    MARTINET_OP_EXEC,            // a: candidates; b: arguments; c: environment; strings: those, in that order
    MARTINET_OP_LOOPBACK_UP,
    MARTINET_OP_INIT,            // stay and reap: a pod's first process
    MARTINET_OP_KEYRING,
    MARTINET_OP_DUMPABLE,        // a: 0 or 1
    MARTINET_OP_PDEATHSIG,       // a: signal
    MARTINET_OP_UNMOUNT,         // strings: path; a: MNT_*
    MARTINET_OP_DONE,            // the plan ends here without a program
    MARTINET_OP_CHROOT,          // strings: path; for a container that shares its mount namespace with nobody's rootfs
    MARTINET_OP_PERSONALITY,     // a: persona
    MARTINET_OP_HOOKS,           // the child tells that its namespaces are there and waits for one byte (OCI hooks)
    MARTINET_OP_COUNT
};

// What the stage answers on its result pipe. No FAILED before the pipe's end means that the program was executed.
enum { MARTINET_RESULT_PID = 1, MARTINET_RESULT_GATE, MARTINET_RESULT_FAILED, MARTINET_RESULT_DONE,
       MARTINET_RESULT_HOOKS };
struct martinet_result {
    uint32_t kind, step;
    int32_t error, pid;
};
_Static_assert(sizeof(struct martinet_result) == 16, "wire layout");

// The monitor's protocol: one message per packet of a SOCK_SEQPACKET socket, header then payload; descriptors travel
// beside it (SCM_RIGHTS). Strings in a payload are NUL-terminated, in the order given.
#define MARTINET_MONITOR_VERSION 1u
#define MARTINET_MONITOR_PACKET_MAX 65536u
#define MARTINET_MONITOR_ID_MAX 128u

enum martinet_request {
    MARTINET_REQ_HELLO = 1,  // a: version, payload: none
    MARTINET_REQ_CREATE,     // strings: id, log path, oom file; flags: TTY, STDIN; descriptors: plan
    MARTINET_REQ_START,      // strings: id
    MARTINET_REQ_EXEC,       // strings: id, container id; descriptors: plan, stdin, stdout, stderr or plan, console
    MARTINET_REQ_SIGNAL,     // strings: id; a: signal
    MARTINET_REQ_RESIZE,     // strings: id; a: columns; b: rows
    MARTINET_REQ_ATTACH,     // strings: id
    MARTINET_REQ_STDIN,      // strings: id; then bytes; none: close
    MARTINET_REQ_REOPEN,     // strings: id
    MARTINET_REQ_STATUS,
    MARTINET_REQ_REMOVE,     // strings: id; only what has ended
    MARTINET_REQ_SHUTDOWN,
    MARTINET_REQ_ADOPT,      // strings: id, log path, oom file; a: pid; c: start time in ticks; flags as CREATE
    MARTINET_REQ_DETACH,     // strings: id
};
enum martinet_answer {
    MARTINET_ANS_OK = 64,    // a: pid where there is one
    MARTINET_ANS_FAILED,     // a: step (-1: the monitor itself), b: errno
    MARTINET_ANS_STATUS,     // strings: id; fields in martinet_status
    MARTINET_EVT_EXIT,       // as STATUS
    MARTINET_EVT_OUTPUT,     // strings: id; then bytes; a: 1 stdout, 2 stderr
    MARTINET_EVT_LOG_BLOCKED,// strings: id; b: errno: the log cannot be written, the container's output waits
};
enum { MARTINET_TASK_TTY = 1, MARTINET_TASK_STDIN = 2, MARTINET_TASK_STDIN_ONCE = 4 };
enum { MARTINET_STATE_CREATING = 1, MARTINET_STATE_CREATED, MARTINET_STATE_STARTING, MARTINET_STATE_RUNNING,
       MARTINET_STATE_EXITED };

struct martinet_message {
    uint32_t type, request;  // the request's own number; 0 in events
    uint32_t flags, size;    // of the payload
    int64_t a, b, c;
};
struct martinet_status {
    uint32_t state, flags;   // flags as given at creation; bit 31: an exec
    int32_t pid, code;       // code: exit code, 128 + signal; -1 where nobody can know it
    int32_t signal, reserved;
    uint64_t oomKills;       // processes of its cgroup killed for memory since its start
    int64_t started, finished;  // nanoseconds since 1970
};
_Static_assert(sizeof(struct martinet_message) == 40, "wire layout");
_Static_assert(sizeof(struct martinet_status) == 48, "wire layout");

// The number of the system call of that name on this machine, or -1.
int martinet_syscall_number(const char *name);
// The AUDIT_ARCH_* value of this machine.
uint32_t martinet_audit_arch(void);

#endif
