#ifndef FIQ_CAPTURE_CLOCKS_H
#define FIQ_CAPTURE_CLOCKS_H

#include <stddef.h>
#include <stdint.h>

/*
 * The clocks that sample a CPU or a thread.
 *
 * A clock ticks with a period that never varies.  A program that repeats itself nearly in step
 * with it (each 10 ms, and a clock of 99 Hz) is met again and again at the same places: a
 * function is then counted far too often or not at all, in recording after recording, and no
 * count of samples tells.  So there are two clocks of odd periods, drawn anew each time, whose
 * rates add up to what was asked for.  What is in step with one of them is not with the other,
 * nor with either the next time.  Each sample still stands for the same time, and there are no
 * more of them.
 *
 * Simulated for 2000 samples and a function that takes a fifth of loops of 0.1 to 30 periods,
 * simple fractions among them, which vary by up to 5 %: with one fixed clock the variance of
 * its share is up to 2000 times that of counting (15 % of the recordings are off by more
 * than 3.3 standard errors where loops vary by 5 %, 75 % where they do not); with two it is 0.3
 * to 1 times that, and at most 1.4 % are.  Three to eight clocks are no better, and each costs
 * half of its period at the start.
 */
enum { CLOCKS_MOST = 2 };

struct clocks {
    uint64_t periods[CLOCKS_MOST]; /* nanoseconds; of events that are no clocks, as it is */
    size_t count;
};

/* A single one, of just that period. */
struct clocks clocks_one(uint64_t period);

/* Two that tick together as often as one with that period.  `random`: any 64 bits. */
struct clocks clocks_two(uint64_t period, uint64_t random);

/* A period within `spread` (0.05: 5 %) of that, for a clock that has to be alone. */
uint64_t clocks_near(uint64_t period, double spread, uint64_t random);

#endif
