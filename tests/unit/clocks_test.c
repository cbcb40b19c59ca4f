#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>

#include "base/hash.h"
#include "capture/clocks.h"

enum { DRAWS = 1000 };

static double rate(uint64_t period)
{
    return 1e9 / (double)period;
}

Test(clocks, two_together_tick_as_often_as_one)
{
    const uint64_t periods[] = {10000, 1003009, 10101010, UINT64_C(1000000000)};

    for (size_t i = 0; i < 4; i++)
        for (uint64_t draw = 0; draw < DRAWS; draw++) {
            struct clocks clocks = clocks_two(periods[i], hash_u64(draw));
            double together = rate(clocks.periods[0]) + rate(clocks.periods[1]);

            cr_assert(eq(sz, clocks.count, 2));
            cr_assert(lt(dbl, fabs(together / rate(periods[i]) - 1), 1e-4));
        }
}

Test(clocks, none_is_in_step_with_the_period_or_the_other)
{
    for (uint64_t draw = 0; draw < DRAWS; draw++) {
        struct clocks clocks = clocks_two(1000000, hash_u64(draw));

        cr_assert(gt(u64, clocks.periods[0], 1200000));
        cr_assert(gt(dbl, (double)clocks.periods[1] / (double)clocks.periods[0], 1.4));
        cr_assert(lt(u64, clocks.periods[1], 5100000));
    }
}

Test(clocks, hardly_two_draws_are_alike)
{
    for (uint64_t draw = 0; draw < DRAWS; draw++)
        cr_assert(ne(u64, clocks_two(1000000, hash_u64(draw)).periods[0],
                     clocks_two(1000000, hash_u64(draw + 1)).periods[0]));
}

Test(clocks, a_single_one_keeps_its_period)
{
    struct clocks clocks = clocks_one(1003009);

    cr_expect(eq(sz, clocks.count, 1));
    cr_expect(eq(u64, clocks.periods[0], 1003009));
}

Test(clocks, two_in_turn_tick_as_often_as_one_though_each_forgets_half_a_period)
{
    const uint64_t periods[] = {200000, 1003009, 10101010};

    for (size_t i = 0; i < 3; i++) {
        double turn = (double)clocks_turn(periods[i]), wanted = turn / (double)periods[i];

        cr_expect(ge(dbl, turn, 50e6));
        for (uint64_t draw = 0; draw < DRAWS; draw++) {
            struct clocks clocks = clocks_in_turn(periods[i], hash_u64(draw));
            double ticks = turn / (double)clocks.periods[0] + turn / (double)clocks.periods[1];

            cr_assert(eq(sz, clocks.count, 2));
            cr_assert(lt(dbl, fabs(rate(clocks.periods[0]) / rate(periods[i]) - 1), 0.23));
            cr_assert(lt(dbl, fabs((ticks - 1) / (2 * wanted) - 1), 1e-4));
        }
    }
}

Test(clocks, near_is_within_the_spread_and_uses_all_of_it)
{
    double least = INFINITY, most = 0;

    for (uint64_t draw = 0; draw < DRAWS; draw++) {
        double near = rate(clocks_near(1000000, 0.05, hash_u64(draw))) / 1000;

        least = fmin(least, near);
        most = fmax(most, near);
    }
    cr_expect(gt(dbl, least, 0.9499));
    cr_expect(lt(dbl, least, 0.952));
    cr_expect(gt(dbl, most, 1.048));
    cr_expect(lt(dbl, most, 1.0501));
    cr_expect(eq(u64, clocks_near(1000000, 0, 12345), 1000000));
}
