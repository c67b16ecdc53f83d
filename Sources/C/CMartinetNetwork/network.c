#define _GNU_SOURCE 1
#include "martinet_network.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/neighbour.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/time.h>
#include <unistd.h>

// The Swift encoder writes these headers byte by byte; the kernel's own definitions must agree with it.
_Static_assert(sizeof(struct nlmsghdr) == 16, "nlmsghdr");
_Static_assert(sizeof(struct nlattr) == 4, "nlattr");
_Static_assert(sizeof(struct ifinfomsg) == 16, "ifinfomsg");
_Static_assert(sizeof(struct ifaddrmsg) == 8, "ifaddrmsg");
_Static_assert(sizeof(struct rtmsg) == 12, "rtmsg");
_Static_assert(sizeof(struct ndmsg) == 12, "ndmsg");
_Static_assert(sizeof(struct nfgenmsg) == 4, "nfgenmsg");

struct work {
    void (*body)(void *);
    void *context;
};

static void *perform(void *argument) {
    struct work *work = argument;
    work->body(work->context);
    return NULL;
}

int martinet_thread_run(void (*body)(void *), void *context) {
    struct work work = {body, context};
    pthread_t thread;
    int failed = pthread_create(&thread, NULL, perform, &work);
    if (failed) return -failed;
    return -pthread_join(thread, NULL);
}

int martinet_netns_current(void) {
    int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int martinet_netns_enter(int fd) { return setns(fd, CLONE_NEWNET) ? -errno : 0; }

int martinet_netns_unshare(void) { return unshare(CLONE_NEWNET) ? -errno : 0; }

int martinet_netns_bind(const char *path) {
    return mount("/proc/thread-self/ns/net", path, NULL, MS_BIND, NULL) ? -errno : 0;
}

int martinet_netns_unbind(const char *path) { return umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) ? -errno : 0; }

int martinet_netns_is_bound(const char *path) {
    struct statfs file;
    if (statfs(path, &file)) return -errno;
    return file.f_type == NSFS_MAGIC;
}

int martinet_netlink_open(int protocol, int timeout_ms) {
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
    if (fd < 0) return -errno;
    struct sockaddr_nl address = {.nl_family = AF_NETLINK};
    if (bind(fd, (struct sockaddr *)&address, sizeof address)) {
        int error = errno;
        close(fd);
        return -error;
    }
    // Best effort, each: an old kernel without them only gives less text or less room.
    int one = 1, wide = 32 << 20;
    setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof one);
    setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof one);
    setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof one);
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &wide, sizeof wide))
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &wide, sizeof wide);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &wide, sizeof wide))
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &wide, sizeof wide);
    struct timeval timeout = {timeout_ms / 1000, (timeout_ms % 1000) * 1000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    return fd;
}

int64_t martinet_netlink_send(int fd, const void *bytes, size_t count) {
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    ssize_t sent;
    do sent = sendto(fd, bytes, count, 0, (struct sockaddr *)&kernel, sizeof kernel);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : sent;
}

int64_t martinet_netlink_receive(int fd, void *bytes, size_t capacity, int wait) {
    for (;;) {
        struct sockaddr_nl sender = {0};
        socklen_t length = sizeof sender;
        ssize_t got = recvfrom(fd, bytes, capacity, MSG_TRUNC | (wait ? 0 : MSG_DONTWAIT), (struct sockaddr *)&sender,
                               &length);
        if (got < 0) {
            if (errno == EINTR) continue;
            return -errno;
        }
        if (sender.nl_pid != 0) continue;
        if ((size_t)got > capacity) return -EMSGSIZE;
        return got;
    }
}

int martinet_accept(int fd) {
    int accepted = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    return accepted < 0 ? -errno : accepted;
}
