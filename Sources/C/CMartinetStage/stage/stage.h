// Inside the stage: static, one thread, no allocation after a clone, `_exit` only.
#ifndef STAGE_H
#define STAGE_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "../include/martinet_stage.h"

struct plan_op {
    const struct martinet_plan_op *head;
    const char *string[8];   // the first strings; EXEC walks the bytes itself
    uint32_t length[8];
    const char *body;
};

// Where a plan runs: which descriptors lead outside.
struct stage {
    const char *plan;
    size_t size;
    int result;       // CLOEXEC pipe for martinet_result
    int gate;         // what GATE waits on, or -1
    int gate_listens; // gate is a listening socket: accept, and answer there
    int console;      // socket that takes the terminal's master, or -1
    int root;         // O_PATH of the root file system, or -1
    int sync[2];      // starter to child
    int child;        // in the starter, after CLONE
    int in_child;
    int host_proc;    // O_PATH of the /proc seen at the start
};

// Runs a plan in this process and never returns.
void stage_run(struct stage *stage) __attribute__((noreturn));
// 0 or -errno.
int stage_check_plan(const char *plan, size_t size);
int stage_next_op(const char **at, const char *end, struct plan_op *op);

// mounts.c: 0 or -errno.
int in_root_open(struct stage *stage, const char *path, int flags);
int op_mount(struct stage *stage, const struct plan_op *op);
int op_remount(struct stage *stage, const struct plan_op *op);
int op_propagation(struct stage *stage, const struct plan_op *op);
int op_pivot(struct stage *stage, const struct plan_op *op);
int op_mkdir(struct stage *stage, const struct plan_op *op);
int op_mknod(struct stage *stage, const struct plan_op *op);
int op_symlink(struct stage *stage, const struct plan_op *op);
int op_mask(struct stage *stage, const struct plan_op *op);
int op_readonly(struct stage *stage, const struct plan_op *op);
int fd_path(int fd, char *out);  // "/proc/self/fd/N", at least 32 bytes

// console.c
int op_console(struct stage *stage, const struct plan_op *op);
int send_descriptor(int socket, int fd);

int monitor_main(int argc, char **argv);
int keeper_main(int argc, char **argv);
void init_loop(void) __attribute__((noreturn));

// text.c
char *put_text(char *out, const char *text);
char *put_number(char *out, int64_t value);
int64_t read_number(const char *text);
int write_all(int fd, const void *bytes, size_t count);
#endif
