#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>

#include "base/priority.h"

static void *note_policy(void *policy)
{
    *(int *)policy = sched_getscheduler(0);
    return NULL;
}

Test(priority, a_hurry_is_of_the_calling_thread_and_ends)
{
    pthread_t thread;
    int of_thread = -1;

    if (!priority_hurry())
        cr_skip("real-time scheduling is not allowed here");
    cr_expect(eq(int, sched_getscheduler(0), SCHED_RR | SCHED_RESET_ON_FORK));
    cr_assert(eq(int, pthread_create(&thread, NULL, note_policy, &of_thread), 0));
    pthread_join(thread, NULL);
    cr_expect(eq(int, of_thread, SCHED_OTHER));

    priority_calm();
    cr_expect(eq(int, sched_getscheduler(0) & ~SCHED_RESET_ON_FORK, SCHED_OTHER));
}

Test(priority, who_was_given_another_policy_keeps_it)
{
    struct sched_param none = {.sched_priority = 0};

    cr_assert(eq(int, sched_setscheduler(0, SCHED_BATCH, &none), 0));

    cr_expect(not(priority_hurry()));
    cr_expect(eq(int, sched_getscheduler(0), SCHED_BATCH));
}

Test(priority, being_prompt_never_makes_us_slower)
{
    int before = getpriority(PRIO_PROCESS, 0);

    priority_be_prompt();
    cr_expect(le(int, getpriority(PRIO_PROCESS, 0), before));
}
