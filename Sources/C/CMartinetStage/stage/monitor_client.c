// The monitor's socket: requests in, answers and events out. Several may be connected; every one hears of every exit.
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>

#include "monitor.h"

static int clients[CLIENTS];  // descriptor + 1
static char packet[MARTINET_MONITOR_PACKET_MAX];

static void drop_client(int index) {
    if (!clients[index]) return;
    unwatch(clients[index] - 1);
    close(clients[index] - 1);
    clients[index] = 0;
    for (int i = 0; i < TASKS; i++) {
        tasks[i].attached &= ~(1ull << index);
        if (tasks[i].client == index) tasks[i].client = -1;
        if (tasks[i].input_client == index) tasks[i].input_client = -1;
    }
}

static void send_packet(int index, struct martinet_message *head, const char *id, const void *body, size_t count) {
    if (index < 0 || !clients[index]) return;
    size_t id_size = id ? strlen(id) + 1 : 0;
    head->size = (uint32_t)(id_size + count);
    struct iovec vectors[3] = {{head, sizeof *head}, {(void *)id, id_size}, {(void *)body, count}};
    struct msghdr message = {.msg_iov = vectors, .msg_iovlen = 3};
    ssize_t done;
    do done = sendmsg(clients[index] - 1, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (done < 0 && errno == EINTR);
    if (done < 0) drop_client(index);  // who does not read is let go: it reconnects and asks for the state
}

void answer(int client, uint32_t type, uint32_t request, int64_t a, int64_t b) {
    struct martinet_message head = {.type = type, .request = request, .a = a, .b = b};
    send_packet(client, &head, NULL, NULL, 0);
}

void send_status(int client, uint32_t type, uint32_t request, struct task *task) {
    struct martinet_message head = {.type = type, .request = request};
    struct martinet_status status = task->status;
    if (task->is_exec) status.flags |= 1u << 31;
    send_packet(client, &head, task->id, &status, sizeof status);
}

void broadcast_exit(struct task *task) {
    for (int i = 0; i < CLIENTS; i++) send_status(i, MARTINET_EVT_EXIT, 0, task);
}

void send_output(struct task *task, int stream, const char *bytes, size_t count) {
    for (int i = 0; i < CLIENTS; i++) {
        if (!(task->attached >> i & 1)) continue;
        struct martinet_message head = {.type = MARTINET_EVT_OUTPUT, .a = stream};
        send_packet(i, &head, task->id, bytes, count);
    }
}

void tell_log_blocked(struct task *task, int error) {
    for (int i = 0; i < CLIENTS; i++) {
        struct martinet_message head = {.type = MARTINET_EVT_LOG_BLOCKED, .b = error};
        send_packet(i, &head, task->id, NULL, 0);
    }
}

void accept_client(int listener) {
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) || peer.uid != geteuid()) {
        close(fd);
        return;
    }
    int bytes = 1 << 20;
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    for (int i = 0; i < CLIENTS; i++) {
        if (clients[i]) continue;
        clients[i] = fd + 1;
        watch(fd, FROM_CLIENT, i, EPOLLIN);
        return;
    }
    close(fd);
}

void client_resume(int index) {
    if (clients[index]) watch(clients[index] - 1, FROM_CLIENT, index, EPOLLIN);
}

// The next NUL-terminated text of the payload.
static const char *next_text(char **at, char *end) {
    char *start = *at, *stop = memchr(start, 0, (size_t)(end - start));
    if (!stop) return NULL;
    *at = stop + 1;
    return start;
}

static void handle(int client, struct martinet_message *head, char *payload, int *fds, int count) {
    char *at = payload, *end = payload + head->size;
    const char *id = next_text(&at, end), *log, *oom;
    struct task *task = id ? find_task(id) : NULL;
    int error = 0;
    switch (head->type) {
    case MARTINET_REQ_HELLO:
        answer(client, MARTINET_ANS_OK, head->request, MARTINET_MONITOR_VERSION, getpid());
        return;
    case MARTINET_REQ_STATUS:
        for (int i = 0; i < TASKS; i++)
            if (tasks[i].used) send_status(client, MARTINET_ANS_STATUS, head->request, &tasks[i]);
        break;
    case MARTINET_REQ_SHUTDOWN:
        for (int i = 0; i < TASKS; i++)
            if (tasks[i].used && tasks[i].status.state != MARTINET_STATE_EXITED) error = -EBUSY;
        if (!error) {
            answer(client, MARTINET_ANS_OK, head->request, 0, 0);
            unlink("monitor.sock");
            unlink("monitor.pid");
            _exit(0);
        }
        break;
    case MARTINET_REQ_CREATE:
    case MARTINET_REQ_ADOPT:
        log = next_text(&at, end);
        oom = log ? next_text(&at, end) : NULL;
        if (!oom) error = -EPROTO;
        else if (head->type == MARTINET_REQ_ADOPT)
            error = adopt_task(id, log, oom, head->flags, (int)head->a, (uint64_t)head->c);
        else {
            error = create_task(id, log, oom, head->flags, client, head->request, fds, count, 0);
            if (!error) return;  // answered when it is at its gate
        }
        break;
    case MARTINET_REQ_EXEC:
        error = id ? create_task(id, "", "", head->flags, client, head->request, fds, count, 1) : -EPROTO;
        if (!error) return;
        break;
    default:
        if (!task) {
            error = -ENOENT;
            break;
        }
        switch (head->type) {
        case MARTINET_REQ_START: start_task(task, client, head->request); return;
        case MARTINET_REQ_SIGNAL:
            if (!task->status.pid || task->status.state == MARTINET_STATE_EXITED) error = -ESRCH;
            else error = kill(task->status.pid, (int)head->a) ? -errno : 0;
            break;
        case MARTINET_REQ_RESIZE: {
            struct winsize size = {.ws_col = (unsigned short)head->a, .ws_row = (unsigned short)head->b};
            error = task->out[0].fd >= 0 && ioctl(task->out[0].fd, TIOCSWINSZ, &size) == 0 ? 0 : -ENOTTY;
            break;
        }
        case MARTINET_REQ_ATTACH: task->attached |= 1ull << client; break;
        case MARTINET_REQ_DETACH: task->attached &= ~(1ull << client); break;
        case MARTINET_REQ_STDIN:
            if (at < end) {
                if (give_input(task, at, (size_t)(end - at), client)) unwatch(clients[client] - 1);
            } else if (task->in >= 0 && !(task->status.flags & MARTINET_TASK_TTY)) {
                if (task->input_used) task->input_closing = 1;
                else {
                    close(task->in);
                    task->in = -1;
                }
            }
            break;
        case MARTINET_REQ_REOPEN: error = open_log(task); break;
        case MARTINET_REQ_REMOVE:
            if (task->status.state != MARTINET_STATE_EXITED) error = -EBUSY;
            else remove_task(task);
            break;
        default: error = -ENOSYS;
        }
    }
    if (error) answer(client, MARTINET_ANS_FAILED, head->request, -1, -error);
    else answer(client, MARTINET_ANS_OK, head->request, 0, 0);
}

void client_ready(int index) {
    union { struct cmsghdr head; char bytes[CMSG_SPACE(8 * sizeof(int))]; } control;
    struct iovec vector = {packet, sizeof packet};
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    int fds[8], count = 0;
    if (!clients[index]) return;
    ssize_t got = recvmsg(clients[index] - 1, &message, MSG_CMSG_CLOEXEC);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
        drop_client(index);
        return;
    }
    for (struct cmsghdr *head = CMSG_FIRSTHDR(&message); head; head = CMSG_NXTHDR(&message, head)) {
        if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
        size_t given = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < given && count < 8; i++)
            memcpy(&fds[count++], CMSG_DATA(head) + i * sizeof(int), sizeof(int));
    }
    struct martinet_message head;
    int whole = (size_t)got >= sizeof head && !(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC));
    if (whole) memcpy(&head, packet, sizeof head);
    if (whole && head.size == (size_t)got - sizeof head) handle(index, &head, packet + sizeof head, fds, count);
    else drop_client(index);
    for (int i = 0; i < count; i++) close(fds[i]);
}
