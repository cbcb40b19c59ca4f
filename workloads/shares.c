/* shares [SECONDS]: three functions that take 70, 20 and 10 percent of the CPU time. */
#include "truth.h"

static uint64_t us; /* steps a microsecond */

FUNCTION uint64_t hot(void);
FUNCTION uint64_t medium(void);
FUNCTION uint64_t cold(void);

FUNCTION uint64_t hot(void)
{
    return burn(700 * us);
}

FUNCTION uint64_t medium(void)
{
    return burn(200 * us);
}

FUNCTION uint64_t cold(void)
{
    return burn(100 * us);
}

static uint64_t timed(uint64_t function(void), uint64_t *sum)
{
    uint64_t start = thread_ns(), result = function();

    *sum += thread_ns() - start;
    return result;
}

int main(int argc, char **argv)
{
    uint64_t limit = (uint64_t)(number_argument(argc, argv, 1, 3) * 1e9);
    uint64_t took[3] = {0}, sink = 0;

    us = steps_per_us();
    while (thread_ns() < limit) {
        sink ^= timed(hot, &took[0]);
        sink ^= timed(medium, &took[1]);
        sink ^= timed(cold, &took[2]);
    }
    printf("{\"workload\": \"shares\", \"cpu_ns\": %" PRIu64 ", \"functions\": "
           "{\"hot\": %" PRIu64 ", \"medium\": %" PRIu64 ", \"cold\": %" PRIu64 "}, "
           "\"sink\": %u}\n",
           process_ns(), took[0], took[1], took[2], (unsigned)(sink & 1));
    return 0;
}
