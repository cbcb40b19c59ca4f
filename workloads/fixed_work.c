/*
 * fixed_work [MILLIONS [HOT [MEDIUM [COLD]]]]: three functions in the proportion of 70, 20
 * and 10.
 *
 * Always the same work (300 million steps), however fast the machine is: what a benchmark is.
 * HOT, MEDIUM and COLD make each function dearer: 1.1 is ten percent.
 */
#include "truth.h"

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

enum { TURN = 100000 };

int main(int argc, char **argv)
{
    static uint64_t (*const functions[])(uint64_t) = {hot, medium, cold};
    uint64_t turns = (uint64_t)(number_argument(argc, argv, 1, 300) * 1e6 / TURN);
    uint64_t steps[3], took[3] = {0}, sink = 0;

    for (int i = 0; i < 3; i++)
        steps[i] = (uint64_t)(TURN * number_argument(argc, argv, i + 2, 1));
    for (uint64_t i = 0; i < turns; i++) {
        int tenth = (int)(i * 7 % 10), which = tenth < 7 ? 0 : tenth < 9 ? 1 : 2;
        uint64_t start = thread_ns();

        sink ^= functions[which](steps[which]);
        took[which] += thread_ns() - start;
    }
    printf("{\"workload\": \"fixed_work\", \"cpu_ns\": %" PRIu64 ", \"functions\": "
           "{\"hot\": %" PRIu64 ", \"medium\": %" PRIu64 ", \"cold\": %" PRIu64 "}, "
           "\"sink\": %u}\n",
           process_ns(), took[0], took[1], took[2], (unsigned)(sink & 1));
    return 0;
}
