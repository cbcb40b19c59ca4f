/* What a measurement says when it ends. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/layout.h"
#include "report/report.h"

enum { HOTTEST = 10, INDENT = 2, NUMBERS = 18 /* columns of "  99.9%   99.9%  " */ };

/* The value that counts samples, or that which is shown by default. */
static size_t sample_value(const struct profile *profile)
{
    size_t count;
    const struct value_type *types = profile_value_types(profile, &count);

    for (size_t i = 0; i < count; i++)
        if (!strcmp(profile_string(profile, types[i].name), "samples") &&
            !strcmp(profile_string(profile, types[i].unit), "count"))
            return i;
    return profile_default_value(profile);
}

static void put_head(const struct profile *profile, uint64_t samples, FILE *out,
                     const struct report_style *style)
{
    const struct profile_info *info = profile_facts(profile);
    const char *event = profile_string(profile, info->event);
    char duration[32], line[512];
    size_t stacks, end;

    profile_stacks(profile, &stacks);
    end = (size_t)snprintf(line, sizeof(line), "%" PRIu64 " sample%s%s%.64s", samples,
                           samples == 1 ? "" : "s", *event ? " of " : "", event);
    if (info->duration_ns)
        end += (size_t)snprintf(line + end, sizeof(line) - end, " in %s",
                                layout_duration(duration, info->duration_ns));
    if (info->effective_hz > 0)
        end += (size_t)snprintf(line + end, sizeof(line) - end, ", %.*f Hz",
                                info->effective_hz < 99.95 ? 1 : 0, info->effective_hz);
    if (info->effective_hz > 0 && info->frequency_hz > 0)
        end += (size_t)snprintf(line + end, sizeof(line) - end, " of %.5g", info->frequency_hz);
    snprintf(line + end, sizeof(line) - end, ", %zu distinct stack%s", stacks,
             stacks == 1 ? "" : "s");
    layout_look(out, style, LAYOUT_BOLD);
    fputs("fiq: ", out);
    layout_put_words(out, line, 5, style->width);
    layout_look(out, style, LAYOUT_PLAIN);
}

static void put_function(const struct profile *profile, const struct top_entry *entry,
                         uint64_t total, FILE *out, const struct report_style *style)
{
    char self[16], all[16];

    fprintf(out, "%*s%5s%%  %5s%%  ", INDENT, "", layout_percent(self, entry->self, total),
            layout_percent(all, entry->total, total));
    layout_put_short(out, profile_string(profile, entry->function),
                     profile_string_length(profile, entry->function), style->width - NUMBERS);
    fputc('\n', out);
}

static void put_functions(const struct profile *profile, FILE *out,
                          const struct report_style *style)
{
    size_t value = profile_default_value(profile);
    uint64_t total = profile_total(profile, value);
    struct top_entry *entries;
    size_t count = profile_top(profile, value, &entries), shown = 0;

    layout_look(out, style, LAYOUT_DIM);
    fprintf(out, "%*s%6s  %6s  function\n", INDENT, "", "self", "total");
    layout_look(out, style, LAYOUT_PLAIN);
    while (shown < count && shown < HOTTEST && entries[shown].self)
        put_function(profile, &entries[shown++], total, out, style);
    if (shown < count) {
        layout_look(out, style, LAYOUT_DIM);
        fprintf(out, "%*s%14s  … %zu more function%s\n", INDENT, "", "", count - shown,
                count - shown == 1 ? "" : "s");
        layout_look(out, style, LAYOUT_PLAIN);
    }
    free(entries);
}

void report_summary(const struct profile *profile, FILE *out)
{
    struct report_style style = report_style_of(out);
    uint64_t samples;
    char line[1024];
    size_t types;

    profile_value_types(profile, &types);
    samples = types ? profile_total(profile, sample_value(profile)) : 0;
    put_head(profile, samples, out, &style);
    if (samples)
        put_functions(profile, out, &style);
    profile_quality_line(profile, line, sizeof(line));
    if (*line) {
        fprintf(out, "%*s", INDENT, "");
        layout_put_words(out, line, INDENT, style.width);
    }
}
