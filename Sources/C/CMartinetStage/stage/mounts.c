// Mounts and files inside a root file system that may be hostile: every path is resolved by openat2 with
// RESOLVE_IN_ROOT, and the kernel is then given the descriptor, never the path again (no symlink race).
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

#include "stage.h"

int fd_path(int fd, char *out) {
    put_number(put_text(out, "/proc/self/fd/"), fd);
    return 0;
}

static int open_in(int root, const char *path, int flags, unsigned mode) {
    struct open_how how = {.flags = (uint64_t)flags | O_CLOEXEC, .mode = mode, .resolve = RESOLVE_IN_ROOT};
    for (int attempt = 0; attempt < 64; attempt++) {
        int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
        if (fd >= 0) return fd;
        if (errno != EAGAIN) return -errno;  // EAGAIN: something was renamed while the kernel looked
    }
    return -EAGAIN;
}

int in_root_open(struct stage *stage, const char *path, int flags) {
    if (stage->root < 0) return -EBADF;
    while (*path == '/') path++;
    return open_in(stage->root, *path ? path : ".", flags, 0);
}

// Makes every missing part of `path`, the last as a file if asked. Returns an O_PATH descriptor or -errno.
static int make_in(int root, const char *wanted, int file, unsigned mode) {
    char path[8192], part[4096];
    int hops = 0;
    if (strlen(wanted) >= sizeof part) return -ENAMETOOLONG;
    strcpy(path, wanted);
    int parent = open_in(root, ".", O_PATH | O_DIRECTORY, 0);
    size_t end = 0;
    while (parent >= 0) {
        while (path[end] == '/') end++;
        if (!path[end]) return parent;
        size_t start = end;
        while (path[end] && path[end] != '/') end++;
        size_t rest = end;
        while (path[rest] == '/') rest++;
        int last = !path[rest];
        memcpy(part, path, end);
        part[end] = 0;
        // From the root each time, so that ".." and links mean what they mean inside.
        int next = open_in(root, part, O_PATH, 0);
        if (next == -ENOENT) {
            const char *name = part + start;
            int made = last && file ? open_in(parent, name, O_CREAT | O_RDONLY | O_EXCL | O_NOFOLLOW, mode)
                                    : (mkdirat(parent, name, mode) ? -errno : 0);
            if (made < 0 && made != -EEXIST) {
                close(parent);
                return made;
            }
            if (last && file && made > 0) close(made);
            next = open_in(root, part, O_PATH, 0);
            if (next == -ENOENT && made == -EEXIST) {
                // A link to what is not there: go on with its target in its place, still from the root.
                char link[2048], rest_of[4096];
                ssize_t size = hops++ < 16 ? readlinkat(parent, name, link, sizeof link - 1) : -1;
                close(parent);
                if (size <= 0) return -ELOOP;
                link[size] = 0;
                strcpy(rest_of, path + end);
                if (link[0] == '/') start = 0;
                if (start + (size_t)size + strlen(rest_of) >= sizeof part) return -ENAMETOOLONG;
                strcpy(path + start, link);
                strcat(path, rest_of);
                end = 0;
                parent = open_in(root, ".", O_PATH | O_DIRECTORY, 0);
                continue;
            }
        }
        close(parent);
        parent = next;
    }
    return parent;
}

// The target of a mount as an O_PATH descriptor, made first where the operation says so.
static int target_open(struct stage *stage, const struct plan_op *op, const char *path) {
    int flags = op->head->flags;
    struct stat info;
    if (flags & MARTINET_FLAG_LIKE_SOURCE) {
        if (stat(op->string[0], &info)) return -errno;
        if (!S_ISDIR(info.st_mode)) flags |= MARTINET_FLAG_FILE;
    }
    int in_root = flags & MARTINET_FLAG_IN_ROOT;
    int root = in_root ? stage->root : AT_FDCWD, fd;
    if (in_root && root < 0) return -EBADF;
    if (!(flags & MARTINET_FLAG_MAKE)) {
        if (in_root) return in_root_open(stage, path, O_PATH);
        fd = open(path, O_PATH | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
    }
    int top = in_root ? root : open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (top < 0) return -errno;
    fd = make_in(top, path, flags & MARTINET_FLAG_FILE, flags & MARTINET_FLAG_FILE ? 0644 : 0755);
    if (!in_root) close(top);
    return fd;
}

static const char *or_null(const char *text) { return text && *text ? text : NULL; }

int op_mount(struct stage *stage, const struct plan_op *op) {
    char target[32];
    int fd = target_open(stage, op, op->string[1]);
    if (fd < 0) return fd;
    fd_path(fd, target);
    const char *source = *op->string[0] ? op->string[0] : "none";
    int result = mount(source, target, or_null(op->string[2]), op->head->a, or_null(op->string[3])) ? -errno : 0;
    close(fd);
    return result;
}

// The flags that a mount already has must be repeated, or a mount from another user namespace refuses the change.
static unsigned long mount_flags(int fd) {
    struct statfs info;
    if (fstatfs(fd, &info)) return 0;
    unsigned long have = (unsigned long)info.f_flags, flags = 0;
    if (have & 1) flags |= MS_RDONLY;
    if (have & 2) flags |= MS_NOSUID;
    if (have & 4) flags |= MS_NODEV;
    if (have & 8) flags |= MS_NOEXEC;
    if (have & 0x400) flags |= MS_NOATIME;
    if (have & 0x800) flags |= MS_NODIRATIME;
    if (have & 0x1000) flags |= MS_RELATIME;
    return flags;
}

int op_remount(struct stage *stage, const struct plan_op *op) {
    char target[32];
    int fd = target_open(stage, op, op->string[0]);
    if (fd < 0) return fd;
    fd_path(fd, target);
    unsigned long flags = (op->head->a | (mount_flags(fd) & ~op->head->b)) | MS_REMOUNT | MS_BIND;
    if (flags & MS_NOATIME) flags &= ~(unsigned long)MS_RELATIME;
    int result = mount("none", target, NULL, flags, NULL) ? -errno : 0;
    close(fd);
    return result;
}

int op_propagation(struct stage *stage, const struct plan_op *op) {
    char target[32];
    int fd = target_open(stage, op, op->string[0]);
    if (fd < 0) return fd;
    fd_path(fd, target);
    int result = mount("none", target, NULL, op->head->a, NULL) ? -errno : 0;
    close(fd);
    return result;
}

int op_pivot(struct stage *stage, const struct plan_op *op) {
    if (fchdir(stage->root)) return -errno;
    if (op->head->flags & MARTINET_FLAG_NO_PIVOT) {
        if (mount(".", "/", NULL, MS_MOVE, NULL) || chroot(".")) return -errno;
    } else {
        // The old root is stacked below the new one at the same place, so no folder for it is needed (pivot_root(2)).
        int old = open("/", O_DIRECTORY | O_RDONLY | O_CLOEXEC);
        if (old < 0) return -errno;
        if (syscall(SYS_pivot_root, ".", ".") || fchdir(old)) return -errno;
        if (mount("none", ".", NULL, MS_SLAVE | MS_REC, NULL) || umount2(".", MNT_DETACH)) return -errno;
        close(old);
    }
    if (chdir("/")) return -errno;
    close(stage->root);
    stage->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return stage->root < 0 ? -errno : 0;
}

static int parent_and_name(struct stage *stage, const char *path, char *folder, const char **name) {
    size_t length = strlen(path);
    if (length >= 4096) return -ENAMETOOLONG;
    memcpy(folder, path, length + 1);
    char *slash = strrchr(folder, '/');
    if (!slash || !slash[1]) return -EINVAL;
    *slash = 0;
    *name = slash + 1;
    int root = stage->root;
    if (root < 0) return -EBADF;
    return make_in(root, folder, 0, 0755);
}

int op_mkdir(struct stage *stage, const struct plan_op *op) {
    if (!(op->head->flags & MARTINET_FLAG_IN_ROOT)) {
        if (mkdir(op->string[0], (mode_t)op->head->a) && errno != EEXIST) return -errno;
        return 0;
    }
    int fd = in_root_open(stage, op->string[0], O_PATH);
    if (fd >= 0) {
        close(fd);
        return 0;
    }
    fd = make_in(stage->root, op->string[0], 0, (unsigned)op->head->a);
    if (fd < 0) return fd;
    int result = 0;
    if (op->head->b || op->head->c)
        result = fchownat(fd, "", (uid_t)op->head->b, (gid_t)op->head->c, AT_EMPTY_PATH) ? -errno : 0;
    close(fd);
    return result;
}

int op_mknod(struct stage *stage, const struct plan_op *op) {
    char folder[4096];
    const char *name;
    int parent = parent_and_name(stage, op->string[0], folder, &name);
    if (parent < 0) return parent;
    int result = 0;
    if (mknodat(parent, name, (mode_t)op->head->a, (dev_t)op->head->b)) result = errno == EEXIST ? 0 : -errno;
    else if (fchownat(parent, name, (uid_t)op->head->c, (gid_t)(op->head->c >> 32), AT_SYMLINK_NOFOLLOW))
        result = -errno;
    close(parent);
    return result;
}

int op_symlink(struct stage *stage, const struct plan_op *op) {
    char folder[4096];
    const char *name;
    int parent = parent_and_name(stage, op->string[1], folder, &name);
    if (parent < 0) return parent;
    int result = symlinkat(op->string[0], parent, name) && errno != EEXIST ? -errno : 0;
    close(parent);
    return result;
}

int op_mask(struct stage *stage, const struct plan_op *op) {
    char target[32];
    struct stat info;
    int fd = target_open(stage, op, op->string[0]);
    if (fd < 0) return fd;
    fd_path(fd, target);
    int result = 0;
    if (fstat(fd, &info)) result = -errno;
    else if (S_ISDIR(info.st_mode))
        result = mount("tmpfs", target, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=0,mode=755")
                     ? -errno : 0;
    else result = mount("/dev/null", target, NULL, MS_BIND, NULL) ? -errno : 0;
    close(fd);
    return result;
}

int op_readonly(struct stage *stage, const struct plan_op *op) {
    char target[32];
    int fd = target_open(stage, op, op->string[0]);
    if (fd < 0) return fd;
    fd_path(fd, target);
    int result = mount(target, target, NULL, MS_BIND | MS_REC, NULL) ? -errno : 0;
    close(fd);
    if (result) return result;
    fd = target_open(stage, op, op->string[0]);  // again: the descriptor above is what lies below the new mount
    if (fd < 0) return fd;
    fd_path(fd, target);
    unsigned long flags = mount_flags(fd) | MS_REMOUNT | MS_BIND | MS_RDONLY;
    result = mount("none", target, NULL, flags, NULL) ? -errno : 0;
    close(fd);
    return result;
}
