/*
 * short_threads [COUNT [PARALLEL [MICROSECONDS]]]: threads that are born and gone between two
 * samples: COUNT (4000) of them, PARALLEL (1) at a time, each of MICROSECONDS (50) in brief().
 */
#include <pthread.h>

#include "truth.h"

enum { PARALLEL_MAX = 64 };

static uint64_t steps, brief_ns;

FUNCTION uint64_t brief(void);

FUNCTION uint64_t brief(void)
{
    return burn(steps);
}

static void *work(void *data)
{
    uint64_t start = thread_ns();

    (void)data;
    brief();
    __atomic_fetch_add(&brief_ns, thread_ns() - start, __ATOMIC_RELAXED);
    return NULL;
}

int main(int argc, char **argv)
{
    int count = (int)number_argument(argc, argv, 1, 4000);
    int parallel = (int)number_argument(argc, argv, 2, 1);
    pthread_t threads[PARALLEL_MAX];

    if (parallel < 1 || parallel > PARALLEL_MAX)
        return 2;
    steps = (uint64_t)(number_argument(argc, argv, 3, 50) * (double)steps_per_us());
    for (int done = 0; done < count; done += parallel) {
        for (int i = 0; i < parallel; i++)
            if (pthread_create(&threads[i], NULL, work, NULL))
                return 1;
        for (int i = 0; i < parallel; i++)
            pthread_join(threads[i], NULL);
    }
    printf("{\"workload\": \"short_threads\", \"cpu_ns\": %" PRIu64
           ", \"functions\": {\"brief\": %" PRIu64 "}}\n",
           process_ns(), brief_ns);
    return 0;
}
