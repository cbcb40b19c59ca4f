#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "profile/profile.h"
#include "profile/quality.h"

#define COUNT(member)                                                                          \
    {                                                                                          \
#member, offsetof(struct quality, member), false                                       \
    }
#define FLAG(member)                                                                           \
    {                                                                                          \
#member, offsetof(struct quality, member), true                                        \
    }

const struct quality_field quality_fields[] = {COUNT(complete),
                                               COUNT(cut),
                                               COUNT(broken),
                                               COUNT(kernel_only),
                                               COUNT(unnamed),
                                               COUNT(lost),
                                               COUNT(throttled),
                                               COUNT(foreign),
                                               COUNT(pruned),
                                               COUNT(unexplained),
                                               COUNT(owed),
                                               COUNT(made),
                                               COUNT(turns),
                                               FLAG(user_only),
                                               FLAG(inherited),
                                               FLAG(largest_copy),
                                               {0}};

uint64_t quality_get(const struct quality *quality, const struct quality_field *field)
{
    const char *at = (const char *)quality + field->offset;

    return field->is_flag ? *(const bool *)at : *(const uint64_t *)(const void *)at;
}

void quality_set(struct quality *quality, const struct quality_field *field, uint64_t value)
{
    char *at = (char *)quality + field->offset;

    if (field->is_flag)
        *(bool *)at = value;
    else
        *(uint64_t *)(void *)at = value;
}

uint64_t quality_samples(const struct quality *quality)
{
    return quality->complete + quality->cut + quality->broken + quality->kernel_only;
}

/* Clocks, and what runs before the first sample is due, differ a little.  On a CPU that is
 * shared in slices shorter than a period it is chance whose slice a sample meets: four standard
 * deviations of that are no reason to speak. */
uint64_t quality_missing(const struct quality *quality)
{
    enum { FEW = 10, PART = 20, DEVIATIONS = 4 };
    uint64_t known = quality_samples(quality) + quality->lost, owed = quality->owed;
    double missing = (double)owed - (double)known;

    if (owed < known + FEW || owed - known < owed / PART ||
        missing * missing < DEVIATIONS * DEVIATIONS * (double)owed)
        return 0;
    return owed - known;
}

struct line {
    char *text;
    size_t size, length;
};

PRINTF_LIKE(2, 3)
static void append(struct line *line, const char *format, ...)
{
    va_list arguments;
    int added;

    va_start(arguments, format);
    added = vsnprintf(line->text + line->length, line->size - line->length, format, arguments);
    va_end(arguments);
    if (added > 0)
        line->length += (size_t)added;
    if (line->length >= line->size)
        line->length = line->size - 1;
}

/* "1.2 % cut (--stack-size 65528 copies more)"; nothing when there is none.  What is there
 * never shows as 0.0 %. */
static void share(struct line *line, uint64_t count, uint64_t all, const char *what,
                  const char *help)
{
    double percent = all ? 100.0 * (double)count / (double)all : 0;

    if (!count)
        return;
    if (percent < 0.1)
        append(line, ", <0.1 %% %s", what);
    else
        append(line, ", %.1f %% %s", percent, what);
    if (help)
        append(line, " (%s)", help);
}

/* What is missing may be the time that CPUs took to wake up (session/account.h), when it is no
 * more than that for each turn of the target. */
static void missing(struct line *line, const struct quality *quality, uint64_t period_ns)
{
    enum { WAKING_NS_MOST = 40 * 1000 };
    uint64_t count = quality_missing(quality);
    double turns = (double)quality->turns;
    double each_ns = turns > 0 ? (double)count * (double)period_ns / turns : 0;

    if (!count)
        return;
    append(line,
           ", %" PRIu64 " of at least %" PRIu64 " samples that its CPU time owes are missing",
           count, quality->owed);
    if (each_ns > 0 && each_ns < WAKING_NS_MOST)
        append(line,
               " (%.1f µs for each of the %" PRIu64 " times that it was put on a CPU: waking a "
               "CPU counts as CPU time)",
               each_ns / 1000, quality->turns);
}

void profile_quality_line(const struct profile *profile, char *text, size_t size)
{
    const struct quality *q = &profile_facts(profile)->quality;
    struct line line = {.text = text, .size = size};
    uint64_t all = quality_samples(q), stacks = all - q->kernel_only;
    uint64_t made = q->made < q->unnamed ? q->made : q->unnamed;
    size_t notes;

    text[0] = '\0';
    if (!q->measured)
        return;
    profile_notes(profile, &notes);
    if (stacks) {
        double complete = 100.0 * (double)q->complete / (double)stacks;

        /* 99.96 % is not all of them. */
        if (q->complete < stacks && complete > 99.9)
            complete = 99.9;
        append(&line, "%.*f %% of stacks complete", q->complete == stacks ? 0 : 1, complete);
    } else {
        append(&line, "no user stacks");
    }
    share(&line, q->cut, stacks, "cut",
          q->largest_copy ? "deeper than what could be copied"
                          : "--stack-size 65528 copies more");
    share(&line, q->broken, stacks, "broken",
          notes ? "a note names the files without unwind rules" : NULL);
    share(&line, q->unnamed - made, all, "of leaf names unknown",
          "fiq doctor FILE says which symbols would help");
    share(&line, made, all, "of leaf names unknown in code made at run time",
          "told to, its run-time names it: node --perf-basic-prof, java "
          "-XX:+UnlockDiagnosticVMOptions -XX:+DumpPerfMapAtExit, python -X perf");
    share(&line, q->pruned, all, "pruned", "--max-nodes raises the limit");
    if (q->lost)
        append(&line,
               ", %" PRIu64 " of %" PRIu64
               " samples lost (a lower -f or more --ring-pages helps)",
               q->lost, q->lost + all);
    missing(&line, q, profile_facts(profile)->period);
    if (q->throttled)
        append(&line,
               ", throttled %" PRIu64 " times (lower -f, or raise "
               "kernel.perf_event_max_sample_rate)",
               q->throttled);
    if (q->foreign)
        append(&line, ", %" PRIu64 " foreign samples dropped%s", q->foreign,
               q->foreign > 9 * all && all ? " (--per-thread is gentler)" : "");
    if (q->unexplained)
        append(&line, ", %" PRIu64 " records not understood", q->unexplained);
    if (q->user_only)
        append(&line, ", user frames only");
    if (q->inherited)
        append(&line,
               ", threads that live shorter than a period are under-sampled (run as root)");
}
