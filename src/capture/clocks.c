#include "capture/clocks.h"

/* How much the faster one's rate is above the half, and the slower one's below: between three
 * and four fifths of the samples come from the faster one.  Nearly equal periods would be in
 * step with the same programs, and a very slow clock would be long in coming. */
static const double LEAST = 0.2, MOST = 0.6;

static double from_zero_to_one(uint64_t random)
{
    return (double)(random >> 11) / (double)(UINT64_C(1) << 53);
}

struct clocks clocks_one(uint64_t period)
{
    return (struct clocks){.periods = {period}, .count = 1};
}

struct clocks clocks_two(uint64_t period, uint64_t random)
{
    double apart = LEAST + (MOST - LEAST) * from_zero_to_one(random);
    double twice = 2 * (double)period;

    return (struct clocks){.periods = {(uint64_t)(twice / (1 + apart) + 0.5),
                                       (uint64_t)(twice / (1 - apart) + 0.5)},
                           .count = 2};
}

uint64_t clocks_turn(uint64_t period)
{
    enum { TICKS = 20, TURN_LEAST = 50 * 1000 * 1000 };

    return period < TURN_LEAST / TICKS ? TURN_LEAST : period * TICKS;
}

struct clocks clocks_in_turn(uint64_t period, uint64_t random)
{
    static const double APART = 0.2;
    double forgotten = (double)period / 2 / (double)clocks_turn(period);
    double faster = APART * (2 * from_zero_to_one(random) - 1);

    return (struct clocks){
        .periods = {(uint64_t)((double)period / (1 + faster + forgotten) + 0.5),
                    (uint64_t)((double)period / (1 - faster + forgotten) + 0.5)},
        .count = 2};
}

uint64_t clocks_near(uint64_t period, double spread, uint64_t random)
{
    double faster = 1 + spread * (2 * from_zero_to_one(random) - 1);

    return (uint64_t)((double)period / faster + 0.5);
}
