// A pod's monitor: the parent of its containers. It owns their output and terminals, writes their logs, keeps their
// exit codes, and answers whoever connects to `monitor.sock` in the pod's folder. It outlives everything of Martinet.
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>

#include "monitor.h"

int epoll_fd;

void watch(int fd, enum source source, int index, uint32_t events) {
    struct epoll_event event = {.events = events, .data.u64 = (uint64_t)source << 32 | (uint32_t)index};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) && errno == EEXIST)
        epoll_ctl(epoll_fd, EPOLL_CTL_MOD, fd, &event);
}

void unwatch(int fd) { epoll_ctl(epoll_fd, EPOLL_CTL_DEL, fd, NULL); }

int64_t wall_clock(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int listen_here(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "monitor.sock"};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -errno;
    unlink(address.sun_path);  // Swift has made sure that nobody answers there
    mode_t old = umask(0177);
    int failed = bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 64);
    int error = errno;
    umask(old);
    return failed ? -error : fd;
}

static void dispatch(struct epoll_event *event, int listener, int signals) {
    int index = (int)(uint32_t)event->data.u64;
    struct task *task = &tasks[index < TASKS ? index : 0];
    enum source source = (enum source)(event->data.u64 >> 32);
    switch (source) {
    case FROM_LISTENER: accept_client(listener); return;
    case FROM_SIGNALS: {
        struct signalfd_siginfo info;
        while (read(signals, &info, sizeof info) == sizeof info) {}
        reap();
        return;
    }
    case FROM_CLIENT: client_ready(index); return;
    default: break;
    }
    if (!task->used) return;  // an event of this turn that an earlier one has settled
    switch (source) {
    case FROM_RESULTS: results_ready(task); break;
    case FROM_OUT:
        if (event->events & EPOLLOUT && task->input_used) input_ready(task);
        if (event->events & (EPOLLIN | EPOLLHUP | EPOLLERR)) stream_ready(task, 0);
        break;
    case FROM_ERR: stream_ready(task, 1); break;
    case FROM_CONSOLE:
        if (task->console >= 0) console_ready(task);
        break;
    case FROM_INPUT:
        if (task->in >= 0 && task->input_used) input_ready(task);
        break;
    case FROM_PIDFD:
        if (task->pidfd >= 0) pidfd_ready(task);
        break;
    default: break;
    }
}

// monitor <descriptor of the pod's folder>: answers its own exit code once it listens; the work goes on in a child that
// belongs to nobody.
int monitor_main(int argc, char **argv) {
    if (argc != 3) return 2;
    int folder = (int)read_number(argv[2]);
    if (fchdir(folder)) return errno;
    syscall(SYS_close_range, 3, ~0u, 0);
    int listener = listen_here();
    if (listener < 0) return -listener;
    int pid = fork();
    if (pid < 0) return errno;
    if (pid > 0) {
        char text[32];
        put_text(put_number(text, pid), "\n");
        int file = open("monitor.pid", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (file < 0) return errno;
        return -write_all(file, text, strlen(text));
    }
    setsid();
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    prctl(PR_SET_NAME, "martinet-monitor", 0, 0, 0);
    signal(SIGPIPE, SIG_IGN);
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGCHLD);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    int signals = signalfd(-1, &blocked, SFD_CLOEXEC | SFD_NONBLOCK);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (signals < 0 || epoll_fd < 0) return errno;
    watch(listener, FROM_LISTENER, 0, EPOLLIN);
    watch(signals, FROM_SIGNALS, 0, EPOLLIN);
    for (;;) {
        int waiting = 0;
        for (int i = 0; i < TASKS; i++) waiting |= tasks[i].used && (tasks[i].blocked || (tasks[i].ended_at && tasks[i].pidfd >= 0));
        struct epoll_event events[32];
        int count = epoll_wait(epoll_fd, events, 32, waiting ? 500 : -1);
        if (waiting) retry_logs();
        for (int i = 0; waiting && i < TASKS; i++)
            if (tasks[i].used && tasks[i].ended_at && tasks[i].pidfd >= 0) pidfd_ready(&tasks[i]);
        for (int i = 0; i < count; i++) dispatch(&events[i], listener, signals);
    }
}
