#include "stage.h"

char *put_text(char *out, const char *text) {
    while (*text) *out++ = *text++;
    *out = 0;
    return out;
}

char *put_number(char *out, int64_t value) {
    char digits[24];
    int count = 0;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[count++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0) *out++ = '-';
    while (count) *out++ = digits[--count];
    *out = 0;
    return out;
}

int64_t read_number(const char *text) {
    int64_t value = 0;
    int negative = *text == '-';
    if (negative) text++;
    while (*text >= '0' && *text <= '9' && value < INT64_MAX / 10 - 9) value = value * 10 + (*text++ - '0');
    return negative ? -value : value;
}

int write_all(int fd, const void *bytes, size_t count) {
    const char *next = bytes;
    while (count) {
        ssize_t done = write(fd, next, count);
        if (done < 0) {
            if (errno == EINTR) continue;
            return -errno;
        }
        next += done;
        count -= (size_t)done;
    }
    return 0;
}
