// The keeper: holds the listening sockets and starts the workers that serve them, again when they end, with back-off;
// ends one whose heartbeat stops. A twin of it waits, with the same sockets, and takes over should it be killed.
// It reads a configuration of NUL-terminated words:
//   "martinet-keeper" "1"
//   "pid-file" <path>                                     where it, or the twin that took over, says who it is
//   "listen" <tcp | unix> <address> <port or mode>        descriptors 3, 4, … of every worker, in this order
//   "worker" <name> <heartbeat seconds, 0: none> <uid> <gid> <pid file or ""> <arguments> <argument>…
//   "environment" <NAME=value>                            of every worker
// A worker finds its heartbeat pipe's number in MARTINET_HEARTBEAT_FD and how many sockets it has in MARTINET_LISTEN.
#include <arpa/inet.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "stage.h"

#define WORKERS 8
#define SOCKETS 32
#define WORDS 256
#define WORKER_END_MS 6000

struct worker {
    const char *name, *pid_file, *path;
    char *argv[64];
    int64_t heartbeat;  // nanoseconds, 0: none
    int uid, gid;
    int pid, pipe;
    int64_t started, beat, restart_at, delay;
};

// Shared with the twin, which must know whose end to wait for.
static struct worker *workers;
static const char *own_pid_file = "";
static int worker_count, sockets[SOCKETS], socket_count, signals, twin;
static char *environment[WORDS + 3];
static int environment_count;
static char heartbeat_word[48], listen_word[48];

static int64_t monotonic(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void say(const char *name, const char *what, int64_t number) {
    char line[512], *at = put_text(line, "keeper: ");
    if (strlen(name) > 200 || strlen(what) > 200) return;
    at = put_text(put_text(put_text(at, name), " "), what);
    if (number != INT64_MIN) at = put_number(put_text(at, " "), number);
    at = put_text(at, "\n");
    (void)!write(2, line, (size_t)(at - line));
}

static int open_listener(const char *kind, const char *address, const char *last) {
    union { struct sockaddr any; struct sockaddr_in v4; struct sockaddr_in6 v6; struct sockaddr_un local; } to = {0};
    socklen_t size;
    int one = 1, mode = -1;
    if (!strcmp(kind, "unix")) {
        if (strlen(address) >= sizeof to.local.sun_path) return -ENAMETOOLONG;
        to.local.sun_family = AF_UNIX;
        strcpy(to.local.sun_path, address);
        size = sizeof to.local;
        unlink(address);
        mode = 0;
        for (const char *at = last; *at >= '0' && *at <= '7'; at++) mode = mode * 8 + (*at - '0');
    } else if (!strcmp(kind, "tcp")) {
        uint16_t port = htons((uint16_t)read_number(last));
        if (inet_pton(AF_INET, address, &to.v4.sin_addr) == 1) {
            to.v4.sin_family = AF_INET;
            to.v4.sin_port = port;
            size = sizeof to.v4;
        } else if (inet_pton(AF_INET6, address, &to.v6.sin6_addr) == 1) {
            to.v6.sin6_family = AF_INET6;
            to.v6.sin6_port = port;
            size = sizeof to.v6;
        } else return -EINVAL;
    } else return -EINVAL;
    int fd = socket(to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    if (to.any.sa_family != AF_UNIX) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (to.any.sa_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    int failed = bind(fd, &to.any, size) || listen(fd, 1024) ? errno : 0;
    if (!failed && mode >= 0 && chmod(address, (mode_t)mode)) failed = errno;
    if (failed) {
        close(fd);
        return -failed;
    }
    return fd;
}

static void worker_child(struct worker *worker, int beat, int keeper) __attribute__((noreturn));
static void worker_child(struct worker *worker, int beat, int keeper) {
    sigset_t none;
    sigemptyset(&none);
    // Above every target first, so that no copy overwrites a source.
    int from[SOCKETS + 2], count = socket_count;
    // Opened while it may be: the worker's user need not be able to reach the folder that its program lies in.
    int program = open(worker->path, O_PATH | O_CLOEXEC);
    for (int i = 0; i < count; i++) from[i] = fcntl(sockets[i], F_DUPFD, 100);
    from[count] = fcntl(beat, F_DUPFD, 100);
    from[count + 1] = fcntl(program, F_DUPFD, 100);
    for (int i = 0; i <= count + 1; i++)
        if (from[i] < 0 || dup2(from[i], 3 + i) < 0) _exit(126);
    program = 4 + count;
    fcntl(program, F_SETFD, FD_CLOEXEC);
    syscall(SYS_close_range, 5 + count, ~0u, 0);
    setsid();
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    if (worker->gid > 0 && (syscall(SYS_setgroups, 0, NULL) || syscall(SYS_setresgid, worker->gid, worker->gid, worker->gid)))
        _exit(125);
    if (worker->uid > 0 && syscall(SYS_setresuid, worker->uid, worker->uid, worker->uid)) _exit(125);
    // A keeper that was killed takes its workers with it: nobody would see them end. After the ids' change, which would
    // clear it (prctl(2)).
    prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
    if (getppid() != keeper) _exit(124);  // it was killed before the line above
    syscall(SYS_execveat, program, "", worker->argv, environment, AT_EMPTY_PATH);
    _exit(127);
}

static void write_pid(const char *file, int pid) {
    char text[32];
    if (!*file) return;
    put_text(put_number(text, pid), "\n");
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) return;
    write_all(fd, text, strlen(text));
    close(fd);
}

static void start_worker(struct worker *worker) {
    int ends[2];
    int64_t now = monotonic();
    if (worker->delay < 100000000) worker->delay = 100000000;
    worker->restart_at = now + worker->delay;
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK)) return;
    int keeper = getpid(), pid = fork();
    if (pid == 0) worker_child(worker, ends[1], keeper);
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return;
    }
    worker->pid = pid;
    worker->pipe = ends[0];
    worker->started = worker->beat = now;
    write_pid(worker->pid_file, pid);
    say(worker->name, "started, process", pid);
}

static void worker_ended(struct worker *worker, int status, int stopping) {
    int64_t now = monotonic();
    say(worker->name, WIFSIGNALED(status) ? "ended by signal" : "ended with code",
        WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    worker->pid = 0;
    close(worker->pipe);
    worker->pipe = -1;
    if (stopping) {
        if (*worker->pid_file) unlink(worker->pid_file);
        return;
    }
    // Ten seconds of life forgive what was before: at once, then 0.1 s, doubling up to 10 s.
    worker->delay = now - worker->started > 10000000000 ? 0 : worker->delay ? worker->delay * 2 : 100000000;
    if (worker->delay > 10000000000) worker->delay = 10000000000;
    worker->restart_at = now + worker->delay;
}

static int read_configuration(char *at, char *end) {
    char *words[WORDS * 8];
    int count = 0;
    while (at < end && count < WORDS * 8) {
        words[count++] = at;
        at += strlen(at) + 1;
    }
    if (at != end || count < 2 || strcmp(words[0], "martinet-keeper") || strcmp(words[1], "1")) return -EPROTO;
    for (int i = 2; i < count;) {
        if (!strcmp(words[i], "listen") && i + 3 < count && socket_count < SOCKETS) {
            int fd = open_listener(words[i + 1], words[i + 2], words[i + 3]);
            if (fd < 0) {
                say(words[i + 2], words[i + 3], fd);
                return fd;
            }
            sockets[socket_count++] = fd;
            i += 4;
        } else if (!strcmp(words[i], "pid-file") && i + 1 < count) {
            own_pid_file = words[i + 1];
            i += 2;
        } else if (!strcmp(words[i], "environment") && i + 1 < count && environment_count < WORDS) {
            environment[environment_count++] = words[i + 1];
            i += 2;
        } else if (!strcmp(words[i], "worker") && i + 7 < count && worker_count < WORKERS) {
            struct worker *worker = &workers[worker_count++];
            int64_t arguments = read_number(words[i + 6]);
            if (arguments < 1 || arguments > 62 || i + 6 + arguments >= count) return -EPROTO;
            worker->name = words[i + 1];
            worker->heartbeat = read_number(words[i + 2]) * 1000000000;
            worker->uid = (int)read_number(words[i + 3]);
            worker->gid = (int)read_number(words[i + 4]);
            worker->pid_file = words[i + 5];
            worker->path = words[i + 7];
            for (int k = 0; k < arguments; k++) worker->argv[k] = words[i + 7 + k];
            worker->pipe = -1;
            i += 7 + (int)arguments;
        } else return -EPROTO;
    }
    put_number(put_text(heartbeat_word, "MARTINET_HEARTBEAT_FD="), 3 + socket_count);
    put_number(put_text(listen_word, "MARTINET_LISTEN="), socket_count);
    environment[environment_count++] = heartbeat_word;
    environment[environment_count++] = listen_word;
    return 0;
}

static void signal_all(int sig) {
    for (int i = 0; i < worker_count; i++)
        if (workers[i].pid) kill(workers[i].pid, sig);
}

// The workers of a killed keeper get SIGTERM (above); until they are gone, none of ours could have what they hold.
static void outlive(struct worker *worker) {
    int process = worker->pid ? (int)syscall(SYS_pidfd_open, worker->pid, 0) : -1;
    worker->pid = 0;
    worker->pipe = -1;
    worker->restart_at = worker->delay = 0;
    if (process < 0) return;
    struct pollfd end = {.fd = process, .events = POLLIN};
    if (poll(&end, 1, WORKER_END_MS) == 0) {
        say(worker->name, "does not end, killed", INT64_MIN);
        syscall(SYS_pidfd_send_signal, process, SIGKILL, NULL, 0);
        poll(&end, 1, WORKER_END_MS);
    }
    close(process);
}

static int open_signals(void) {
    sigset_t handled;
    sigemptyset(&handled);
    sigaddset(&handled, SIGCHLD);
    sigaddset(&handled, SIGTERM);
    sigaddset(&handled, SIGINT);
    sigaddset(&handled, SIGHUP);
    signals = signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK);
    sigaddset(&handled, SIGUSR1);  // how a twin learns of its keeper's end
    sigprocmask(SIG_BLOCK, &handled, NULL);
    return signals < 0 ? errno : 0;
}

// Returns in the keeper, with a twin that waits; and in the twin once the keeper was killed and it is the keeper.
static void start_twin(void) {
    for (;;) {
        int keeper = getpid(), got;
        twin = fork();
        if (twin) return;
        sigset_t awaited;
        sigemptyset(&awaited);
        sigaddset(&awaited, SIGUSR1);
        sigaddset(&awaited, SIGTERM);
        prctl(PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0);
        // Only the sockets: they were opened first and lie side by side.
        syscall(SYS_close_range, 3 + socket_count, ~0u, 0);
        while (getppid() == keeper)
            if (!sigwait(&awaited, &got) && got == SIGTERM) _exit(0);
        prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
        if (open_signals()) _exit(1);
        say("the twin", "takes over, process", getpid());
        write_pid(own_pid_file, getpid());
        for (int i = 0; i < worker_count; i++) outlive(&workers[i]);
    }
}

// Milliseconds until something is due; starts what is due and ends what is silent.
static int turn(int stopping) {
    int64_t now = monotonic(), next = now + (twin > 0 ? 3600000000000 : 1000000000);
    for (int i = 0; i < worker_count; i++) {
        struct worker *worker = &workers[i];
        if (!worker->pid && !stopping) {
            if (worker->restart_at <= now) start_worker(worker);
            else if (worker->restart_at < next) next = worker->restart_at;
        }
        if (worker->pid && worker->heartbeat) {
            if (now - worker->beat > worker->heartbeat) {
                say(worker->name, "is silent, ended after seconds", worker->heartbeat / 1000000000);
                kill(worker->pid, SIGKILL);
                worker->beat = now;
            }
            if (worker->beat + worker->heartbeat < next) next = worker->beat + worker->heartbeat;
        }
    }
    int64_t wait = (next - now) / 1000000 + 1;
    return wait < 1 ? 1 : (int)wait;
}

// keeper <descriptor of the configuration>; its exit code is the errno of what could not be listened on.
int keeper_main(int argc, char **argv) {
    if (argc != 3) return 2;
    int file = (int)read_number(argv[2]);
    struct stat info;
    if (fstat(file, &info) || info.st_size <= 0 || info.st_size > 1 << 20) return 2;
    char *text = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    if (text == MAP_FAILED || text[info.st_size - 1] != 0) return 2;
    syscall(SYS_close_range, 3, ~0u, 0);
    workers = mmap(NULL, WORKERS * sizeof *workers, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (workers == MAP_FAILED) return ENOMEM;
    int result = read_configuration(text, text + info.st_size);
    if (result) return -result;
    write_pid(own_pid_file, getpid());
    prctl(PR_SET_NAME, "martinet-keeper", 0, 0, 0);
    signal(SIGPIPE, SIG_IGN);
    int stopping = 0, failed = open_signals();
    if (failed) return failed;
    for (;;) {
        if (twin <= 0 && !stopping) start_twin();
        int timeout = turn(stopping);
        struct pollfd entries[WORKERS + 1] = {{.fd = signals, .events = POLLIN}};
        for (int i = 0; i < worker_count; i++) {
            entries[i + 1].fd = workers[i].pipe;
            entries[i + 1].events = POLLIN;
        }
        if (poll(entries, (nfds_t)worker_count + 1, timeout) < 0 && errno != EINTR) return errno;
        for (int i = 0; i < worker_count; i++) {
            char bytes[64];
            if (!(entries[i + 1].revents & (POLLIN | POLLHUP)) || workers[i].pipe < 0) continue;
            ssize_t got;
            while ((got = read(workers[i].pipe, bytes, sizeof bytes)) > 0) workers[i].beat = monotonic();
            if (got == 0) {  // closed: silence from now on, without a busy loop
                close(workers[i].pipe);
                workers[i].pipe = -1;
            }
        }
        struct signalfd_siginfo got;
        while (read(signals, &got, sizeof got) == sizeof got) {
            if (got.ssi_signo == SIGCHLD) continue;
            if (got.ssi_signo != SIGHUP) stopping = 1;
            signal_all((int)got.ssi_signo);
        }
        int status, pid, alive = 0;
        while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
            if (pid == twin) twin = 0;
            for (int i = 0; i < worker_count; i++)
                if (workers[i].pid == pid) worker_ended(&workers[i], status, stopping);
        }
        for (int i = 0; i < worker_count; i++) alive |= workers[i].pid;
        if (stopping && !alive) {
            if (twin > 0) kill(twin, SIGKILL);
            unlink(own_pid_file);
            return 0;
        }
    }
}
