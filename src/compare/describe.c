/* What is compared, on what scale, and what else differs between the two sides. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "compare/comparison.h"

void comparison_note(struct comparison *comparison, const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        abort();
    va_end(arguments);
    comparison->notes = xgrow(comparison->notes, &comparison->note_room,
                              comparison->note_count + 1, sizeof(*comparison->notes));
    comparison->notes[comparison->note_count++] = text;
}

/* ---- scales ---- */

static const struct time_unit {
    const char *name;
    double seconds;
} time_units[] = {
    {"nanoseconds", 1e-9}, {"microseconds", 1e-6}, {"milliseconds", 1e-3}, {"seconds", 1}};

static double seconds_of_unit(const char *unit)
{
    for (size_t i = 0; i < ARRAY_LENGTH(time_units); i++)
        if (!strcmp(unit, time_units[i].name))
            return time_units[i].seconds;
    return 0;
}

static const struct value_type *type_of(const struct profile *run, size_t value)
{
    size_t count;

    return &profile_value_types(run, &count)[value];
}

static const char *unit_of(const struct profile *run, size_t value)
{
    return profile_string(run, type_of(run, value)->unit);
}

static bool is_count(const struct profile *run, size_t value)
{
    return !strcmp(unit_of(run, value), "count") || !*unit_of(run, value);
}

static bool is_named_samples(const struct profile *run, size_t value)
{
    const char *name = profile_string(run, type_of(run, value)->name);

    return is_count(run, value) && (!strcmp(name, "samples") || !*name);
}

/* CPU seconds that one sample stands for, by the clock that took it; 0 when not known. */
static double seconds_per_sample(const struct profile *run)
{
    const struct profile_info *info = profile_facts(run);
    const char *event = profile_string(run, info->event);

    if (!strstr(event, "clock"))
        return 0;
    if (info->period)
        return (double)info->period * 1e-9;
    return info->frequency_hz > 0 ? 1 / info->frequency_hz : 0;
}

/* A double, because shares must be right where the sum does not fit 64 bits. */
static double whole_of(const struct profile *run, size_t value)
{
    size_t count;
    double sum = 0;

    profile_stacks(run, &count);
    for (size_t i = 0; i < count; i++) {
        uint64_t one = profile_values(run, (stack_id)i)[value];

        sum += one == NOT_MEASURED ? 0 : (double)one;
    }
    return sum;
}

/* How many samples one unit of the value stands for, 0 when nothing says so. */
static double samples_per_unit(const struct profile *run, size_t value)
{
    size_t count;
    double whole = whole_of(run, value), unit = seconds_of_unit(unit_of(run, value));

    profile_value_types(run, &count);
    if (is_named_samples(run, value))
        return 1;
    for (size_t i = 0; i < count; i++)
        if (is_named_samples(run, i) && whole > 0)
            return whole_of(run, i) / whole;
    if (unit > 0 && seconds_per_sample(run) > 0)
        return unit / seconds_per_sample(run);
    return is_count(run, value) ? 1 : 0;
}

static double amount_per_unit(const struct profile *run, size_t value, const char **unit)
{
    double seconds = seconds_of_unit(unit_of(run, value));

    *unit = "CPU seconds";
    if (seconds > 0)
        return seconds;
    if (is_named_samples(run, value)) {
        seconds = seconds_per_sample(run);
        if (seconds > 0)
            return seconds;
        *unit = "samples";
        return 1;
    }
    *unit = is_count(run, value) ? profile_string(run, type_of(run, value)->name)
                                 : unit_of(run, value);
    return 1;
}

/*
 * How many samples a run makes is partly chance; what CPU time it took was counted by the
 * scheduler, to the microsecond.  Where that is known, samples say which part of it each
 * function took, and the whole is free of the noise of counting.  It is the time of what was
 * waited for: a run that left something behind, or whose samples were lost, has another number
 * of them than is owed by more than chance.
 */
static double seconds_owed(const struct profile *run, size_t value)
{
    enum { DEVIATIONS = 5 };
    static const double START = 0.01; /* what passes before the first sample is due */
    const struct quality *quality = &profile_facts(run)->quality;
    double owed = (double)quality->owed, whole = whole_of(run, value);
    double samples = whole * samples_per_unit(run, value);

    if (!(seconds_of_unit(unit_of(run, value)) > 0) && !is_named_samples(run, value))
        return 0;
    if (!quality->owed || quality->user_only || !(samples > 0) ||
        fabs(samples - owed) > DEVIATIONS * sqrt(owed) + START * owed)
        return 0;
    return owed * seconds_per_sample(run);
}

/* Of all runs, or none: one side must not be counted in another way than the other. */
static bool all_are_owed(const struct compare_side sides[2], const size_t *values)
{
    size_t column = 0;

    for (int i = 0; i < 2; i++)
        for (size_t j = 0; j < sides[i].count; j++, column++)
            if (!(seconds_owed(sides[i].runs[j], values[column]) > 0))
                return false;
    return true;
}

static void set_scales(struct comparison *comparison, const struct compare_side sides[2],
                       const size_t *values)
{
    const char *units[2] = {"", ""};
    bool owed = comparison_of_runs(comparison) && all_are_owed(sides, values);
    size_t column = 0;

    comparison->run_amounts = xcalloc(comparison->tree.columns + 1, sizeof(double));
    for (int i = 0; i < 2; i++) {
        double whole = 0, samples = 0, amount = 0;

        for (size_t j = 0; j < sides[i].count; j++, column++) {
            const struct profile *run = sides[i].runs[j];
            double of_run = whole_of(run, values[column]);

            comparison->run_amounts[column] = amount_per_unit(run, values[column], &units[i]);
            if (owed && of_run > 0)
                comparison->run_amounts[column] = seconds_owed(run, values[column]) / of_run;
            whole += of_run;
            samples += of_run * samples_per_unit(run, values[column]);
            amount += of_run * comparison->run_amounts[column];
        }
        comparison->whole_sum[i] = whole;
        comparison->samples_per_unit[i] = whole > 0 ? samples / whole : 0;
        comparison->amount_per_unit[i] = whole > 0 ? amount / whole : 1;
        comparison->facts[i].samples = samples;
    }
    if (strcmp(units[0], units[1])) {
        comparison_note(comparison,
                        "before counts %s, after counts %s: only shares can be compared",
                        units[0], units[1]);
        comparison->amount_per_unit[0] = comparison->amount_per_unit[1] = 0;
        for (size_t i = 0; i < comparison->tree.columns; i++)
            comparison->run_amounts[i] = 0;
        units[0] = "";
    }
    comparison->unit = xstrdup(units[0]);
}

/* ---- facts ---- */

enum { TEXT_LABEL, TEXT_EVENT, TEXT_COMMAND, TEXT_HOST };

static void set_facts(struct comparison *comparison, const struct compare_side *side, int which)
{
    const struct profile *first = side->runs[0];
    const struct profile_info *info = profile_facts(first);
    struct side_facts *facts = &comparison->facts[which];
    char **texts = comparison->texts[which];
    double complete = 0, judged = 0;

    facts->label = texts[TEXT_LABEL] = xstrdup(side->label);
    facts->event = texts[TEXT_EVENT] = xstrdup(profile_string(first, info->event));
    facts->command = texts[TEXT_COMMAND] = xstrdup(profile_string(first, info->command));
    facts->host = texts[TEXT_HOST] = xstrdup(profile_string(first, info->host));
    facts->runs = side->count;
    facts->frequency_hz = info->frequency_hz;
    if (facts->frequency_hz <= 0 && info->period && strstr(facts->event, "clock"))
        facts->frequency_hz = 1e9 / (double)info->period;
    for (size_t i = 0; i < side->count; i++) {
        const struct profile_info *run = profile_facts(side->runs[i]);
        const struct quality *quality = &run->quality;

        facts->duration_s += (double)run->duration_ns * 1e-9;
        complete += (double)quality->complete;
        judged += (double)quality->complete + (double)quality->cut + (double)quality->broken;
    }
    facts->complete = judged > 0 ? complete / judged : -1;
}

/* ---- what else differs ---- */

static bool differ(const char *a, const char *b)
{
    return *a && *b && strcmp(a, b);
}

static void note_measurement(struct comparison *comparison)
{
    const struct side_facts *before = &comparison->facts[BEFORE];
    const struct side_facts *after = &comparison->facts[AFTER];

    if (differ(before->event, after->event))
        comparison_note(comparison,
                        "the events differ: %s before, %s after; shares of different things "
                        "are compared",
                        before->event, after->event);
    if (before->frequency_hz > 0 && after->frequency_hz > 0 &&
        fabs(before->frequency_hz - after->frequency_hz) > 0.01 * before->frequency_hz)
        comparison_note(comparison, "the rates differ: %.4g Hz before, %.4g Hz after",
                        before->frequency_hz, after->frequency_hz);
    if (differ(before->host, after->host))
        comparison_note(comparison, "measured on different machines: %s, and %s", before->host,
                        after->host);
    if (before->complete >= 0 && after->complete >= 0 &&
        fabs(before->complete - after->complete) > 0.02)
        comparison_note(comparison,
                        "of the stacks, %.1f %% are complete before and %.1f %% after: some "
                        "paths may differ for that reason only",
                        100 * before->complete, 100 * after->complete);
}

static void note_command(struct comparison *comparison)
{
    const struct side_facts *before = &comparison->facts[BEFORE];
    const struct side_facts *after = &comparison->facts[AFTER];

    /* Sides that are called by their commands say it already. */
    if (!strcmp(before->command, before->label) && !strcmp(after->command, after->label))
        return;
    if (differ(before->command, after->command))
        comparison_note(comparison, "the commands differ: \"%s\" before, \"%s\" after",
                        before->command, after->command);
}

static void note_limits(struct comparison *comparison)
{
    for (int i = 0; i < 2; i++) {
        const char *side = i ? "after" : "before";

        if (comparison->whole_sum[i] <= 0)
            comparison_note(comparison, "%s (%s) holds no sample: nothing can be judged", side,
                            comparison->facts[i].label);
        else if (comparison->samples_per_unit[i] <= 0)
            comparison_note(comparison,
                            "%s does not say how many samples its %s come from: differences "
                            "are shown as they are, without an interval",
                            side, comparison->unit);
        if (comparison->facts[i].total >= NOT_MEASURED - 1)
            comparison_note(comparison,
                            "the counts %s add up to more than 64 bits hold; shares are right, "
                            "sums stop at the largest number",
                            side);
    }
    if (comparison->facts[0].samples > 0 && comparison->facts[1].samples > 0) {
        double ratio = comparison->facts[1].samples / comparison->facts[0].samples;

        if (ratio > 1000 || ratio < 0.001)
            comparison_note(comparison,
                            "one side has %.3g times as many samples as the other; the smaller "
                            "one decides what can be seen",
                            ratio > 1 ? ratio : 1 / ratio);
    }
    if ((comparison->facts[0].runs > 1) != (comparison->facts[1].runs > 1))
        comparison_note(comparison,
                        "one side has a single run: how much runs differ is not known, only "
                        "what sampling can tell");
}

void comparison_describe(struct comparison *comparison, const struct compare_side sides[2],
                         const size_t *values)
{
    for (int i = 0; i < 2; i++)
        set_facts(comparison, &sides[i], i);
    set_scales(comparison, sides, values);
    note_measurement(comparison);
    note_command(comparison);
    note_limits(comparison);
}
