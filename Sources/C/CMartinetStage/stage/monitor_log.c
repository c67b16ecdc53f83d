// Container output to CRI log lines: `<RFC 3339 with nanoseconds> stdout F <line>`, P for a part of a longer line.
//
// Whole to the byte even if this monitor is killed at any instant, and each byte once. What it has taken from a pipe is
// in a file of the pod's folder (spliced there by the kernel: the file's size is the record of it), what it is about to
// write is in another, with the log's size before: its successor looks how far the log has got and goes on from there.
// What the disk does not take waits, and the container with it.
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#include "monitor.h"

#define barrier() __atomic_thread_fence(__ATOMIC_SEQ_CST)

static void put_digits(char *at, int count, int64_t value) {
    while (count--) {
        at[count] = (char)('0' + value % 10);
        value /= 10;
    }
}

// `2026-01-02T03:04:05.123456789Z`, 30 characters; the date is worked out once a second.
static void put_time(char *at) {
    static int64_t second = -1;
    static char text[20];
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (now.tv_sec != second) {
        second = now.tv_sec;
        int64_t days = second / 86400, rest = second % 86400;
        // The calendar in eras of 400 years that begin in March.
        int64_t z = days + 719468, era = z / 146097, doe = z - era * 146097;
        int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
        int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
        int64_t month = mp < 10 ? mp + 3 : mp - 9;
        memcpy(text, "0000-00-00T00:00:00.", 20);
        put_digits(text, 4, yoe + era * 400 + (month <= 2));
        put_digits(text + 5, 2, month);
        put_digits(text + 8, 2, doy - (153 * mp + 2) / 5 + 1);
        put_digits(text + 11, 2, rest / 3600);
        put_digits(text + 14, 2, rest / 60 % 60);
        put_digits(text + 17, 2, rest % 60);
    }
    memcpy(at, text, 20);
    put_digits(at + 20, 9, now.tv_nsec);
    at[29] = 'Z';
}

static int map_file(struct task *task, const char *suffix, size_t size, int grow, char **map) {
    char name[256];
    struct stat info;
    put_text(put_text(name, task->id), suffix);
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return -errno;
    if (fstat(fd, &info) || (grow && (size_t)info.st_size < size && ftruncate(fd, (off_t)size))) {
        close(fd);
        return -errno;
    }
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) {
        close(fd);
        return -ENOMEM;
    }
    *map = at;
    return fd;
}

// Opens, or makes, the files that make the log whole. After a predecessor, they say where it stood.
int open_spool(struct task *task) {
    char *control;
    struct stat info;
    int fd = map_file(task, ".ctl", sizeof(struct log_control), 1, &control);
    if (fd < 0) return fd;
    close(fd);
    task->control = (struct log_control *)control;
    for (int i = 0; i < 2; i++) {
        struct stream *stream = &task->out[i];
        stream->file = map_file(task, i ? ".b2" : ".b1", SPOOL_BYTES, 0, &stream->map);
        if (stream->file < 0) return stream->file;
        if (fstat(stream->file, &info)) return -errno;
        uint64_t state = task->control->state[i], moved = state >> 32;
        stream->size = info.st_size > SPOOL_BYTES ? SPOOL_BYTES : (uint32_t)info.st_size;
        if (moved) {  // killed while the rest was moved to the front
            if (ftruncate(stream->file, (off_t)moved)) return -errno;
            stream->size = (uint32_t)moved;
        }
        if (moved || (uint32_t)state > stream->size) task->control->state[i] = 0;
    }
    if (task->control->out_length > sizeof task->control->out) task->control->out_length = 0;
    if (task->control->out_length && task->log >= 0 && !fstat(task->log, &info)) {
        int64_t written = info.st_size - (int64_t)task->control->log_before;
        if (written > 0) task->out_done = (size_t)written;
        if (task->out_done > task->control->out_length) task->out_done = task->control->out_length;
    }
    return 0;
}

void close_spool(struct task *task) {
    for (int i = 0; i < 2; i++) {
        if (task->out[i].map) munmap(task->out[i].map, SPOOL_BYTES);
        if (task->out[i].file >= 0) close(task->out[i].file);
    }
    if (task->control) munmap(task->control, sizeof *task->control);
}

// Goes on writing the batch; -1 where the disk takes no more.
static int write_batch(struct task *task) {
    struct log_control *control = task->control;
    while (task->log >= 0 && task->out_done < control->out_length) {
        ssize_t put = write(task->log, control->out + task->out_done, control->out_length - task->out_done);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) {
            if (!task->blocked) {
                tell_log_blocked(task, errno);
                for (int i = 0; i < 2; i++)
                    if (task->out[i].fd >= 0) unwatch(task->out[i].fd);
            }
            task->blocked = 1;
            return -1;
        }
        task->out_done += (size_t)put;
    }
    control->state[control->which] = control->next_state;
    barrier();
    control->out_length = 0;
    task->out_done = 0;
    return 0;
}

static int commit(struct task *task, int which, size_t length, uint32_t next) {
    struct stat info = {0};
    if (task->log >= 0 && fstat(task->log, &info)) info.st_size = 0;
    task->control->log_before = (uint64_t)info.st_size;
    task->control->which = (uint32_t)which;
    task->control->next_state = next;
    barrier();
    task->control->out_length = length;  // from here on the batch counts
    return write_batch(task);
}

static size_t put_line(char *at, int which, char tag, const char *bytes, size_t count) {
    put_time(at);
    memcpy(at + 30, which ? " stderr " : " stdout ", 8);
    at[38] = tag;
    at[39] = ' ';
    memcpy(at + 40, bytes, count);
    at[40 + count] = '\n';
    return 41 + count;
}

// Makes room: an empty file starts again, a rest moves to the front.
static void make_room(struct task *task, int which) {
    struct stream *stream = &task->out[which];
    uint64_t *state = &task->control->state[which];
    uint32_t start = (uint32_t)*state, rest = stream->size - start;
    if (stream->size < SPOOL_BYTES / 2 || (rest && start < rest)) return;
    if (rest) {
        memcpy(stream->map, stream->map + start, rest);
        barrier();
        *state = (uint64_t)rest << 32;
        barrier();
    }
    if (ftruncate(stream->file, rest)) return;
    stream->size = rest;
    barrier();
    *state = 0;
}

static void cut_lines(struct task *task, int which, int at_end) {
    struct stream *stream = &task->out[which];
    struct log_control *control = task->control;
    while (!control->out_length) {
        uint32_t start = (uint32_t)control->state[which], at = start;
        size_t used = 0;
        while (at < stream->size) {
            uint32_t have = stream->size - at, look = have > LINE_MAX_BYTES + 1 ? LINE_MAX_BYTES + 1 : have;
            char *end = memchr(stream->map + at, '\n', look);
            uint32_t count = end ? (uint32_t)(end - stream->map) - at : have > LINE_MAX_BYTES ? LINE_MAX_BYTES : have;
            if (!end && have <= LINE_MAX_BYTES && !at_end) break;
            if (used + count + 64 > sizeof control->out) break;
            // No line end was written: none may appear.
            used += put_line(control->out + used, which, end ? 'F' : 'P', stream->map + at, count);
            at += count + (end != NULL);
        }
        if (at == start || commit(task, which, used, at)) break;
    }
    if (!control->out_length) make_room(task, which);
}

static ssize_t take(struct task *task, struct stream *stream) {
    loff_t offset = stream->size;
    size_t room = SPOOL_BYTES - stream->size;
    if (!room) {
        errno = EAGAIN;
        return -1;
    }
    if (!(task->status.flags & MARTINET_TASK_TTY))
        return splice(stream->fd, NULL, stream->file, &offset, room, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
    char bytes[4096];  // a terminal cannot be spliced from; it does not outlive this monitor anyway
    ssize_t got = read(stream->fd, bytes, room < sizeof bytes ? room : sizeof bytes);
    return got > 0 ? pwrite(stream->file, bytes, (size_t)got, offset) : got;
}

static void close_stream(struct task *task, struct stream *stream) {
    unwatch(stream->fd);
    close(stream->fd);
    if (task->in == stream->fd) task->in = -1;
    stream->fd = -1;
}

// Reads once. 1: there may be more; 0: nothing now; -1: the end.
static int read_stream(struct task *task, int which) {
    struct stream *stream = &task->out[which];
    if (stream->fd < 0) return -1;
    if (task->blocked) return 0;
    ssize_t got = take(task, stream);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    if (got <= 0) {  // a terminal's end is EIO
        cut_lines(task, which, 1);
        close_stream(task, stream);
        return -1;
    }
    for (ssize_t sent = 0; task->attached && sent < got; sent += 32768)
        send_output(task, which + 1, stream->map + stream->size + sent, got - sent > 32768 ? 32768 : (size_t)(got - sent));
    stream->size += (uint32_t)got;
    cut_lines(task, which, 0);
    return 1;
}

void stream_ready(struct task *task, int which) {
    // A few reads a turn, so that one loud container does not silence its neighbours.
    for (int i = 0; i < 8; i++)
        if (read_stream(task, which) <= 0) return;
}

// All that has been written until now, after the program's end.
void drain_streams(struct task *task) {
    for (int which = 0; which < 2; which++)
        for (int i = 0; i < 4096; i++)
            if (read_stream(task, which) <= 0) break;
}

int open_log(struct task *task) {
    if (!task->log_path[0]) return 0;
    int fd = open(task->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (fd < 0) return -errno;
    if (task->log >= 0) close(task->log);
    task->log = fd;
    return 0;
}

// Goes on where the log stopped: after a predecessor, or when the disk has room again.
void resume_log(struct task *task) {
    if (task->control->out_length && write_batch(task)) return;
    task->blocked = 0;
    for (int which = 0; which < 2; which++) {
        cut_lines(task, which, task->out[which].fd < 0);
        if (task->blocked) return;
        if (task->out[which].fd >= 0)
            watch(task->out[which].fd, which ? FROM_ERR : FROM_OUT, (int)(task - tasks), EPOLLIN);
    }
}

void retry_logs(void) {
    for (int i = 0; i < TASKS; i++)
        if (tasks[i].used && tasks[i].blocked) resume_log(&tasks[i]);
}
