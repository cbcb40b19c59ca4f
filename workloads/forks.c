/*
 * forks [SECONDS]: a parent, two children that it forks, and a program that a third child
 * executes (this one again, under another name), each busy for a share of SECONDS (2) of CPU
 * time.
 */
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "truth.h"

enum { PARENT, CHILD, GRANDCHILD, EXECUTED, PROCESSES };

FUNCTION uint64_t parent_work(void);
FUNCTION uint64_t child_work(void);
FUNCTION uint64_t grandchild_work(void);
FUNCTION uint64_t executed_work(void);

FUNCTION uint64_t parent_work(void)
{
    return burn(300000);
}

FUNCTION uint64_t child_work(void)
{
    return burn(300000);
}

FUNCTION uint64_t grandchild_work(void)
{
    return burn(300000);
}

FUNCTION uint64_t executed_work(void)
{
    return burn(300000);
}

static void be_busy(uint64_t function(void), uint64_t for_ns, uint64_t *took)
{
    uint64_t start = thread_ns(), sink = 0;

    while (thread_ns() - start < for_ns)
        sink ^= function();
    *took = thread_ns() - start + (sink & 0);
}

static uint64_t *shared_sums(int fd)
{
    uint64_t *sums =
        mmap(NULL, PROCESSES * sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (sums == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    return sums;
}

static pid_t fork_or_die(void)
{
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (pid < 0) {
        perror("fork");
        exit(1);
    }
    return pid;
}

static void execute(int fd, uint64_t for_ns)
{
    char fd_text[16], ns_text[24];

    snprintf(fd_text, sizeof(fd_text), "%d", fd);
    snprintf(ns_text, sizeof(ns_text), "%" PRIu64, for_ns);
    execl("/proc/self/exe", "forks", "--executed", fd_text, ns_text, (char *)NULL);
    _exit(127);
}

int main(int argc, char **argv)
{
    uint64_t *sums, total_ns;
    int fd;

    if (argc == 4 && !strcmp(argv[1], "--executed")) {
        prctl(PR_SET_NAME, "executed");
        sums = shared_sums(atoi(argv[2]));
        be_busy(executed_work, strtoull(argv[3], NULL, 10), &sums[EXECUTED]);
        return 0;
    }
    total_ns = (uint64_t)(number_argument(argc, argv, 1, 2) * 1e9);
    fd = memfd_create("sums", 0);
    if (fd < 0 || ftruncate(fd, PROCESSES * sizeof(uint64_t)))
        return 1;
    sums = shared_sums(fd);
    if (!fork_or_die()) {
        if (!fork_or_die()) {
            be_busy(grandchild_work, total_ns / 5, &sums[GRANDCHILD]);
            _exit(0);
        }
        be_busy(child_work, total_ns * 3 / 10, &sums[CHILD]);
        wait(NULL);
        _exit(0);
    }
    if (!fork_or_die())
        execute(fd, total_ns / 10);
    be_busy(parent_work, total_ns * 4 / 10, &sums[PARENT]);
    while (wait(NULL) > 0)
        ;
    printf("{\"workload\": \"forks\", \"cpu_ns\": %" PRIu64 ", \"functions\": "
           "{\"parent_work\": %" PRIu64 ", \"child_work\": %" PRIu64 ", \"grandchild_work\": "
           "%" PRIu64 ", \"executed_work\": %" PRIu64 "}}\n",
           sums[PARENT] + sums[CHILD] + sums[GRANDCHILD] + sums[EXECUTED], sums[PARENT],
           sums[CHILD], sums[GRANDCHILD], sums[EXECUTED]);
    return 0;
}
