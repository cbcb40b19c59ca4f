/*
 * shares [SECONDS]: three functions that take 70, 20 and 10 percent of the CPU time (3 s).
 *
 * They take turns at random, for random times: with a fixed rhythm a sampling rate near a
 * multiple of it would see one of them too often.
 */
#include "truth.h"

static uint64_t us; /* steps a microsecond */

FUNCTION uint64_t hot(uint64_t steps);
FUNCTION uint64_t medium(uint64_t steps);
FUNCTION uint64_t cold(uint64_t steps);

FUNCTION uint64_t hot(uint64_t steps)
{
    return burn(steps);
}

FUNCTION uint64_t medium(uint64_t steps)
{
    return burn(steps);
}

FUNCTION uint64_t cold(uint64_t steps)
{
    return burn(steps);
}

/* The same numbers in each run. */
static uint64_t random_below(uint64_t limit)
{
    static uint64_t state = 88172645463325252u;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % limit;
}

int main(int argc, char **argv)
{
    static uint64_t (*const functions[])(uint64_t) = {hot, medium, cold};
    uint64_t limit = (uint64_t)(number_argument(argc, argv, 1, 3) * 1e9);
    uint64_t took[3] = {0}, sink = 0;

    us = steps_per_us();
    while (thread_ns() < limit) {
        uint64_t tenth = random_below(10), steps = (50 + random_below(400)) * us;
        int which = tenth < 7 ? 0 : tenth < 9 ? 1 : 2;
        uint64_t start = thread_ns();

        sink ^= functions[which](steps);
        took[which] += thread_ns() - start;
    }
    printf("{\"workload\": \"shares\", \"cpu_ns\": %" PRIu64 ", \"functions\": "
           "{\"hot\": %" PRIu64 ", \"medium\": %" PRIu64 ", \"cold\": %" PRIu64 "}, "
           "\"sink\": %u}\n",
           process_ns(), took[0], took[1], took[2], (unsigned)(sink & 1));
    return 0;
}
