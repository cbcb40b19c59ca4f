/*
 * in_step PERIOD_NS [SECONDS]: the worst that can happen to a sampling clock.
 *
 * The first half of each period is spent in one function and the second in another.  Periods
 * are those of the monotonic clock, which also drives timers: a clock that ticks with that
 * period, or twice as fast, meets the same place for ever.
 */
#include "truth.h"

FUNCTION void first_half(uint64_t until);
FUNCTION void second_half(uint64_t until);

FUNCTION void first_half(uint64_t until)
{
    while (clock_now(CLOCK_MONOTONIC) < until)
        burn(20);
}

FUNCTION void second_half(uint64_t until)
{
    while (clock_now(CLOCK_MONOTONIC) < until)
        burn(20);
}

int main(int argc, char **argv)
{
    uint64_t period = (uint64_t)number_argument(argc, argv, 1, 1e6), took[2] = {0};
    uint64_t start = clock_now(CLOCK_MONOTONIC), at = start, used[3];
    uint64_t end = start + (uint64_t)(number_argument(argc, argv, 2, 1) * 1e9);

    while (at < end) {
        used[0] = thread_ns();
        first_half(at + period / 2);
        used[1] = thread_ns();
        second_half(at += period);
        used[2] = thread_ns();
        for (int i = 0; i < 2; i++)
            took[i] += used[i + 1] - used[i];
    }
    printf("{\"workload\": \"in_step\", \"cpu_ns\": %" PRIu64 ", \"functions\": "
           "{\"first_half\": %" PRIu64 ", \"second_half\": %" PRIu64 "}}\n",
           process_ns(), took[0], took[1]);
    return 0;
}
