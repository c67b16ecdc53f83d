// Network namespaces and netlink sockets: what Swift's Glibc module cannot see, and nothing else.
// Every function returns a negative errno where it fails.
#ifndef MARTINET_NETWORK_H
#define MARTINET_NETWORK_H

#include <stddef.h>
#include <stdint.h>

// Runs `body(context)` on a thread of its own and waits for its end. A thread that joined another namespace is never
// used for anything else: it ends with its work.
int martinet_thread_run(void (*body)(void *), void *context);

// A descriptor of the calling thread's network namespace. See namespaces(7).
int martinet_netns_current(void);
// Moves the calling thread into the network namespace behind `fd`. See setns(2).
int martinet_netns_enter(int fd);
// Gives the calling thread a new, empty network namespace. See unshare(2).
int martinet_netns_unshare(void);
// Binds the calling thread's network namespace at the existing file `path`. See mount(2), MS_BIND.
int martinet_netns_bind(const char *path);
// Takes a bound namespace from `path`; users of the namespace keep it. See umount2(2), MNT_DETACH.
int martinet_netns_unbind(const char *path);
// 1 where a namespace is bound at `path`, 0 where a plain file is there. See statfs(2).
int martinet_netns_is_bound(const char *path);

// A bound netlink socket of the calling thread's network namespace, with extended acknowledgements, wide buffers
// and a receive timeout in milliseconds. See netlink(7).
int martinet_netlink_open(int protocol, int timeout_ms);
// Sends one datagram to the kernel. Returns the bytes sent.
int64_t martinet_netlink_send(int fd, const void *bytes, size_t count);
// Receives one datagram of the kernel (those of other processes are skipped). Returns its bytes, or -EMSGSIZE where
// it was longer than `capacity`. `wait` 0 returns -EAGAIN at once where there is none.
int64_t martinet_netlink_receive(int fd, void *bytes, size_t capacity, int wait);

// Accepts a connection, non-blocking and not inherited. Returns -EAGAIN where none waits. See accept4(2).
int martinet_accept(int fd);

#endif
