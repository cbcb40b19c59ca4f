#include "base/priority.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

void priority_be_prompt(void)
{
    enum { PROMPT = -20 };

    if (setpriority(PRIO_PROCESS, (id_t)gettid(), PROMPT))
        return; /* not allowed */
}

bool priority_hurry(void)
{
    struct sched_param lowest = {.sched_priority = 1};

    return sched_getscheduler(0) == SCHED_OTHER &&
           !sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &lowest);
}

void priority_calm(void)
{
    struct sched_param none = {.sched_priority = 0};

    /* Who may not take the flag back keeps it. */
    if (sched_setscheduler(0, SCHED_OTHER, &none))
        sched_setscheduler(0, SCHED_OTHER | SCHED_RESET_ON_FORK, &none);
}
