// The system calls of image unpacking and building that Swift's Glibc module cannot see. Each returns a value of zero
// or more, or a negative errno.
#ifndef MARTINET_IMAGES_H
#define MARTINET_IMAGES_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint64_t inode, size, device; // device: of the file system
    int64_t seconds;              // of the last change of the content
    uint32_t nanoseconds, mode, uid, gid, links;
    uint32_t major, minor;        // of a device node
} martinet_images_stat;

// Opens `path` under `root` as chroot(2) would see it: neither `..` nor a link leads out. See openat2(2), RESOLVE_IN_ROOT.
int martinet_images_open_in_root(int root, const char *path, int flags, uint32_t mode);
// fstatat(2) that follows no link; an empty name means the descriptor itself.
int martinet_images_stat_at(int folder, const char *name, martinet_images_stat *result);
int martinet_images_make_node(int folder, const char *name, uint32_t mode, uint32_t major, uint32_t minor);
int martinet_images_syncfs(int descriptor);
// What the folder's entries are, one name after another, each ended by a zero byte. The caller frees `*names`.
int martinet_images_list(int folder, char **names, size_t *bytes);

// A descriptor that only names a place; O_PATH, which needs _GNU_SOURCE.
enum { martinet_images_path_only = 010000000 };

// Extended attributes, of the link itself and not of what it leads to. The lists and values are at most `room` bytes.
int martinet_images_set_attribute(const char *path, const char *name, const void *value, size_t count, int follow);
int64_t martinet_images_get_attribute(const char *path, const char *name, void *value, size_t room);
int64_t martinet_images_list_attributes(const char *path, char *names, size_t room);

#endif
