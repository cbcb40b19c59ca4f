#include "session/account.h"

#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
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

void account_begin(struct account *account, const pid_t *pids, size_t count)
{
    account->rows = xcalloc(count ? count : 1, sizeof(*account->rows));
    account->count = count;
    for (size_t i = 0; i < count; i++)
        account->rows[i] = (struct account_row){pids[i], cpu_time_ns(pids[i])};
}

void account_end(struct account *account)
{
    account->used_ns = 0;
    for (size_t i = 0; i < account->count; i++) {
        uint64_t now_ns = cpu_time_ns(account->rows[i].pid);

        if (now_ns > account->rows[i].begun_ns)
            account->used_ns += now_ns - account->rows[i].begun_ns;
    }
}

void account_free(struct account *account)
{
    free(account->rows);
}
