// Terminals: made inside the container's own devpts, so that its programs find their terminal by name.
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>

#include "stage.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

int send_descriptor(int socket, int fd) {
    char byte = 0, control[CMSG_SPACE(sizeof(int))] = {0};
    // runc sends the terminal's name as the packet's bytes; readers want at least one byte beside the descriptor.
    struct iovec vector = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(head), &fd, sizeof fd);
    for (;;) {
        if (sendmsg(socket, &message, MSG_NOSIGNAL) >= 0) return 0;
        if (errno != EINTR) return -errno;
    }
}

int op_console(struct stage *stage, const struct plan_op *op) {
    if (stage->console < 0) return -EBADF;
    int master = in_root_open(stage, "/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW);
    if (master < 0) return master;
    struct stat info;
    if (fstat(master, &info)) return -errno;
    if (!S_ISCHR(info.st_mode) || info.st_rdev != makedev(5, 2)) return -ENOTTY;  // planted by the image
    int unlocked = 0;
    if (ioctl(master, TIOCSPTLCK, &unlocked)) return -errno;
    int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0) return -errno;
    if (op->head->a && op->head->b) {
        struct winsize size = {.ws_col = (unsigned short)op->head->a, .ws_row = (unsigned short)op->head->b};
        if (ioctl(master, TIOCSWINSZ, &size)) return -errno;
    }
    if (op->head->c) {
        char source[32], target[32];
        unsigned number = 0;
        if (ioctl(master, TIOCGPTN, &number)) return -errno;
        put_number(put_text(source, "/dev/pts/"), number);
        int from = in_root_open(stage, source, O_PATH | O_NOFOLLOW);
        if (from < 0) return from;
        int file = in_root_open(stage, "/dev", O_PATH | O_DIRECTORY);
        if (file < 0) return file;
        int made = openat(file, "console", O_CREAT | O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
        if (made >= 0) close(made);
        close(file);
        file = in_root_open(stage, "/dev/console", O_PATH | O_NOFOLLOW);
        if (file < 0) return file;
        fd_path(from, source);
        fd_path(file, target);
        if (mount(source, target, NULL, MS_BIND, NULL)) return -errno;
        close(from);
        close(file);
    }
    int result = send_descriptor(stage->console, master);
    if (result) return result;
    close(master);
    close(stage->console);
    stage->console = -1;
    if (ioctl(slave, TIOCSCTTY, 0)) return -errno;
    for (int fd = 0; fd < 3; fd++)
        if (dup2(slave, fd) < 0) return -errno;
    if (slave > 2) close(slave);
    return 0;
}
