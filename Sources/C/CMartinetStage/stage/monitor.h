// Inside the monitor: one process per pod, one thread, one epoll loop.
#ifndef MONITOR_H
#define MONITOR_H
#include "stage.h"

#define TASKS 512
#define CLIENTS 64
#define LINE_MAX_BYTES 16384

#define SPOOL_BYTES 65536

// One direction of a container's output; see monitor_log.c.
struct stream {
    int fd, file;
    uint32_t size;  // of the file
    char *map;      // of the file, SPOOL_BYTES
};

// Where the log stands, in a file shared with a successor.
struct log_control {
    uint64_t state[2];  // per stream: the first byte of its file that is not in the log; above 32 bits: see make_room
    uint64_t out_length, log_before, next_state;
    uint32_t which, reserved;
    char out[65536 - 48];
};

struct task {
    int used;
    char id[MARTINET_MONITOR_ID_MAX + 1];
    char log_path[1024], oom_path[512];
    int is_exec, adopted, failed;
    struct martinet_status status;
    int results, gate, console, pidfd;
    int client;           // who waits for an answer, or -1
    uint32_t request;
    struct stream out[2];  // a terminal uses the first for both directions
    int in;
    int log;
    struct log_control *control;
    size_t out_done;       // of the batch, in the log
    int blocked;           // the disk takes no more
    char *input;           // stdin bytes that the program has not taken
    size_t input_used;
    int input_client, input_closing;
    uint64_t attached;     // bits of clients
    uint64_t oom_base;
    int64_t ended_at;      // an adopted one's end, while its code is waited for
};

enum source { FROM_LISTENER = 1, FROM_SIGNALS, FROM_CLIENT, FROM_RESULTS, FROM_OUT, FROM_ERR, FROM_CONSOLE, FROM_INPUT,
              FROM_PIDFD, FROM_TIMER };

extern struct task tasks[TASKS];
extern int epoll_fd;

void watch(int fd, enum source source, int index, uint32_t events);
void unwatch(int fd);
int64_t wall_clock(void);

// monitor_client.c
void answer(int client, uint32_t type, uint32_t request, int64_t a, int64_t b);
void send_status(int client, uint32_t type, uint32_t request, struct task *task);
void broadcast_exit(struct task *task);
void send_output(struct task *task, int stream, const char *bytes, size_t count);
void tell_log_blocked(struct task *task, int error);
void accept_client(int listener);
void client_ready(int index);
void client_resume(int index);

// monitor_task.c
struct task *find_task(const char *id);
int create_task(const char *id, const char *log, const char *oom, uint32_t flags, int client, uint32_t request,
                const int *fds, int count, int is_exec);
int adopt_task(const char *id, const char *log, const char *oom, uint32_t flags, int pid, uint64_t start);
void start_task(struct task *task, int client, uint32_t request);
void results_ready(struct task *task);
void console_ready(struct task *task);
void pidfd_ready(struct task *task);
void reap(void);
void remove_task(struct task *task);
int give_input(struct task *task, const char *bytes, size_t count, int client);
void input_ready(struct task *task);

// monitor_log.c
void stream_ready(struct task *task, int which);
void drain_streams(struct task *task);
int open_log(struct task *task);
int open_spool(struct task *task);
void close_spool(struct task *task);
void resume_log(struct task *task);
void retry_logs(void);
#endif
