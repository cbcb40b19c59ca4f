#ifndef FIQ_SYMBOLIZE_DWARF_BUDGET_H
#define FIQ_SYMBOLIZE_DWARF_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

/* How long to work on one program.  CPU time, so that names are not lost because others use the
 * machine; and what passes on the wall, as a slow disk costs none. */
struct dwarf_limits {
    unsigned cpu_ms, wall_ms;
};
/* After this the rest of a file's addresses get their names from symbol tables. */
static const struct dwarf_limits dwarf_usual_limits = {.cpu_ms = 10000, .wall_ms = 60000};

/* Time left; shared by all that works for one program, in the thread that began it. */
struct dwarf_budget {
    uint64_t cpu_end_ns;  /* CLOCK_THREAD_CPUTIME_ID */
    uint64_t wall_end_ns; /* CLOCK_MONOTONIC */
    uint32_t steps;       /* since the last look at the clocks */
    bool spent;
};
enum { DWARF_CHECK_EVERY = 1 << 14, DWARF_UNIT_STEPS = 1 << 8 };
/* What was spent before stays spent. */
void dwarf_budget_begin(struct dwarf_budget *budget, const struct dwarf_limits *limits);
bool dwarf_budget_look(struct dwarf_budget *budget);
/* False when the time is over.  Cheap enough for inner loops. */
static inline bool dwarf_budget_spend(struct dwarf_budget *budget, uint32_t steps)
{
    budget->steps += steps;
    return budget->steps < DWARF_CHECK_EVERY ? !budget->spent : dwarf_budget_look(budget);
}
static inline bool dwarf_budget_step(struct dwarf_budget *budget)
{
    return dwarf_budget_spend(budget, 1);
}
/* For a unit, whose first bytes may have to come from a slow disk. */
static inline bool dwarf_budget_unit(struct dwarf_budget *budget)
{
    return dwarf_budget_spend(budget, DWARF_UNIT_STEPS);
}

#endif
