/*
 * signals [SECONDS [alternate]]: a timer of CPU time interrupts work() every 4 ms, as a
 * profiler inside the program would; its handler takes 2 ms.  Half of the samples (of 2 s) lie
 * in on_timer, and all of these below work.  "alternate" gives the handler a stack of its own.
 */
#include <signal.h>
#include <stdbool.h>

#include "truth.h"

static uint64_t us, handler_ns;

FUNCTION uint64_t work(uint64_t steps);
FUNCTION void on_timer(int signal);

FUNCTION uint64_t work(uint64_t steps)
{
    return burn(steps);
}

FUNCTION void on_timer(int signal)
{
    uint64_t start = thread_ns();

    (void)signal;
    burn(2000 * us);
    handler_ns += thread_ns() - start;
}

int main(int argc, char **argv)
{
    static char alternate[65536];
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)};
    struct sigaction action = {.sa_handler = on_timer, .sa_flags = SA_ONSTACK | SA_RESTART};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    struct itimerspec every = {.it_interval = {.tv_nsec = 4000000},
                               .it_value = {.tv_nsec = 4000000}};
    uint64_t limit = (uint64_t)(number_argument(argc, argv, 1, 2) * 1e9);
    uint64_t sink = 0, start, work_ns;
    timer_t timer;

    us = steps_per_us();
    if (argc > 2)
        sigaltstack(&stack, NULL);
    sigaction(SIGUSR1, &action, NULL);
    if (timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer) ||
        timer_settime(timer, 0, &every, NULL)) {
        perror("timer");
        return 1;
    }
    start = thread_ns();
    while (thread_ns() - start < limit)
        sink ^= work(20000 * us);
    work_ns = thread_ns() - start;
    timer_delete(timer);
    printf("{\"workload\": \"signals\", \"cpu_ns\": %" PRIu64 ", \"functions\": "
           "{\"work\": %" PRIu64 ", \"on_timer\": %" PRIu64 "}, \"sink\": %u}\n",
           process_ns(), work_ns, handler_ns, (unsigned)(sink & 1));
    return 0;
}
