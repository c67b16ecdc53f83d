// What the container adapter needs of Linux and Swift's Glibc module cannot express: sealed memory files, spawning with
// exact descriptors, descriptors over sockets. Functions return a negative errno.
#ifndef MARTINET_CONTAINERS_H
#define MARTINET_CONTAINERS_H

#include <stddef.h>
#include <stdint.h>

// A CLOEXEC descriptor of a sealed memory file with these bytes: nobody can change them any more (memfd_create(2)).
int martinet_sealed_file(const char *name, const void *bytes, size_t count);

// Starts the program behind the descriptor `image`. The child has exactly descriptors 0..<count, copies of
// `descriptors` (-1: /dev/null), and the image as number `count`; default signals; a session of its own if asked.
// Returns the process id.
int martinet_spawn(int image, char *const *argv, char *const *envp, const int *descriptors, int count, int new_session);

// Waits for that child. Returns 0 and its wait status decoded: exit code, or 128 + signal.
int martinet_wait(int pid, int *code, int *signal);
// The same without waiting: 1 where it still runs.
int martinet_wait_now(int pid, int *code, int *signal);

int martinet_pidfd_open(int pid);
// Waits until the descriptor is readable or closed, at most `milliseconds` (-1: for ever). 1 ready, 0 not.
int martinet_poll_readable(int fd, int milliseconds);

// One packet with descriptors (SCM_RIGHTS). Receiving returns the packet's length, 0 at the end; at most `limit`
// descriptors are kept, CLOEXEC, and `*count` says how many.
int martinet_send(int socket, const void *head, size_t head_count, const void *body, size_t body_count,
                  const int *descriptors, int count);
int64_t martinet_receive(int socket, void *buffer, size_t capacity, int *descriptors, int limit, int *count);

// Unix sockets named relative to a folder, because a path of more than 107 bytes does not fit (unix(7)).
int martinet_listen_in(int folder, const char *name, int packets);
int martinet_connect_in(int folder, const char *name, int packets);

int martinet_pipe(int *read_end, int *write_end);
int martinet_socketpair(int *a, int *b);
uint64_t martinet_effective_capabilities(void);
// A cgroup version 2's device rules as a BPF program: attaches `count` instructions to the folder.
int martinet_attach_device_program(int cgroup, const uint64_t *instructions, unsigned count);

/// One wait for descriptors, epoll(7). Events are told once, by the number that was given; negative errnos.
int martinet_epoll_create(void);
int martinet_epoll_arm(int epoll, int fd, int add, int writing, uint64_t token);
int martinet_epoll_remove(int epoll, int fd);
/// How many have come; at most 64.
int martinet_epoll_wait(int epoll, uint64_t *tokens, int limit);

#endif
