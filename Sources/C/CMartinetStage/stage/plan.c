// Reads a plan and performs it, step by step; says which step failed and why.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "stage.h"

// Reads the operation at `*at`; every length is checked against `end`. Returns 0 or -EPROTO.
int stage_next_op(const char **at, const char *end, struct plan_op *op) {
    const char *start = *at;
    if ((size_t)(end - start) < sizeof(struct martinet_plan_op)) return -EPROTO;
    op->head = (const struct martinet_plan_op *)start;
    uint32_t size = op->head->size;
    if (size < sizeof *op->head || size % 8 || size > (size_t)(end - start)) return -EPROTO;
    const char *next = start + sizeof *op->head, *stop = start + size;
    op->body = next;
    for (int i = 0; i < 8; i++) {
        op->string[i] = "";
        op->length[i] = 0;
    }
    for (uint32_t i = 0; i < op->head->strings; i++) {
        uint32_t length;
        if (stop - next < 4) return -EPROTO;
        memcpy(&length, next, 4);
        next += 4;
        if (length >= (size_t)(stop - next) || next[length] != 0) return -EPROTO;
        if (i < 8) {
            op->string[i] = next;
            op->length[i] = length;
        }
        next += length + 1;
    }
    *at = stop;
    return 0;
}

int stage_check_plan(const char *plan, size_t size) {
    struct martinet_plan_header head;
    if (size < sizeof head) return -EPROTO;
    memcpy(&head, plan, sizeof head);
    if (head.magic != MARTINET_STAGE_MAGIC || head.size != size) return -EPROTO;
    if (head.version != MARTINET_STAGE_VERSION) return -EPROTONOSUPPORT;
    const char *at = plan + sizeof head;
    struct plan_op op;
    for (uint32_t i = 0; i < head.count; i++)
        if (stage_next_op(&at, plan + size, &op)) return -EPROTO;
    return at == plan + size ? 0 : -EPROTO;
}

static void tell(struct stage *stage, uint32_t kind, uint32_t step, int error, int pid) {
    struct martinet_result result = {.kind = kind, .step = step, .error = error, .pid = pid};
    write_all(stage->result, &result, sizeof result);
}

static void fail(struct stage *stage, uint32_t step, int error) __attribute__((noreturn));
static void fail(struct stage *stage, uint32_t step, int error) {
    if (!stage->in_child && stage->child > 0) kill(stage->child, SIGKILL);
    tell(stage, MARTINET_RESULT_FAILED, step, error, 0);
    _exit(127);
}

static int op_write(const struct plan_op *op) {
    int fd = open(op->string[0], O_WRONLY | O_CLOEXEC | O_TRUNC);
    if (fd < 0) return -errno;
    // One write: the kernel's control files take the whole value at once.
    ssize_t done = write(fd, op->string[1], op->length[1]);
    int result = done < 0 ? -errno : (size_t)done == op->length[1] ? 0 : -EIO;
    close(fd);
    return result;
}

static int op_child_write(struct stage *stage, const struct plan_op *op) {
    char path[96];
    if (op->length[0] > 40) return -ENAMETOOLONG;
    char *end = put_number(put_text(path, "/proc/"), stage->child);
    put_text(put_text(end, "/"), op->string[0]);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    ssize_t done = write(fd, op->string[1], op->length[1]);
    int result = done < 0 ? -errno : 0;
    close(fd);
    return result;
}

static int op_setns(const struct plan_op *op) {
    int fd = open(op->string[0], O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    int result = setns(fd, (int)op->head->a) ? -errno : 0;
    close(fd);
    return result;
}

// fork() and not clone3's stack juggling: the child gets its own copy and continues here. CLONE_PARENT makes it a child
// of whoever waits for it: the runtime's command, or the monitor.
static int op_clone(struct stage *stage, const struct plan_op *op) {
    if (pipe2(stage->sync, O_CLOEXEC)) return -errno;
    unsigned long flags = op->head->a | CLONE_PARENT | SIGCHLD;
#if defined(__x86_64__) || defined(__aarch64__)
    long pid = syscall(SYS_clone, flags, 0, 0, 0, 0);
#else
#error "clone's argument order is known for x86_64 and arm64 only"
#endif
    if (pid < 0) return -errno;
    if (pid == 0) {
        stage->in_child = 1;
        close(stage->sync[1]);
        return 0;
    }
    stage->child = (int)pid;
    close(stage->sync[0]);
    return 0;
}

static int op_sync(struct stage *stage) {
    char byte;
    ssize_t got;
    do got = read(stage->sync[0], &byte, 1);
    while (got < 0 && errno == EINTR);
    if (got < 0) return -errno;
    if (got == 0) _exit(127);  // the starter failed and has told so
    return 0;
}

static int op_chdir(const struct plan_op *op) {
    char here[4096];
    if (chdir(op->string[0])) return -errno;
    // A working folder outside the root would give the program the host's files (CVE-2024-21626).
    long length = syscall(SYS_getcwd, here, sizeof here);
    if (length < 0) return -errno;
    return here[0] == '/' ? 0 : -ENOENT;
}

static int op_capset(const struct plan_op *op) {
    struct { uint32_t version; int pid; } head = {0x20080522, 0};
    struct { uint32_t effective, permitted, inheritable; } data[2];
    for (int i = 0; i < 2; i++) {
        data[i].effective = (uint32_t)(op->head->a >> (32 * i));
        data[i].permitted = (uint32_t)(op->head->b >> (32 * i));
        data[i].inheritable = (uint32_t)(op->head->c >> (32 * i));
    }
    return syscall(SYS_capset, &head, data) ? -errno : 0;
}

static int op_bounding(const struct plan_op *op) {
    for (unsigned cap = 0; cap < 64; cap++) {
        int has = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);
        if (has < 0) break;
        if (has && !(op->head->a >> cap & 1) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0)) return -errno;
    }
    return 0;
}

static int op_ambient(const struct plan_op *op) {
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)) return -errno;
    for (unsigned cap = 0; cap < 64; cap++)
        if ((op->head->a >> cap & 1) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0)) return -errno;
    return 0;
}

static int op_seccomp(const struct plan_op *op) {
    if (op->length[0] % sizeof(struct sock_filter) || op->length[0] / sizeof(struct sock_filter) > BPF_MAXINSNS)
        return -EINVAL;
    static struct sock_filter filter[BPF_MAXINSNS];  // the plan's bytes have no alignment
    memcpy(filter, op->string[0], op->length[0]);
    struct sock_fprog program = {
        .len = (unsigned short)(op->length[0] / sizeof(struct sock_filter)), .filter = filter};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, op->head->a, &program) < 0 ? -errno : 0;
}

static int op_groups(const struct plan_op *op) {
    static uint32_t groups[65536];
    if (op->length[0] % 4 || op->length[0] > sizeof groups) return -EINVAL;
    memcpy(groups, op->string[0], op->length[0]);
    return syscall(SYS_setgroups, op->length[0] / 4, groups) ? -errno : 0;
}

static int op_chown_stdio(const struct plan_op *op) {
    struct stat null, info;
    int have_null = stat("/dev/null", &null) == 0;
    for (int fd = 0; fd < 3; fd++) {
        if (fstat(fd, &info)) continue;
        if (have_null && S_ISCHR(info.st_mode) && info.st_rdev == null.st_rdev) continue;
        if (S_ISREG(info.st_mode)) continue;
        // Best effort, as every runtime has it: a socket or a read-only file system does not stop the container.
        (void)!fchown(fd, (uid_t)op->head->a, (gid_t)op->head->b);
    }
    return 0;
}

static int op_loopback_up(void) {
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    int result = 0;
    if (ioctl(fd, SIOCGIFFLAGS, &request)) result = -errno;
    request.ifr_flags |= IFF_UP;
    if (!result && ioctl(fd, SIOCSIFFLAGS, &request)) result = -errno;
    close(fd);
    return result;
}

static int op_gate(struct stage *stage, uint32_t step) {
    tell(stage, MARTINET_RESULT_GATE, step, 0, 0);
    char byte;
    if (!stage->gate_listens) {
        ssize_t got;
        do got = read(stage->gate, &byte, 1);
        while (got < 0 && errno == EINTR);
        if (got < 0) return -errno;
        if (got == 0) _exit(127);  // who should have started it is gone
        return 0;
    }
    close(stage->result);  // the creator's part is over
    int client;
    do client = accept4(stage->gate, NULL, NULL, SOCK_CLOEXEC);
    while (client < 0 && (errno == EINTR || errno == ECONNABORTED));
    stage->result = client < 0 ? open("/dev/null", O_WRONLY | O_CLOEXEC) : client;
    return client < 0 ? -errno : 0;
}

static int op_hooks(struct stage *stage, uint32_t step) {
    char byte;
    tell(stage, MARTINET_RESULT_HOOKS, step, 0, 0);
    ssize_t got;
    do got = read(stage->gate, &byte, 1);
    while (got < 0 && errno == EINTR);
    if (got == 0) _exit(127);
    return got < 0 ? -errno : 0;
}

// Skips `count` strings.
static const char *skip_strings(const char *at, uint64_t count) {
    while (count--) {
        uint32_t length;
        memcpy(&length, at, 4);
        at += 4 + length + 1;
    }
    return at;
}

static int op_exec(const struct plan_op *op) {
    uint64_t candidates = op->head->a, argc = op->head->b, envc = op->head->c;
    if (candidates + argc + envc != op->head->strings || argc + envc > (1u << 20) || !argc) return -EPROTO;
    // On the stack: nothing is allocated here, and the limit above bounds it below the plan's own size.
    const char *argv[argc + 1], *envp[envc + 1], *at = skip_strings(op->body, candidates);
    for (uint64_t i = 0; i < argc; i++, at = skip_strings(at, 1)) argv[i] = at + 4;
    for (uint64_t i = 0; i < envc; i++, at = skip_strings(at, 1)) envp[i] = at + 4;
    argv[argc] = envp[envc] = NULL;
    int result = -ENOENT;
    at = op->body;
    for (uint64_t i = 0; i < candidates; i++, at = skip_strings(at, 1)) {
        execve(at + 4, (char *const *)argv, (char *const *)envp);
        if (errno == EACCES) result = -EACCES;  // execvp's rule: go on, but tell it in the end
        else if (errno != ENOENT && errno != ENOTDIR) return -errno;
    }
    return result;
}

void init_loop(void) {
    syscall(SYS_close_range, 0, ~0u, 0);
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    for (;;) {
        int sig = 0;
        sigemptyset(&all);
        sigaddset(&all, SIGCHLD);
        sigaddset(&all, SIGTERM);
        sigaddset(&all, SIGINT);
        if (sigwait(&all, &sig)) continue;
        if (sig != SIGCHLD) _exit(0);
        while (waitpid(-1, NULL, WNOHANG) > 0) {}
    }
}

static int perform(struct stage *stage, const struct plan_op *op, uint32_t step) {
    const struct martinet_plan_op *head = op->head;
    switch (head->code) {
    case MARTINET_OP_WRITE: return op_write(op);
    case MARTINET_OP_SETNS: return op_setns(op);
    case MARTINET_OP_UNSHARE: return unshare((int)head->a) ? -errno : 0;
    case MARTINET_OP_CLONE: return op_clone(stage, op);
    case MARTINET_OP_CHILD_WRITE: return op_child_write(stage, op);
    case MARTINET_OP_SYNC: return op_sync(stage);
    case MARTINET_OP_MOUNT: return op_mount(stage, op);
    case MARTINET_OP_REMOUNT: return op_remount(stage, op);
    case MARTINET_OP_PROPAGATION: return op_propagation(stage, op);
    case MARTINET_OP_ROOT:
        if (stage->root >= 0) close(stage->root);
        stage->root = open(op->string[0], O_PATH | O_DIRECTORY | O_CLOEXEC);
        return stage->root < 0 ? -errno : 0;
    case MARTINET_OP_PIVOT: return op_pivot(stage, op);
    case MARTINET_OP_CHROOT: return chroot(op->string[0]) || chdir("/") ? -errno : 0;
    case MARTINET_OP_MKDIR: return op_mkdir(stage, op);
    case MARTINET_OP_MKNOD: return op_mknod(stage, op);
    case MARTINET_OP_SYMLINK: return op_symlink(stage, op);
    case MARTINET_OP_MASK: return op_mask(stage, op);
    case MARTINET_OP_READONLY: return op_readonly(stage, op);
    case MARTINET_OP_CHDIR: return op_chdir(op);
    case MARTINET_OP_HOSTNAME: return sethostname(op->string[0], op->length[0]) ? -errno : 0;
    case MARTINET_OP_DOMAINNAME: return setdomainname(op->string[0], op->length[0]) ? -errno : 0;
    case MARTINET_OP_RLIMIT: {
        struct rlimit limit = {.rlim_cur = head->b, .rlim_max = head->c};
        return setrlimit((int)head->a, &limit) ? -errno : 0;
    }
    case MARTINET_OP_GROUPS: return op_groups(op);
    case MARTINET_OP_SETGID: return syscall(SYS_setresgid, head->a, head->a, head->a) ? -errno : 0;
    case MARTINET_OP_SETUID: return syscall(SYS_setresuid, head->a, head->a, head->a) ? -errno : 0;
    case MARTINET_OP_BOUNDING: return op_bounding(op);
    case MARTINET_OP_CAPSET: return op_capset(op);
    case MARTINET_OP_AMBIENT: return op_ambient(op);
    case MARTINET_OP_KEEPCAPS: return prctl(PR_SET_KEEPCAPS, head->a, 0, 0, 0) ? -errno : 0;
    case MARTINET_OP_NO_NEW_PRIVS: return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
    case MARTINET_OP_SECCOMP: return op_seccomp(op);
    case MARTINET_OP_SETSID: return setsid() < 0 && errno != EPERM ? -errno : 0;
    case MARTINET_OP_CONSOLE: return op_console(stage, op);
    case MARTINET_OP_CHOWN_STDIO: return op_chown_stdio(op);
    case MARTINET_OP_CLOEXEC:
        return syscall(SYS_close_range, (unsigned)head->a, ~0u, 1u << 2) ? -errno : 0;  // CLOSE_RANGE_CLOEXEC
    case MARTINET_OP_UMASK: umask((mode_t)head->a); return 0;
    case MARTINET_OP_GATE: return op_gate(stage, step);
    case MARTINET_OP_HOOKS: return op_hooks(stage, step);
    case MARTINET_OP_EXEC: return op_exec(op);
    case MARTINET_OP_LOOPBACK_UP: return op_loopback_up();
    case MARTINET_OP_INIT: init_loop();
    case MARTINET_OP_KEYRING: syscall(SYS_keyctl, 1, op->string[0], 0, 0, 0); return 0;
    case MARTINET_OP_DUMPABLE: return prctl(PR_SET_DUMPABLE, head->a, 0, 0, 0) ? -errno : 0;
    case MARTINET_OP_PDEATHSIG: return prctl(PR_SET_PDEATHSIG, head->a, 0, 0, 0) ? -errno : 0;
    case MARTINET_OP_UNMOUNT: return umount2(op->string[0], (int)head->a) ? -errno : 0;
    case MARTINET_OP_PERSONALITY: return personality((unsigned long)head->a) < 0 ? -errno : 0;
    case MARTINET_OP_DONE: tell(stage, MARTINET_RESULT_DONE, step, 0, 0); _exit(0);
    default: return -ENOSYS;
    }
}

// After CLONE the starter does its own operations, lets the child go on, tells the child's pid and ends.
static void finish_starter(struct stage *stage, const char *at, uint32_t step, uint32_t count) {
    const char *end = stage->plan + stage->size;
    struct plan_op op;
    tell(stage, MARTINET_RESULT_PID, step, 0, stage->child);
    for (step++; step < count; step++) {
        if (stage_next_op(&at, end, &op)) fail(stage, step, EPROTO);
        if (!(op.head->flags & MARTINET_FLAG_STARTER)) continue;
        int error = perform(stage, &op, step);
        if (error < 0) fail(stage, step, -error);
    }
    (void)!write(stage->sync[1], "", 1);
    _exit(0);
}

void stage_run(struct stage *stage) {
    int error = stage_check_plan(stage->plan, stage->size);
    if (error) fail(stage, UINT32_MAX, -error);
    struct martinet_plan_header head;
    memcpy(&head, stage->plan, sizeof head);
    const char *at = stage->plan + sizeof head, *end = stage->plan + stage->size;
    struct plan_op op;
    signal(SIGPIPE, SIG_IGN);
    for (uint32_t step = 0; step < head.count; step++) {
        if (stage_next_op(&at, end, &op)) fail(stage, step, EPROTO);
        if (op.head->flags & MARTINET_FLAG_STARTER) continue;
        if (op.head->code == MARTINET_OP_EXEC) {
            // By the kernel's own call: the C library keeps some signals to itself and leaves them ignored.
            static const uint64_t defaults[8];
            for (int sig = 1; sig < 65; sig++) syscall(SYS_rt_sigaction, sig, defaults, NULL, 8);
            sigset_t none;
            sigemptyset(&none);
            sigprocmask(SIG_SETMASK, &none, NULL);
        }
        error = perform(stage, &op, step);
        int missing = error == -ENOENT || error == -ENOTDIR;
        if (error < 0 && !(missing && op.head->flags & MARTINET_FLAG_OPTIONAL)) fail(stage, step, -error);
        if (op.head->code == MARTINET_OP_CLONE && !stage->in_child) finish_starter(stage, at, step, head.count);
    }
    fail(stage, head.count, EPROTO);  // a plan ends in EXEC, INIT or DONE
}
