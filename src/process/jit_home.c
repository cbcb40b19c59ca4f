#include "process/jit_home.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "base/xalloc.h"

/* NSpid lists the PIDs from our namespace to the innermost; the last is the process's own. */
static void read_status(struct jit_home *home, pid_t pid)
{
    char path[64], line[512];
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    file = fopen(path, "re");
    if (!file)
        return;
    while (fgets(line, sizeof(line), file)) {
        unsigned effective;

        if (sscanf(line, "Uid: %*u %u", &effective) == 1) {
            home->owner = effective;
            home->seen = true;
        } else if (!strncmp(line, "NSpid:", 6)) {
            char *last = strrchr(line, '\t');

            if (last && atoi(last) > 0)
                home->inner_pid = atoi(last);
        }
    }
    fclose(file);
}

/* Field 22 of /proc/PID/stat is the start in ticks since boot. */
static int64_t start_time(pid_t pid)
{
    char path[64], line[1024];
    const char *behind;
    unsigned long long ticks = 0;
    struct timespec boot, now;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    file = fopen(path, "re");
    if (!file)
        return 0;
    if (fgets(line, sizeof(line), file) && (behind = strrchr(line, ')')))
        sscanf(
            behind + 1,
            " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu",
            &ticks);
    fclose(file);
    clock_gettime(CLOCK_BOOTTIME, &boot);
    clock_gettime(CLOCK_REALTIME, &now);
    return ticks ? now.tv_sec - boot.tv_sec +
                       (int64_t)(ticks / (unsigned long)sysconf(_SC_CLK_TCK))
                 : 0;
}

static void read_program(struct jit_home *home, pid_t pid)
{
    char path[64], program[PATH_MAX];
    ssize_t length;

    snprintf(path, sizeof(path), "/proc/%d/exe", pid);
    length = readlink(path, program, sizeof(program) - 1);
    if (length <= 0)
        return;
    program[length] = 0;
    snprintf(home->program, sizeof(home->program), "%.63s", text_file_name(program));
}

/* Under sudo the processes that fiq started belong to the user behind it. */
static uid_t own_user(void)
{
    const char *sudo = getenv("SUDO_UID");

    return sudo && !geteuid() ? (uid_t)strtoul(sudo, NULL, 10) : geteuid();
}

static void ask(struct jit_home *home, pid_t pid)
{
    char path[64];

    read_status(home, pid);
    home->started = start_time(pid);
    if (!home->seen) /* it ended a moment ago; what is old is of another with its number */
        home->started = time(NULL) - 30;
    read_program(home, pid);
    snprintf(path, sizeof(path), "/proc/%d/root/tmp", pid);
    home->tmp = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

struct jit_home *jit_home_open(pid_t pid, pid_t name)
{
    struct jit_home *home = xcalloc(1, sizeof(*home));

    home->inner_pid = name;
    home->owner = own_user();
    home->tmp = -1;
    if (pid)
        ask(home, pid);
    /* Gone: then only our own /tmp is left. */
    if (home->tmp < 0 && !home->seen)
        home->tmp = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return home;
}

void jit_home_close(struct jit_home *home)
{
    if (!home)
        return;
    if (home->tmp >= 0)
        close(home->tmp);
    free(home);
}

int jit_home_open_map(const struct jit_home *home)
{
    enum { SLACK_SECONDS = 2 };
    char name[64];
    struct stat file;
    int fd;

    if (home->tmp < 0) {
        errno = ENOENT;
        return -1;
    }
    snprintf(name, sizeof(name), "perf-%d.map", home->inner_pid);
    fd = openat(home->tmp, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        if (errno == ELOOP)
            errno = EPERM;
        return -1;
    }
    if (fstat(fd, &file) || !S_ISREG(file.st_mode) ||
        (file.st_uid != home->owner && file.st_uid != 0)) {
        close(fd);
        errno = EPERM;
        return -1;
    }
    if (home->started && file.st_mtime + SLACK_SECONDS < home->started) {
        close(fd);
        errno = ESTALE;
        return -1;
    }
    return fd;
}
