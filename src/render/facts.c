#include "render/facts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/compiler.h"

struct scale {
    double from;
    const char *unit;
};

static const struct scale nanoseconds[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "µs"}, {1, "ns"}};
static const struct scale bytes[] = {
    {0x1p40, "TiB"}, {0x1p30, "GiB"}, {0x1p20, "MiB"}, {0x1p10, "KiB"}, {1, "B"}};

static void scaled(double value, const struct scale *scales, size_t count, char *text,
                   size_t size)
{
    size_t i = 0;

    while (i + 1 < count && value < scales[i].from)
        i++;
    value /= scales[i].from;
    snprintf(text, size, "%.*f %s",
             i + 1 == count ? 0
             : value < 10   ? 3
             : value < 100  ? 2
                            : 1,
             value, scales[i].unit);
}

const char *render_title(const struct view *view, const struct render_options *options)
{
    const struct profile *profile = view_profile(view);
    const char *command = profile_string(profile, profile_facts(profile)->command);

    if (options->title)
        return options->title;
    if (*command)
        return command;
    return options->inverted   ? "Icicle graph"
           : options->reversed ? "Flame graph, innermost frame first"
                               : "Flame graph";
}

/* "3 samples", "1 sample". */
static void counted(uint64_t count, const char *things, char *text, size_t size)
{
    size_t length = strlen(things);

    if (count == 1 && length && things[length - 1] == 's')
        length--;
    snprintf(text, size, "%" PRIu64 " %.*s", count, (int)length, things);
}

void weight_text(const struct view *view, uint64_t weight, char *text, size_t size)
{
    const struct profile *profile = view_profile(view);
    const struct value_type *type = view_value_type(view);
    const char *unit = type ? profile_string(profile, type->unit) : "count";
    const char *name = type ? profile_string(profile, type->name) : "samples";

    if (!strcmp(unit, "nanoseconds"))
        scaled((double)weight, nanoseconds, ARRAY_LENGTH(nanoseconds), text, size);
    else if (!strcmp(unit, "bytes"))
        scaled((double)weight, bytes, ARRAY_LENGTH(bytes), text, size);
    else
        counted(weight, strcmp(unit, "count") && *unit ? unit : name, text, size);
}

PRINTF_LIKE(3, 4)
static size_t add(struct fact *facts, size_t at, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(facts[at].value, sizeof(facts[at].value), format, arguments);
    va_end(arguments);
    return facts[at].value[0] ? at + 1 : at;
}

static void rate(const struct profile_info *info, char *text, size_t size)
{
    text[0] = '\0';
    if (info->frequency_hz > 0 && info->effective_hz > 0)
        snprintf(text, size, "%g Hz asked, %.4g Hz delivered", info->frequency_hz,
                 info->effective_hz);
    else if (info->frequency_hz > 0)
        snprintf(text, size, "%g Hz", info->frequency_hz);
    else if (info->effective_hz > 0)
        snprintf(text, size, "%.4g Hz delivered", info->effective_hz);
    else if (info->period)
        snprintf(text, size, "one sample in %" PRIu64, info->period);
}

static void started(uint64_t started_ns, char *text, size_t size)
{
    time_t seconds = (time_t)(started_ns / 1000000000);
    struct tm local;

    text[0] = '\0';
    if (started_ns && localtime_r(&seconds, &local))
        strftime(text, size, "%Y-%m-%d %H:%M:%S %z", &local);
}

size_t render_facts(const struct view *view, struct fact facts[FACTS_MAX])
{
    const struct profile *profile = view_profile(view);
    const struct profile_info *info = profile_facts(profile);
    size_t nodes, count = 0;
    char text[512];

    facts[count].name = "command";
    count = add(facts, count, "%s", profile_string(profile, info->command));
    facts[count].name = "samples";
    weight_text(view, view_nodes(view, &nodes)[0].total, text, sizeof(text));
    count = add(facts, count, "%s", text);
    facts[count].name = "event";
    count = add(facts, count, "%s", profile_string(profile, info->event));
    facts[count].name = "rate";
    rate(info, text, sizeof(text));
    count = add(facts, count, "%s", text);
    facts[count].name = "duration";
    text[0] = '\0';
    if (info->duration_ns)
        scaled((double)info->duration_ns, nanoseconds, ARRAY_LENGTH(nanoseconds), text,
               sizeof(text));
    count = add(facts, count, "%s", text);
    facts[count].name = "started";
    started(info->started_ns, text, sizeof(text));
    count = add(facts, count, "%s", text);
    facts[count].name = "host";
    count = add(facts, count, "%s", profile_string(profile, info->host));
    facts[count].name = "made by";
    count = add(facts, count, "%s", profile_string(profile, info->creator));
    facts[count].name = "quality";
    profile_quality_line(profile, text, sizeof(text));
    count = add(facts, count, "%s", text);
    return count;
}
