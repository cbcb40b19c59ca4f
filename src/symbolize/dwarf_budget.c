#include "symbolize/dwarf_budget.h"

#include "base/clock.h"

void dwarf_budget_begin(struct dwarf_budget *budget, const struct dwarf_limits *limits)
{
    static const uint64_t ms = 1000000;

    budget->cpu_end_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) + limits->cpu_ms * ms;
    budget->wall_end_ns = clock_ns(CLOCK_MONOTONIC) + limits->wall_ms * ms;
}

bool dwarf_budget_look(struct dwarf_budget *budget)
{
    budget->steps = 0;
    if (clock_ns(CLOCK_THREAD_CPUTIME_ID) > budget->cpu_end_ns ||
        clock_ns(CLOCK_MONOTONIC) > budget->wall_end_ns)
        budget->spent = true;
    return !budget->spent;
}
