// The stage: started by Swift from a sealed memfd, it performs what Swift planned. The first argument is its mode:
//   run <plan> <result> <gate> <gate listens> <console>   descriptors, -1 for none
//   monitor <folder>
//   keeper <configuration>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "stage.h"

static int run_main(int argc, char **argv) {
    if (argc != 7) return 2;
    int plan = (int)read_number(argv[2]);
    struct stage stage = {
        .result = (int)read_number(argv[3]), .gate = (int)read_number(argv[4]),
        .gate_listens = (int)read_number(argv[5]), .console = (int)read_number(argv[6]), .root = -1, .sync = {-1, -1}};
    struct stat info;
    if (fstat(plan, &info) || info.st_size <= 0 || info.st_size > MARTINET_PLAN_BYTES_MAX) return 2;
    stage.size = (size_t)info.st_size;
    stage.plan = mmap(NULL, stage.size, PROT_READ, MAP_PRIVATE, plan, 0);
    if (stage.plan == MAP_FAILED) return 2;
    for (int i = 0; i < 4; i++) {
        int fd = i == 0 ? plan : i == 1 ? stage.result : i == 2 ? stage.gate : stage.console;
        if (fd >= 0) fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
    stage_run(&stage);
}

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    if (!strcmp(argv[1], "run")) return run_main(argc, argv);
    if (!strcmp(argv[1], "monitor")) return monitor_main(argc, argv);
    if (!strcmp(argv[1], "keeper")) return keeper_main(argc, argv);
    return 2;
}
