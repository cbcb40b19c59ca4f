/*
 * threads [COUNT [SECONDS [IDLE]]]: COUNT busy threads (4) that share the processors for
 * SECONDS of wall time (2), and IDLE ones (0) that only wait.  Even threads spend their time in
 * even_work, odd ones in odd_work.
 */
#include <pthread.h>
#include <unistd.h>

#include "truth.h"

static uint64_t end_ns;

FUNCTION uint64_t even_work(void);
FUNCTION uint64_t odd_work(void);

FUNCTION uint64_t even_work(void)
{
    return burn(300000);
}

FUNCTION uint64_t odd_work(void)
{
    return burn(300000);
}

struct worker {
    pthread_t thread;
    int number;
    uint64_t took;
};

static void *work(void *data)
{
    struct worker *worker = data;
    char name[16];
    uint64_t sink = 0, start;

    snprintf(name, sizeof(name), "worker-%d", worker->number);
    pthread_setname_np(pthread_self(), name);
    start = thread_ns();
    while (clock_now(CLOCK_MONOTONIC) < end_ns)
        sink ^= worker->number % 2 ? odd_work() : even_work();
    worker->took = thread_ns() - start;
    return (void *)(uintptr_t)(sink & 1);
}

static void *idle(void *data)
{
    while (clock_now(CLOCK_MONOTONIC) < end_ns)
        usleep(50000);
    return data;
}

static void start(pthread_t *thread, void *function(void *), void *data)
{
    if (pthread_create(thread, NULL, function, data)) {
        perror("pthread_create");
        exit(1);
    }
}

int main(int argc, char **argv)
{
    int count = (int)number_argument(argc, argv, 1, 4);
    int idle_count = (int)number_argument(argc, argv, 3, 0);
    struct worker *workers = calloc((size_t)count + 1, sizeof(*workers));
    pthread_t *idlers = calloc((size_t)idle_count + 1, sizeof(*idlers));
    uint64_t took[2] = {0};

    end_ns = clock_now(CLOCK_MONOTONIC) + (uint64_t)(number_argument(argc, argv, 2, 2) * 1e9);
    for (int i = 0; i < idle_count; i++)
        start(&idlers[i], idle, NULL);
    for (int i = 0; i < count; i++) {
        workers[i].number = i;
        start(&workers[i].thread, work, &workers[i]);
    }
    for (int i = 0; i < count; i++) {
        pthread_join(workers[i].thread, NULL);
        took[i % 2] += workers[i].took;
    }
    for (int i = 0; i < idle_count; i++)
        pthread_join(idlers[i], NULL);
    printf("{\"workload\": \"threads\", \"cpu_ns\": %" PRIu64 ", \"functions\": "
           "{\"even_work\": %" PRIu64 ", \"odd_work\": %" PRIu64 "}, \"threads\": {",
           process_ns(), took[0], took[1]);
    for (int i = 0; i < count; i++)
        printf("%s\"worker-%d\": %" PRIu64, i ? ", " : "", i, workers[i].took);
    puts("}}");
    free(workers);
    free(idlers);
    return 0;
}
