// Container output to CRI log lines: `<RFC 3339 with nanoseconds> stdout F <line>`, P for a part of a longer line.
// Nothing that was read is ever dropped: what the disk does not take waits, and the container with it.
#include <sys/epoll.h>
#include <sys/stat.h>
#include <time.h>
#include <stdlib.h>

#include "monitor.h"

static char out[65536];
static size_t out_used;

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

static void keep(struct task *task, const char *bytes, size_t count) {
    if (task->pending_used + count > task->pending_size) {
        size_t size = task->pending_used + count + 65536;
        char *larger = realloc(task->pending, size);
        if (!larger) _exit(12);  // no memory for a few hundred KB: the loss is told by this monitor's end
        task->pending = larger;
        task->pending_size = size;
    }
    memcpy(task->pending + task->pending_used, bytes, count);
    task->pending_used += count;
}

static void stop_reading(struct task *task, int error) {
    for (int i = 0; i < 2; i++)
        if (task->out[i].fd >= 0) unwatch(task->out[i].fd);
    tell_log_blocked(task, error);
}

static void flush(struct task *task) {
    size_t done = 0;
    if (task->log < 0) {
        out_used = 0;  // a task without a log, such as a terminal that only attaches
        return;
    }
    if (!task->pending_used) {
        while (done < out_used) {
            ssize_t put = write(task->log, out + done, out_used - done);
            if (put < 0 && errno == EINTR) continue;
            if (put < 0) {
                stop_reading(task, errno);
                break;
            }
            done += (size_t)put;
        }
    }
    if (done < out_used) keep(task, out + done, out_used - done);
    out_used = 0;
}

static void emit(struct task *task, int which, char tag, const char *bytes, size_t count) {
    if (out_used + count + 64 > sizeof out) flush(task);
    char *at = out + out_used;
    put_time(at);
    memcpy(at + 30, which ? " stderr " : " stdout ", 8);
    at[38] = tag;
    at[39] = ' ';
    memcpy(at + 40, bytes, count);
    at[40 + count] = '\n';
    out_used += 41 + count;
}

static void cut_lines(struct task *task, int which, int at_end) {
    struct stream *stream = &task->out[which];
    size_t start = 0;
    while (start < stream->used) {
        char *end = memchr(stream->buffer + start, '\n', stream->used - start);
        if (!end) break;
        size_t count = (size_t)(end - stream->buffer) - start;
        emit(task, which, 'F', stream->buffer + start, count);
        start += count + 1;
    }
    size_t rest = stream->used - start;
    if (rest && (at_end || rest == LINE_MAX_BYTES)) {
        emit(task, which, 'P', stream->buffer + start, rest);  // no line end was written: none may appear
        rest = 0;
    } else if (rest && start) {
        memmove(stream->buffer, stream->buffer + start, rest);
    }
    stream->used = (uint32_t)rest;
    flush(task);
}

// Reads once. 1: there may be more; 0: nothing now; -1: the end.
static int read_stream(struct task *task, int which) {
    struct stream *stream = &task->out[which];
    if (stream->fd < 0) return -1;
    if (!stream->buffer && !(stream->buffer = malloc(LINE_MAX_BYTES))) _exit(12);
    ssize_t got = read(stream->fd, stream->buffer + stream->used, LINE_MAX_BYTES - stream->used);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    if (got <= 0) {  // a terminal's end is EIO
        cut_lines(task, which, 1);
        if (!task->pending_used) unwatch(stream->fd);
        close(stream->fd);
        if (task->in == stream->fd) task->in = -1;
        stream->fd = -1;
        free(stream->buffer);
        stream->buffer = NULL;
        return -1;
    }
    if (task->attached) send_output(task, which + 1, stream->buffer + stream->used, (size_t)got);
    stream->used += (uint32_t)got;
    cut_lines(task, which, 0);
    return 1;
}

void stream_ready(struct task *task, int which) {
    // A few reads a turn, so that one loud container does not silence its neighbours.
    for (int i = 0; i < 8 && !task->pending_used; i++)
        if (read_stream(task, which) <= 0) return;
}

// All that has been written until now, after the program's end.
void drain_streams(struct task *task) {
    for (int which = 0; which < 2; which++)
        for (int i = 0; i < 4096 && !task->pending_used; i++)
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

void retry_logs(void) {
    for (int i = 0; i < TASKS; i++) {
        struct task *task = &tasks[i];
        if (!task->used || !task->pending_used) continue;
        size_t done = 0;
        while (done < task->pending_used) {
            ssize_t put = write(task->log, task->pending + done, task->pending_used - done);
            if (put < 0 && errno == EINTR) continue;
            if (put < 0) break;
            done += (size_t)put;
        }
        memmove(task->pending, task->pending + done, task->pending_used - done);
        task->pending_used -= done;
        if (task->pending_used) continue;
        free(task->pending);
        task->pending = NULL;
        task->pending_size = 0;
        for (int which = 0; which < 2; which++)
            if (task->out[which].fd >= 0) watch(task->out[which].fd, which ? FROM_ERR : FROM_OUT, i, EPOLLIN);
    }
}
