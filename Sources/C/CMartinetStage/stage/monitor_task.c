// The life of what a monitor runs: containers, and processes executed in them.
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "monitor.h"

struct task tasks[TASKS];

// Ends that came before the starter had told whose they are.
#define UNKNOWN 64
static struct { int pid, status; int64_t when; } unknown[UNKNOWN];
static unsigned unknown_next;
static void reaped(struct task *task, int status, int64_t when);

struct task *find_task(const char *id) {
    for (int i = 0; i < TASKS; i++)
        if (tasks[i].used && !strcmp(tasks[i].id, id)) return &tasks[i];
    return NULL;
}

static int index_of(struct task *task) { return (int)(task - tasks); }

static uint64_t oom_kills(struct task *task) {
    char text[1024];
    if (!task->oom_path[0]) return 0;
    int fd = open(task->oom_path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    ssize_t got = read(fd, text, sizeof text - 1);
    close(fd);
    if (got <= 0) return 0;
    text[got] = 0;
    for (char *at = text; (at = strstr(at, "oom_kill")); at++)
        if ((at == text || at[-1] == '\n') && at[8] == ' ') return (uint64_t)read_number(at + 9);
    return 0;
}

static uint64_t start_ticks(int pid) {
    char path[64], text[1024];
    put_text(put_number(put_text(path, "/proc/"), pid), "/stat");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    ssize_t got = read(fd, text, sizeof text - 1);
    close(fd);
    if (got <= 0) return 0;
    text[got] = 0;
    char *at = strrchr(text, ')');
    for (int field = 2; at && field < 22; field++)
        if ((at = strchr(at + 1, ' ')) == NULL) return 0;
    return at ? (uint64_t)read_number(at + 1) : 0;
}

// Writes `<id><suffix>` aside, syncs and renames it.
static void write_record(struct task *task, const char *suffix, const char *text) {
    char name[256], aside[264];
    put_text(put_text(name, task->id), suffix);
    put_text(put_text(aside, name), ".new");
    int fd = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return;  // a full disk: the same is still told over the socket, and asked for again there
    int result = write_all(fd, text, strlen(text));
    if (!result && fsync(fd)) result = -errno;
    close(fd);
    if (!result) rename(aside, name);
    int folder = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) {
        fsync(folder);
        close(folder);
    }
}

static char *put_field(char *at, const char *name, int64_t value) {
    return put_text(put_number(put_text(put_text(at, name), " "), value), "\n");
}

static void record_start(struct task *task) {
    char text[2048], *at = put_text(text, "version 1\n");
    if (task->is_exec) return;
    at = put_field(at, "pid", task->status.pid);
    at = put_field(at, "start", (int64_t)start_ticks(task->status.pid));
    at = put_field(at, "flags", task->status.flags);
    at = put_field(at, "created", wall_clock());
    at = put_text(put_text(put_text(at, "log "), task->log_path), "\n");
    put_text(put_text(put_text(at, "oom "), task->oom_path), "\n");
    write_record(task, ".task", text);
}

static void reply(struct task *task, uint32_t type, int64_t a, int64_t b) {
    if (task->client >= 0) answer(task->client, type, task->request, a, b);
    task->client = -1;
}

static void ended(struct task *task, int code, int sig, int64_t when) {
    char text[512], *at = put_text(text, "version 1\n");
    if (task->status.state == MARTINET_STATE_EXITED) return;
    task->status.state = MARTINET_STATE_EXITED;
    task->status.code = code;
    task->status.signal = sig;
    task->status.finished = when;
    uint64_t kills = oom_kills(task);
    task->status.oomKills = kills > task->oom_base ? kills - task->oom_base : 0;
    drain_streams(task);
    if (task->in >= 0 && !(task->status.flags & MARTINET_TASK_TTY)) {
        unwatch(task->in);
        close(task->in);
        task->in = -1;
    }
    if (!task->is_exec) {
        at = put_field(at, "code", code);
        at = put_field(at, "signal", sig);
        at = put_field(at, "oom", (int64_t)task->status.oomKills);
        at = put_field(at, "started", task->status.started);
        put_field(at, "finished", when);
        write_record(task, ".exit", text);
    }
    reply(task, MARTINET_ANS_FAILED, -1, ECHILD);  // killed at its gate, and the start was on its way
    broadcast_exit(task);
    if (task->is_exec) remove_task(task);
}

void remove_task(struct task *task) {
    char name[256];
    int fds[] = {task->results, task->gate, task->console, task->pidfd, task->in, task->log, task->out[0].fd,
                 task->out[1].fd};
    for (unsigned i = 0; i < sizeof fds / sizeof *fds; i++) {
        if (fds[i] < 0 || (i == 4 && task->in == task->out[0].fd)) continue;
        unwatch(fds[i]);
        close(fds[i]);
    }
    if (!task->is_exec) {
        const char *suffixes[] = {".1", ".2", ".b1", ".b2", ".ctl", ".task", ".exit"};
        for (int i = 0; i < 7; i++) {
            put_text(put_text(name, task->id), suffixes[i]);
            unlink(name);
        }
    }
    close_spool(task);
    free(task->input);
    memset(task, 0, sizeof *task);
}

static struct task *new_task(const char *id, const char *log, const char *oom, uint32_t flags) {
    for (int i = 0; i < TASKS; i++) {
        struct task *task = &tasks[i];
        if (task->used) continue;
        memset(task, 0, sizeof *task);
        task->used = 1;
        strcpy(task->id, id);
        strcpy(task->log_path, log);
        strcpy(task->oom_path, oom);
        task->status.flags = flags;
        task->status.state = MARTINET_STATE_CREATING;
        task->results = task->gate = task->console = task->pidfd = task->in = task->log = task->client = -1;
        task->out[0].fd = task->out[1].fd = task->out[0].file = task->out[1].file = task->input_client = -1;
        return task;
    }
    return NULL;
}

static int usable(const char *id, const char *log, const char *oom) {
    if (!*id || strlen(id) > MARTINET_MONITOR_ID_MAX || strchr(id, '/') || *id == '.') return -EINVAL;
    return strlen(log) < 1024 && strlen(oom) < 512 ? 0 : -ENAMETOOLONG;
}

// A container's output goes through named pipes in the pod's folder: should this monitor be killed, its successor
// opens them again and no byte is lost; the writer's end is open for reading, too, so nothing breaks meanwhile.
static int open_output(struct task *task, int which, int make) {
    char name[256];
    put_text(put_text(name, task->id), which ? ".2" : ".1");
    if (make) {
        unlink(name);
        if (mkfifo(name, 0600)) return -errno;
    }
    int fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return -errno;
    task->out[which].fd = fd;
    if (!make) return 0;
    int writer = open(name, O_RDWR | O_CLOEXEC);
    return writer < 0 ? -errno : writer;
}

static void run_child(struct stage *stage, const int *stdio, int results, int gate, int console)
    __attribute__((noreturn));
static void run_child(struct stage *stage, const int *stdio, int results, int gate, int console) {
    // Exactly what the plan needs: a copy of another container's pipe would keep it open.
    int wanted[6] = {stdio[0], stdio[1], stdio[2], results, gate, console};
    for (int i = 0; i < 6; i++)
        if (wanted[i] >= 0 && (wanted[i] = fcntl(wanted[i], F_DUPFD, 64)) < 0) _exit(126);
    for (int i = 0; i < 6; i++) {
        int fd = wanted[i] < 0 ? open("/dev/null", O_RDWR) : wanted[i];
        if (fd < 0 || dup2(fd, i) < 0) _exit(126);
    }
    syscall(SYS_close_range, 6, ~0u, 0);
    for (int i = 3; i < 6; i++) fcntl(i, F_SETFD, FD_CLOEXEC);
    // The monitor's blocked signals are not the stage's.
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    stage->result = 3;
    stage->gate = 4;
    stage->console = console >= 0 ? 5 : -1;
    stage_run(stage);
}

int create_task(const char *id, const char *log, const char *oom, uint32_t flags, int client, uint32_t request,
                const int *fds, int count, int is_exec) {
    int error = usable(id, log, oom), tty = flags & MARTINET_TASK_TTY;
    if (error) return error;
    if (find_task(id)) return -EEXIST;
    if (count != (is_exec ? (tty ? 2 : 4) : 1)) return -EPROTO;
    struct stat info;
    if (fstat(fds[0], &info)) return -errno;
    if (info.st_size <= 0 || info.st_size > MARTINET_PLAN_BYTES_MAX) return -EPROTO;
    struct stage stage = {.size = (size_t)info.st_size, .root = -1, .sync = {-1, -1}};
    stage.plan = mmap(NULL, stage.size, PROT_READ, MAP_PRIVATE, fds[0], 0);
    if (stage.plan == MAP_FAILED) return -errno;
    error = stage_check_plan(stage.plan, stage.size);
    struct task *task = error ? NULL : new_task(id, log, oom, flags);
    if (!task) {
        munmap((void *)stage.plan, stage.size);
        return error ? error : -EMFILE;
    }
    task->is_exec = is_exec;
    int stdio[3] = {-1, -1, -1}, results[2] = {-1, -1}, gate[2] = {-1, -1}, console[2] = {-1, -1}, in[2] = {-1, -1};
    if (pipe2(results, O_CLOEXEC) || pipe2(gate, O_CLOEXEC)) error = -errno;
    task->results = results[0];
    task->gate = gate[1];
    if (!error && is_exec && tty) console[1] = fds[1];
    else if (!error && is_exec) memcpy(stdio, fds + 1, sizeof stdio);
    else if (!error && tty) {
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, console)) error = -errno;
        task->console = console[0];
    } else if (!error) {
        for (int i = 0; i < 2 && !error; i++) {
            stdio[i + 1] = open_output(task, i, 1);
            if (stdio[i + 1] < 0) error = stdio[i + 1];
        }
        if (!error && flags & MARTINET_TASK_STDIN) {
            if (pipe2(in, O_CLOEXEC)) error = -errno;
            stdio[0] = in[0];
            task->in = in[1];
            if (in[1] >= 0) fcntl(in[1], F_SETFL, O_NONBLOCK);
        }
    }
    if (!error && !is_exec) error = open_log(task);
    if (!error && !is_exec) {
        const char *stale[] = {".b1", ".b2", ".ctl", ".exit"};
        char name[256];
        for (int i = 0; i < 4; i++) {
            put_text(put_text(name, task->id), stale[i]);
            unlink(name);
        }
        error = open_spool(task);
    }
    int pid = error ? -1 : fork();
    if (!error && pid < 0) error = -errno;
    if (pid == 0) run_child(&stage, stdio, results[1], gate[0], console[1]);
    munmap((void *)stage.plan, stage.size);
    if (results[1] >= 0) close(results[1]);
    if (gate[0] >= 0) close(gate[0]);
    if (in[0] >= 0) close(in[0]);
    if (!is_exec) {
        if (console[1] >= 0) close(console[1]);
        for (int i = 1; i < 3; i++)
            if (stdio[i] >= 0) close(stdio[i]);
    }
    if (error) {
        remove_task(task);
        return error;
    }
    task->client = client;
    task->request = request;
    task->oom_base = oom_kills(task);
    fcntl(task->results, F_SETFL, O_NONBLOCK);
    watch(task->results, FROM_RESULTS, index_of(task), EPOLLIN);
    if (task->console >= 0) watch(task->console, FROM_CONSOLE, index_of(task), EPOLLIN);
    for (int i = 0; i < 2; i++)
        if (task->out[i].fd >= 0) watch(task->out[i].fd, i ? FROM_ERR : FROM_OUT, index_of(task), EPOLLIN);
    return 0;
}

void start_task(struct task *task, int client, uint32_t request) {
    if (task->status.state != MARTINET_STATE_CREATED) {
        answer(client, MARTINET_ANS_FAILED, request, -1, EINVAL);
        return;
    }
    task->client = client;
    task->request = request;
    task->status.state = MARTINET_STATE_STARTING;
    int result = write_all(task->gate, "", 1);
    close(task->gate);
    task->gate = -1;
    if (result) reply(task, MARTINET_ANS_FAILED, -1, -result);
}

// The results' end, or the program's: what ended without telling a failure was executed.
static void results_end(struct task *task) {
    unwatch(task->results);
    close(task->results);
    task->results = -1;
    if (task->failed) return;
    int began = task->status.state == MARTINET_STATE_STARTING ||
                (task->is_exec && task->status.state == MARTINET_STATE_CREATING && task->status.pid);
    if (began) {
        task->status.state = MARTINET_STATE_RUNNING;
        task->status.started = wall_clock();
        reply(task, MARTINET_ANS_OK, task->status.pid, 0);
    } else if (task->status.state == MARTINET_STATE_CREATING) {
        task->failed = 1;
        reply(task, MARTINET_ANS_FAILED, -1, ECHILD);
        if (!task->status.pid) remove_task(task);
    }
}

static void know_pid(struct task *task, int pid) {
    task->status.pid = pid;
    record_start(task);
}

void results_ready(struct task *task) {
    while (task->used && task->results >= 0) {
        struct martinet_result result;
        ssize_t got = read(task->results, &result, sizeof result);  // records are written whole (pipe(7))
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return;
        if (got != sizeof result) {
            results_end(task);
            break;
        }
        switch (result.kind) {
        case MARTINET_RESULT_PID: know_pid(task, result.pid); break;
        case MARTINET_RESULT_GATE: task->failed = -1; break;  // at the gate, answered below
        case MARTINET_RESULT_FAILED:
            reply(task, MARTINET_ANS_FAILED, result.step, result.error);
            task->failed = 1;
            if (!task->status.pid || task->is_exec) {
                remove_task(task);
                return;
            }
            break;
        default: break;
        }
        if (task->failed == -1 && task->status.pid && task->status.state == MARTINET_STATE_CREATING) {
            task->failed = 0;
            task->status.state = MARTINET_STATE_CREATED;
            reply(task, MARTINET_ANS_OK, task->status.pid, 0);
        }
    }
    if (!task->used || !task->status.pid) return;
    for (int i = 0; i < UNKNOWN; i++) {
        if (unknown[i].pid != task->status.pid) continue;
        unknown[i].pid = 0;
        reaped(task, unknown[i].status, unknown[i].when);
        return;
    }
}

// The starter has a copy of the results' pipe and may be slower than a short program: it must not be waited for, or
// whoever asked for the start would never be answered.
static void reaped(struct task *task, int status, int64_t when) {
    if (task->results >= 0) results_end(task);
    if (!task->used) return;
    ended(task, WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status),
          WIFSIGNALED(status) ? WTERMSIG(status) : 0, when);
}

// Whether some starter has yet to tell a process id. Only meanwhile an end can be one of a process that is not known,
// and one that is kept for longer would be taken for that of a later process of the same number.
static int awaits_pid(void) {
    for (int i = 0; i < TASKS; i++)
        if (tasks[i].used && tasks[i].results >= 0 && !tasks[i].status.pid) return 1;
    return 0;
}

void console_ready(struct task *task) {
    char byte, control[CMSG_SPACE(sizeof(int))];
    struct iovec vector = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t got = recvmsg(task->console, &message, MSG_CMSG_CLOEXEC);
    struct cmsghdr *head = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (head && head->cmsg_type == SCM_RIGHTS) {
        int master;
        memcpy(&master, CMSG_DATA(head), sizeof master);
        fcntl(master, F_SETFL, O_NONBLOCK);
        task->out[0].fd = task->in = master;
        watch(master, FROM_OUT, index_of(task), EPOLLIN);
    }
    unwatch(task->console);
    close(task->console);
    task->console = -1;
}

// PIDFD_GET_INFO tells a stranger's exit code from Linux 6.15 on; before, nobody but the parent can know it.
struct exit_info { uint64_t mask, cgroup; uint32_t ids[11]; int32_t code; };
_Static_assert(sizeof(struct exit_info) == 64, "PIDFD_INFO_SIZE_VER0");
#define GET_EXIT_INFO _IOWR(0xFF, 11, struct exit_info)

// The code is there only once the process has been reaped by its new parent: then the descriptor hangs up.
void pidfd_ready(struct task *task) {
    struct exit_info info = {.mask = 1u << 3};
    int failed = ioctl(task->pidfd, GET_EXIT_INFO, &info) ? errno : 0;
    int known = !failed && info.mask & (1u << 3);
    int64_t now = wall_clock();
    if (!task->ended_at) task->ended_at = now;
    if (!known && failed != ENOTTY && failed != EINVAL && now - task->ended_at < 3000000000) {
        watch(task->pidfd, FROM_PIDFD, index_of(task), 0);
        return;
    }
    unwatch(task->pidfd);
    close(task->pidfd);
    task->pidfd = -1;
    int code = -1, sig = 0;
    if (known) {
        sig = info.code & 0x7f;
        code = sig ? 128 + sig : (info.code >> 8) & 0xff;
    }
    ended(task, code, sig, task->ended_at);
}

int adopt_task(const char *id, const char *log, const char *oom, uint32_t flags, int pid, uint64_t start) {
    int error = usable(id, log, oom);
    if (error) return error;
    if (find_task(id)) return -EEXIST;
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (pidfd < 0) return -errno;
    if (start_ticks(pid) != start) {
        close(pidfd);
        return -ESRCH;
    }
    struct task *task = new_task(id, log, oom, flags);
    if (!task) {
        close(pidfd);
        return -EMFILE;
    }
    task->adopted = 1;
    task->pidfd = pidfd;
    task->status.pid = pid;
    task->status.state = MARTINET_STATE_RUNNING;
    error = open_log(task);
    if (!error) error = open_spool(task);
    for (int i = 0; i < 2 && !error && !(flags & MARTINET_TASK_TTY); i++) error = open_output(task, i, 0);
    if (error) {
        // Without its output it could not go on; the caller is told and the container's files stay.
        task->is_exec = 1;
        remove_task(task);
        return error;
    }
    resume_log(task);
    watch(pidfd, FROM_PIDFD, index_of(task), EPOLLIN);
    return 0;
}

void reap(void) {
    int status, pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        int64_t now = wall_clock();
        int found = 0;
        for (int i = 0; i < TASKS && !found; i++) {
            struct task *task = &tasks[i];
            if (!task->used || task->status.pid != pid || task->status.state == MARTINET_STATE_EXITED) continue;
            found = 1;
            // What it told before it ended comes first: "running" before "exited".
            results_ready(task);
            if (task->used) reaped(task, status, now);
        }
        if (found) continue;
        if (!awaits_pid()) memset(unknown, 0, sizeof unknown);
        unknown[unknown_next % UNKNOWN].pid = pid;
        unknown[unknown_next % UNKNOWN].status = status;
        unknown[unknown_next++ % UNKNOWN].when = now;
    }
    if (!awaits_pid()) memset(unknown, 0, sizeof unknown);
}

// Takes all the bytes; 1 where some wait, and the client that sent them with them.
int give_input(struct task *task, const char *bytes, size_t count, int client) {
    if (task->in < 0) return 0;
    size_t done = 0;
    while (!task->input_used && done < count) {
        ssize_t put = write(task->in, bytes + done, count - done);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0 && errno != EAGAIN) return 0;  // the program does not read any more
        if (put < 0) break;
        done += (size_t)put;
    }
    if (done == count) return 0;
    char *larger = realloc(task->input, task->input_used + count - done);
    if (!larger) return 0;
    task->input = larger;
    memcpy(task->input + task->input_used, bytes + done, count - done);
    task->input_used += count - done;
    task->input_client = client;
    watch(task->in, task->in == task->out[0].fd ? FROM_OUT : FROM_INPUT, index_of(task),
          task->in == task->out[0].fd ? EPOLLIN | EPOLLOUT : EPOLLOUT);
    return 1;
}

void input_ready(struct task *task) {
    ssize_t put = write(task->in, task->input, task->input_used);
    if (put < 0 && (errno == EAGAIN || errno == EINTR)) return;
    size_t done = put < 0 ? task->input_used : (size_t)put;
    memmove(task->input, task->input + done, task->input_used - done);
    task->input_used -= done;
    if (task->input_used) return;
    if (task->in == task->out[0].fd) watch(task->in, FROM_OUT, index_of(task), EPOLLIN);
    else unwatch(task->in);
    int client = task->input_client;
    task->input_client = -1;
    if (task->input_closing && task->in != task->out[0].fd) {
        close(task->in);
        task->in = -1;
    }
    if (client >= 0) client_resume(client);
}
