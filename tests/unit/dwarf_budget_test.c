#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <time.h>

#include "symbolize/dwarf_budget.h"

enum { LONG_MS = 1000000 };

static void sleep_ms(unsigned ms)
{
    struct timespec time = {.tv_nsec = (long)ms * 1000000};

    nanosleep(&time, NULL);
}

Test(dwarf_budget, waiting_is_not_work)
{
    struct dwarf_budget budget = {0};

    dwarf_budget_begin(&budget, &(struct dwarf_limits){.cpu_ms = 100, .wall_ms = LONG_MS});
    sleep_ms(300);
    cr_assert(dwarf_budget_look(&budget));
}

Test(dwarf_budget, work_comes_to_an_end)
{
    struct dwarf_budget budget = {0};

    dwarf_budget_begin(&budget, &(struct dwarf_limits){.cpu_ms = 20, .wall_ms = LONG_MS});
    while (dwarf_budget_step(&budget))
        ;
    cr_assert(budget.spent);
    dwarf_budget_begin(&budget, &dwarf_usual_limits);
    cr_assert(not(dwarf_budget_step(&budget)), "what was spent stays spent");
}

Test(dwarf_budget, a_slow_disk_is_not_waited_for_without_end)
{
    struct dwarf_budget budget = {0};
    unsigned units = 0;

    dwarf_budget_begin(&budget, &(struct dwarf_limits){.cpu_ms = LONG_MS, .wall_ms = 1});
    sleep_ms(5);
    for (; dwarf_budget_unit(&budget); units++)
        ;
    cr_assert(lt(u32, units, 64), "the clocks are looked at before many units were opened");
}
