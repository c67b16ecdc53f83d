#define _GNU_SOURCE 1
#include "martinet_containers.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

int martinet_sealed_file(const char *name, const void *bytes, size_t count) {
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
    if (fd < 0 && errno == EINVAL) fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);  // before Linux 6.3
    if (fd < 0) return -errno;
    const char *next = bytes;
    while (count) {
        ssize_t done = write(fd, next, count);
        if (done < 0) {
            if (errno == EINTR) continue;
            int error = errno;
            close(fd);
            return -error;
        }
        next += done;
        count -= (size_t)done;
    }
    // Not F_SEAL_SEAL's order but its effect: no writing, no resizing, no unsealing.
    if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

int martinet_spawn(int image, char *const *argv, char *const *envp, const int *descriptors, int count,
                   int new_session) {
    if (count < 3 || count > 64) return -EINVAL;
    int high[65], opened = 0, pid = 0, error = 0;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    for (int i = 0; i <= count && !error; i++) {
        int from = i == count ? image : descriptors[i];
        // Above every target, so that no dup2 below overwrites a source.
        int to = from < 0 ? open("/dev/null", O_RDWR | O_CLOEXEC) : fcntl(from, F_DUPFD_CLOEXEC, count + 1);
        if (to >= 0 && to <= count) {
            int moved = fcntl(to, F_DUPFD_CLOEXEC, count + 1);
            close(to);
            to = moved;
        }
        if (to < 0) {
            error = errno;
            break;
        }
        high[opened++] = to;
        error = posix_spawn_file_actions_adddup2(&actions, to, i);
    }
    if (!error) error = posix_spawn_file_actions_addclosefrom_np(&actions, count + 1);
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, (short)(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
                                                  (new_session ? POSIX_SPAWN_SETSID : 0)));
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", count);
    if (!error) error = posix_spawn(&pid, path, &actions, &attributes, argv, envp);
    for (int i = 0; i < opened; i++) close(high[i]);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return error ? -error : pid;
}

static int wait_with(int pid, int *code, int *signal, int options) {
    int status = 0, got;
    do got = waitpid(pid, &status, options);
    while (got < 0 && errno == EINTR);
    if (got < 0) return -errno;
    if (got == 0) return 1;
    *signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    *code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return 0;
}

int martinet_wait(int pid, int *code, int *signal) { return wait_with(pid, code, signal, 0); }
int martinet_wait_now(int pid, int *code, int *signal) { return wait_with(pid, code, signal, WNOHANG); }

int martinet_pidfd_open(int pid) {
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    return fd < 0 ? -errno : fd;
}

int martinet_poll_readable(int fd, int milliseconds) {
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    int got;
    do got = poll(&entry, 1, milliseconds);
    while (got < 0 && errno == EINTR);
    return got < 0 ? -errno : got > 0;
}

int martinet_send(int socket, const void *head, size_t head_count, const void *body, size_t body_count,
                  const int *descriptors, int count) {
    if (count < 0 || count > 8) return -EINVAL;
    struct iovec vectors[2] = {{(void *)head, head_count}, {(void *)body, body_count}};
    union { struct cmsghdr head; char bytes[CMSG_SPACE(8 * sizeof(int))]; } control = {0};
    struct msghdr message = {.msg_iov = vectors, .msg_iovlen = body_count ? 2 : 1};
    if (count) {
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE((size_t)count * sizeof(int));
        struct cmsghdr *entry = CMSG_FIRSTHDR(&message);
        entry->cmsg_level = SOL_SOCKET;
        entry->cmsg_type = SCM_RIGHTS;
        entry->cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
        memcpy(CMSG_DATA(entry), descriptors, (size_t)count * sizeof(int));
    }
    ssize_t done;
    do done = sendmsg(socket, &message, MSG_NOSIGNAL);
    while (done < 0 && errno == EINTR);
    return done < 0 ? -errno : 0;
}

int64_t martinet_receive(int socket, void *buffer, size_t capacity, int *descriptors, int limit, int *count) {
    struct iovec vector = {buffer, capacity};
    union { struct cmsghdr head; char bytes[CMSG_SPACE(16 * sizeof(int))]; } control;
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t got;
    *count = 0;
    do got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got < 0) return -errno;
    for (struct cmsghdr *entry = CMSG_FIRSTHDR(&message); entry; entry = CMSG_NXTHDR(&message, entry)) {
        if (entry->cmsg_level != SOL_SOCKET || entry->cmsg_type != SCM_RIGHTS) continue;
        size_t given = (entry->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < given; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(entry) + i * sizeof(int), sizeof fd);
            if (*count < limit) descriptors[(*count)++] = fd;
            else close(fd);
        }
    }
    return message.msg_flags & MSG_TRUNC ? -EMSGSIZE : got;
}

static int socket_in(int folder, const char *name, int packets, struct sockaddr_un *address) {
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    int length = snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s", folder, name);
    if (length < 0 || (size_t)length >= sizeof address->sun_path) return -ENAMETOOLONG;
    int fd = socket(AF_UNIX, (packets ? SOCK_SEQPACKET : SOCK_STREAM) | SOCK_CLOEXEC, 0);
    return fd < 0 ? -errno : fd;
}

int martinet_listen_in(int folder, const char *name, int packets) {
    struct sockaddr_un address;
    int fd = socket_in(folder, name, packets, &address);
    if (fd < 0) return fd;
    if (bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 16)) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

int martinet_connect_in(int folder, const char *name, int packets) {
    struct sockaddr_un address;
    int fd = socket_in(folder, name, packets, &address);
    if (fd < 0) return fd;
    if (connect(fd, (struct sockaddr *)&address, sizeof address)) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

int martinet_pipe(int *read_end, int *write_end) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC)) return -errno;
    *read_end = ends[0];
    *write_end = ends[1];
    return 0;
}

int martinet_socketpair(int *a, int *b) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)) return -errno;
    *a = ends[0];
    *b = ends[1];
    return 0;
}

uint64_t martinet_effective_capabilities(void) {
    struct { uint32_t version; int pid; } head = {0x20080522, 0};
    struct { uint32_t effective, permitted, inheritable; } data[2] = {{0}};
    if (syscall(SYS_capget, &head, data)) return 0;
    return data[0].permitted | (uint64_t)data[1].permitted << 32;
}

int martinet_attach_device_program(int cgroup, const uint64_t *instructions, unsigned count) {
    union bpf_attr load, attach;
    memset(&load, 0, sizeof load);
    memset(&attach, 0, sizeof attach);
    load.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    load.insns = (uint64_t)(uintptr_t)instructions;
    load.insn_cnt = count;
    load.license = (uint64_t)(uintptr_t)"Apache-2.0";
    int program = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load);
    if (program < 0) return -errno;
    attach.target_fd = (uint32_t)cgroup;
    attach.attach_bpf_fd = (uint32_t)program;
    attach.attach_type = BPF_CGROUP_DEVICE;
    attach.attach_flags = BPF_F_ALLOW_MULTI;
    int result = syscall(SYS_bpf, BPF_PROG_ATTACH, &attach, sizeof attach) ? -errno : 0;
    close(program);
    return result;
}

int martinet_epoll_create(void) {
    int fd = epoll_create1(EPOLL_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int martinet_epoll_arm(int epoll, int fd, int add, int writing, uint64_t token) {
    struct epoll_event event = {.events = (writing ? EPOLLOUT : EPOLLIN) | EPOLLONESHOT, .data.u64 = token};
    return epoll_ctl(epoll, add ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) ? -errno : 0;
}

int martinet_epoll_remove(int epoll, int fd) { return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL) ? -errno : 0; }

int martinet_epoll_wait(int epoll, uint64_t *tokens, int limit) {
    struct epoll_event events[64];
    int count;
    do count = epoll_wait(epoll, events, limit < 64 ? limit : 64, -1);
    while (count < 0 && errno == EINTR);
    for (int i = 0; i < count; i++) tokens[i] = events[i].data.u64;
    return count < 0 ? -errno : count;
}
