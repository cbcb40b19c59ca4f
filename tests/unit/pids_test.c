#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/pids.h"

static pthread_barrier_t all_there, all_seen;

static void *wait_there(void *data)
{
    *(pid_t *)data = gettid();
    pthread_barrier_wait(&all_there);
    pthread_barrier_wait(&all_seen);
    return NULL;
}

static unsigned times_met(struct pid_walk walk, pid_t wanted)
{
    unsigned times = 0;
    pid_t id;

    while ((id = pid_walk_next(&walk)))
        times += id == wanted;
    pid_walk_end(&walk);
    return times;
}

Test(pids, every_thread_is_met_once)
{
    enum { COUNT = 5 };
    pthread_t threads[COUNT];
    pid_t ids[COUNT];

    pthread_barrier_init(&all_there, NULL, COUNT + 1);
    pthread_barrier_init(&all_seen, NULL, COUNT + 1);
    for (int i = 0; i < COUNT; i++)
        pthread_create(&threads[i], NULL, wait_there, &ids[i]);
    pthread_barrier_wait(&all_there);
    for (int i = 0; i < COUNT; i++)
        cr_expect(eq(u32, times_met(pid_walk_threads(getpid()), ids[i]), 1));
    cr_expect(eq(u32, times_met(pid_walk_threads(getpid()), getpid()), 1));
    pthread_barrier_wait(&all_seen);
    for (int i = 0; i < COUNT; i++)
        pthread_join(threads[i], NULL);
}

Test(pids, processes_are_met_and_those_that_are_gone_have_no_threads)
{
    pid_t child = fork();

    if (!child) {
        pause();
        _exit(0);
    }
    cr_expect(eq(u32, times_met(pid_walk_processes(), child), 1));
    cr_expect(eq(u32, times_met(pid_walk_threads(child), child), 1));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);

    struct pid_walk gone = pid_walk_threads(child);

    cr_expect(eq(i32, pid_walk_next(&gone), 0));
    pid_walk_end(&gone);
}
