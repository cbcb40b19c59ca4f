#include "session/account.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/pids.h"
#include "base/xalloc.h"

/* 0 when the process is gone. */
static uint64_t cpu_time_ns(pid_t pid)
{
    struct timespec time;
    clockid_t clock;

    if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &time))
        return 0;
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* The third number of a thread's schedstat; 0 when it is gone. */
static uint64_t turns_of_thread(pid_t pid, pid_t tid)
{
    char path[64], text[96];
    uint64_t turns;
    ssize_t length;
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", (int)pid, (int)tid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    length = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (length <= 0)
        return 0;
    text[length] = '\0';
    return sscanf(text, "%*u %*u %" SCNu64, &turns) == 1 ? turns : 0;
}

/* How often its threads were put on a CPU; 0 when it is gone. */
static uint64_t turns(pid_t pid)
{
    struct pid_walk walk = pid_walk_threads(pid);
    uint64_t sum = 0;
    pid_t tid;

    while ((tid = pid_walk_next(&walk)))
        sum += turns_of_thread(pid, tid);
    pid_walk_end(&walk);
    return sum;
}

void account_begin(struct account *account, const pid_t *pids, size_t count)
{
    account->rows = xcalloc(count ? count : 1, sizeof(*account->rows));
    account->count = count;
    for (size_t i = 0; i < count; i++)
        account->rows[i] =
            (struct account_row){.pid = pids[i], .begun_ns = cpu_time_ns(pids[i])};
}

void account_begin_turns(struct account *account)
{
    for (size_t i = 0; i < account->count; i++)
        account->rows[i].begun_turns = turns(account->rows[i].pid);
}

void account_end(struct account *account)
{
    account->used_ns = account->turns = 0;
    for (size_t i = 0; i < account->count; i++) {
        const struct account_row *row = &account->rows[i];
        uint64_t now_ns = cpu_time_ns(row->pid), now_turns = turns(row->pid);

        if (now_ns > row->begun_ns)
            account->used_ns += now_ns - row->begun_ns;
        if (now_turns > row->begun_turns)
            account->turns += now_turns - row->begun_turns;
    }
}

void account_free(struct account *account)
{
    free(account->rows);
}
