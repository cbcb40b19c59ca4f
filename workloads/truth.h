#ifndef FIQ_WORKLOADS_TRUTH_H
#define FIQ_WORKLOADS_TRUTH_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/*
 * What the workloads share.  Each prints, as its last line, one JSON object:
 *
 *   {"workload": "shares", "cpu_ns": N, "functions": {"hot": N, …}, …}
 *
 * `functions` holds the CPU time spent in a function and what it calls, as measured around it
 * with the CPU clock of its thread; a right profile has that share of its samples below it.
 * More keys say what else is known, e.g. how many frames deep a recursion was.
 */

/* A function that is to appear in stacks under its own name. */
#ifdef __clang__
#define FUNCTION __attribute__((noinline))
#else
#define FUNCTION __attribute__((noinline, noclone))
#endif

static inline uint64_t clock_now(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline uint64_t thread_ns(void)
{
    return clock_now(CLOCK_THREAD_CPUTIME_ID);
}

static inline uint64_t process_ns(void)
{
    return clock_now(CLOCK_PROCESS_CPUTIME_ID);
}

/* Arithmetic that no compiler can leave out, inlined into the caller: its self time. */
__attribute__((always_inline)) static inline uint64_t burn(uint64_t steps)
{
    uint64_t x = steps | 1;

    for (uint64_t i = 0; i < steps; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        __asm__ volatile("" : "+r"(x));
    }
    return x;
}

/* How many steps of burn() take a microsecond here, about. */
static inline uint64_t steps_per_us(void)
{
    uint64_t steps = 1000, took;

    do {
        uint64_t start = thread_ns();

        steps *= 2;
        burn(steps);
        took = thread_ns() - start;
    } while (took < 2000000);
    return steps * 1000 / took + 1;
}

static inline double number_argument(int argc, char **argv, int index, double otherwise)
{
    return argc > index ? strtod(argv[index], NULL) : otherwise;
}

#endif
