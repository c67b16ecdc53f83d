#define _GNU_SOURCE 1
#include "martinet_images.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

int martinet_images_open_in_root(int root, const char *path, int flags, uint32_t mode) {
    struct open_how how = {.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    how.flags = (uint64_t)(flags | O_CLOEXEC);
    how.mode = mode;
    // The kernel answers EAGAIN where a rename elsewhere made it unsure that a `..` stayed inside.
    for (int attempt = 0; attempt < 64; attempt++) {
        long result = syscall(SYS_openat2, root, path, &how, sizeof how);
        if (result >= 0) return (int)result;
        if (errno != EAGAIN && errno != EINTR) return -errno;
    }
    return -EAGAIN;
}

int martinet_images_stat_at(int folder, const char *name, martinet_images_stat *result) {
    struct stat info;
    if (fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) != 0) return -errno;
    *result = (martinet_images_stat){
        .inode = info.st_ino, .size = (uint64_t)info.st_size, .device = info.st_dev,
        .seconds = info.st_mtim.tv_sec, .nanoseconds = (uint32_t)info.st_mtim.tv_nsec, .mode = info.st_mode,
        .uid = info.st_uid, .gid = info.st_gid, .links = (uint32_t)info.st_nlink,
        .major = major(info.st_rdev), .minor = minor(info.st_rdev)};
    return 0;
}

int martinet_images_make_node(int folder, const char *name, uint32_t mode, uint32_t majorNumber, uint32_t minorNumber) {
    return mknodat(folder, name, mode, makedev(majorNumber, minorNumber)) == 0 ? 0 : -errno;
}

int martinet_images_syncfs(int descriptor) { return syncfs(descriptor) == 0 ? 0 : -errno; }

int martinet_images_list(int folder, char **names, size_t *bytes) {
    int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy < 0) return -errno;
    DIR *stream = fdopendir(copy);
    if (!stream) {
        int error = errno;
        close(copy);
        return -error;
    }
    size_t used = 0, room = 0;
    char *all = NULL;
    int result = 0;
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(stream);
        if (!entry) {
            result = -errno;
            break;
        }
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        size_t length = strlen(entry->d_name) + 1;
        if (used + length > room) {
            size_t larger = room * 2 + length + 512;
            char *grown = realloc(all, larger);
            if (!grown) {
                result = -ENOMEM;
                break;
            }
            all = grown, room = larger;
        }
        memcpy(all + used, entry->d_name, length);
        used += length;
    }
    closedir(stream);
    if (result < 0) {
        free(all);
        return result;
    }
    *names = all;
    *bytes = used;
    return 0;
}

_Static_assert(martinet_images_path_only == O_PATH, "O_PATH");

int martinet_images_set_attribute(const char *path, const char *name, const void *value, size_t count, int follow) {
    int result = follow ? setxattr(path, name, value, count, 0) : lsetxattr(path, name, value, count, 0);
    return result == 0 ? 0 : -errno;
}

int64_t martinet_images_get_attribute(const char *path, const char *name, void *value, size_t room) {
    ssize_t count = lgetxattr(path, name, value, room);
    return count >= 0 ? count : -errno;
}

int64_t martinet_images_list_attributes(const char *path, char *names, size_t room) {
    ssize_t count = llistxattr(path, names, room);
    return count >= 0 ? count : -errno;
}
