/* What a measurement says when it ends. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/layout.h"
#include "report/model.h"
#include "report/report.h"

enum { HOTTEST = 10, INDENT = 2, NUMBERS = 18 /* columns of "  99.9%   99.9%  " */ };

/* Of the value shown by default where samples were not counted. */
static uint64_t samples_of(const struct model *model)
{
    uint64_t samples =
        model->totals[model->samples == SIZE_MAX ? model->value : model->samples];

    return samples == NOT_MEASURED ? 0 : samples;
}

/* CPU time as far as it was measured, 0 where not. */
static uint64_t cpu_ns(const struct model *model)
{
    size_t type = model_find_type(model, "cpu");

    if (type == SIZE_MAX || strcmp(model_type_unit(model, type), "nanoseconds") != 0 ||
        model->totals[type] == NOT_MEASURED)
        return 0;
    return model->totals[type];
}

static void put_head(const struct model *model, FILE *out, const struct report_style *style)
{
    const struct profile_info *info = profile_facts(model->profile);
    const char *event = profile_string(model->profile, info->event);
    uint64_t samples = samples_of(model), on_cpu_ns = cpu_ns(model);
    char duration[32], line[512];
    size_t end;

    end = (size_t)snprintf(line, sizeof(line), "%" PRIu64 " sample%s%s%.64s", samples,
                           samples == 1 ? "" : "s", *event ? " of " : "", event);
    if (info->duration_ns)
        end += (size_t)snprintf(line + end, sizeof(line) - end, " in %s",
                                layout_duration(duration, info->duration_ns));
    if (on_cpu_ns)
        end += (size_t)snprintf(line + end, sizeof(line) - end, ", %s of CPU time",
                                layout_duration(duration, on_cpu_ns));
    if (info->effective_hz > 0)
        end += (size_t)snprintf(line + end, sizeof(line) - end, ", %.*f Hz",
                                info->effective_hz < 99.95 ? 1 : 0, info->effective_hz);
    if (info->effective_hz > 0 && info->frequency_hz > 0)
        end += (size_t)snprintf(line + end, sizeof(line) - end, " of %.7g", info->frequency_hz);
    snprintf(line + end, sizeof(line) - end, ", %zu unique stack%s", model->path_count,
             model->path_count == 1 ? "" : "s");
    layout_look(out, style, LAYOUT_BOLD);
    fputs("fiq: ", out);
    layout_put_words(out, line, 5, style->width);
    layout_look(out, style, LAYOUT_PLAIN);
}

static void put_function(const struct model *model, const struct model_function *function,
                         FILE *out, const struct report_style *style)
{
    uint64_t whole = model->totals[model->value];
    char self[16], total[16];

    fprintf(out, "%*s%5s%%  %5s%%  ", INDENT, "",
            layout_percent(self, function->self[model->value], whole),
            layout_percent(total, function->total[model->value], whole));
    layout_put_name(out, view_text(model->view, function->name),
                    view_text_length(model->view, function->name), style->width - NUMBERS);
    fputc('\n', out);
}

static bool has_self(const struct model_function *function, size_t value)
{
    return function->self[value] && function->self[value] != NOT_MEASURED;
}

static void put_functions(const struct model *model, FILE *out,
                          const struct report_style *style)
{
    size_t count = model->function_count, shown = 0;

    layout_look(out, style, LAYOUT_DIM);
    fprintf(out, "%*s%6s  %6s  function", INDENT, "", "self", "total");
    layout_look(out, style, LAYOUT_PLAIN);
    fputc('\n', out);
    while (shown < count && shown < HOTTEST && has_self(&model->functions[shown], model->value))
        put_function(model, &model->functions[shown++], out, style);
    if (shown == count)
        return;
    layout_look(out, style, LAYOUT_DIM);
    fprintf(out, "%*s%14s  … %zu more function%s", INDENT, "", "", count - shown,
            count - shown == 1 ? "" : "s");
    layout_look(out, style, LAYOUT_PLAIN);
    fputc('\n', out);
}

void report_summary(const struct profile *profile, FILE *out)
{
    struct report_style style = report_style_of(out);
    struct model model;
    char line[1024];

    model_fill(&model, profile, profile_default_value(profile));
    put_head(&model, out, &style);
    if (samples_of(&model))
        put_functions(&model, out, &style);
    model_free(&model);
    profile_quality_line(profile, line, sizeof(line));
    if (*line) {
        fprintf(out, "%*s", INDENT, "");
        layout_put_words(out, line, INDENT, style.width);
    }
}
