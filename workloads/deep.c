/*
 * deep [DEPTH [SECONDS]]: burns CPU below DEPTH recursive calls; 75 of them, for 3 s.  It also
 * says how many rounds of equal work it did in which wall time, so that a slow-down shows.
 */
#include "truth.h"

static uint64_t limit, in_bottom, rounds, wall_ns;

FUNCTION uint64_t bottom(void);
FUNCTION uint64_t recurse(int left);

FUNCTION uint64_t bottom(void)
{
    uint64_t sink = 0, start = thread_ns(), wall = clock_now(CLOCK_MONOTONIC);

    for (; thread_ns() < limit; rounds++)
        sink ^= burn(1000000);
    wall_ns = clock_now(CLOCK_MONOTONIC) - wall;
    in_bottom = thread_ns() - start;
    return sink;
}

FUNCTION uint64_t recurse(int left)
{
    volatile uint64_t frame[4] = {(uint64_t)left}; /* a frame of some size */

    return (left > 1 ? recurse(left - 1) : bottom()) + frame[0];
}

int main(int argc, char **argv)
{
    int depth = (int)number_argument(argc, argv, 1, 75);
    uint64_t sink;

    limit = (uint64_t)(number_argument(argc, argv, 2, 3) * 1e9);
    sink = recurse(depth);
    printf("{\"workload\": \"deep\", \"cpu_ns\": %" PRIu64
           ", \"functions\": {\"bottom\": %" PRIu64 ", \"recurse\": %" PRIu64
           "}, \"depth\": {\"recurse\": %d}, \"rounds\": %" PRIu64 ", \"wall_ns\": %" PRIu64
           ", \"sink\": %u}\n",
           process_ns(), in_bottom, in_bottom, depth, rounds, wall_ns, (unsigned)(sink & 1));
    return 0;
}
