#include "cli/comparisons.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/output.h"
#include "base/xalloc.h"
#include "cli/cli.h"
#include "cli/diff_picture.h"

/* ---- options ---- */

static const char **append(const char **list, size_t *count, size_t *room, const char *text)
{
    list = xgrow(list, room, *count + 1, sizeof(*list));
    list[(*count)++] = text;
    return list;
}

/* What can be written, by suffix: pictures are not the affair of the room that reports. */
static const struct picture_format {
    const char *suffix;
    int (*write)(const struct comparison_report *report, const struct diff_options *options,
                 FILE *out, struct error *err);
} picture_formats[] = {{".svg", diff_picture_svg}, {".html", diff_picture_html}};

static const struct picture_format *picture_format_of(const char *path)
{
    size_t length = strlen(path);

    for (size_t i = 0; i < ARRAY_LENGTH(picture_formats); i++) {
        size_t size = strlen(picture_formats[i].suffix);

        if (length >= size && !strcmp(path + length - size, picture_formats[i].suffix))
            return &picture_formats[i];
    }
    return NULL;
}

static int set_output(void *settings, const char *value, struct error *err)
{
    struct comparisons *to = settings;

    if (strcmp(value, "-") && !comparison_format_by_suffix(value) &&
        !picture_format_of(value)) {
        error_set(err, EINVAL, "the suffix is that of no format for a comparison");
        error_hint(err,
                   ".svg, .html, .txt, .md, .json, .xml (JUnit) and .folded are; - is standard "
                   "output");
        return -EINVAL;
    }
    to->paths = append(to->paths, &to->path_count, &to->path_room, value);
    return 0;
}

static const char *format_word(size_t i)
{
    return comparison_formats[i].name; /* NULL ends them */
}

static int set_format(void *settings, const char *value, struct error *err)
{
    if (!comparison_format_named(value))
        return error_set(err, EINVAL,
                         "no such format; text, markdown, json, junit and folded are");
    ((struct comparisons *)settings)->format = value;
    return 0;
}

static int set_top(void *settings, const char *value, struct error *err)
{
    return option_number(value, 1, 1000000, false, &((struct comparisons *)settings)->top, err);
}

const struct option_spec comparison_output_options[] = {
    {"output", 'o', 0, "FILE", "write FILE, format by suffix; repeatable; - is standard output",
     set_output, "Output"},
    {"format", 0, 0, "NAME", "format of standard output: text, markdown, json, junit, folded",
     set_format, .word = format_word},
    {"top", 0, 0, "N", "rows of a table (10)", set_top},
    {0}};

static int set_width(void *settings, const char *value, struct error *err)
{
    unsigned long long width;
    int failed = option_number(value, 200, 100000, false, &width, err);

    if (!failed)
        ((struct comparisons *)settings)->picture.width = (uint32_t)width;
    return failed;
}

static int set_min_width(void *settings, const char *value, struct error *err)
{
    return option_real(value, 0.001, 100, &((struct comparisons *)settings)->picture.min_width,
                       err);
}

const struct option_spec comparison_picture_options[] = {
    {"title", 't', 0, "TEXT", "headline", OPTION_TEXT(struct comparisons, title),
     .group = "Pictures"},
    {"width", 'w', 0, "PIXELS", "1200 unless given", set_width},
    {"min-width", 0, 0, "PIXELS", "leave out narrower frames; 0.1 unless given", set_min_width},
    {"inverted", 0, 0, NULL, "root on top, like an icicle",
     OPTION_SETS(struct comparisons, picture.inverted)},
    {"no-js", 0, 0, NULL, "without script", OPTION_SETS(struct comparisons, picture.no_script)},
    {0}};

/* "5%" is growth of itself, "2pt" points of share. */
static int set_limit(void *settings, const char *value, struct error *err)
{
    struct comparisons *to = settings;
    char *end;
    double number;

    errno = 0;
    number = strtod(value, &end);
    while (*end == ' ')
        end++;
    if (end == value || errno || !(number > 0) || number > 1e6)
        return error_set(err, EINVAL, "5%% or 2pt is wanted, more than 0");
    if (!strcmp(end, "%"))
        to->gate.growth = number / 100;
    else if (!strcmp(end, "pt") || !strcmp(end, "pts") || !strcmp(end, "points"))
        to->gate.points = number / 100;
    else
        return error_set(err, EINVAL, "say 5%% for growth of itself, 2pt for points of share");
    to->gated = true;
    return 0;
}

static int set_basis(void *settings, const char *value, struct error *err)
{
    struct comparisons *to = settings;

    if (strcmp(value, "share") && strcmp(value, "amount"))
        return error_set(err, EINVAL, "share or amount is wanted");
    to->basis = *value == 's' ? BASIS_SHARE : BASIS_AMOUNT;
    to->basis_given = true;
    return 0;
}

static int set_map(void *settings, const char *value, struct error *err)
{
    struct comparisons *to = settings;
    const char *equal = strchr(value, '=');

    if (!equal || equal == value || !equal[1])
        return error_set(err, EINVAL, "OLD=NEW is wanted");
    to->maps = append(to->maps, &to->map_count, &to->map_room, value);
    return 0;
}

const struct option_spec comparison_options[] = {
    {"fail-above", 0, 0, "LIMIT",
     "exit with 3 when something grew by more: 5% of itself, 2pt of share", set_limit,
     "Judgement"},
    {"by", 0, 0, "BASIS", "share of everything, or amount: CPU seconds a run", set_basis},
    {"value", 0, 0, "NAME", "which of the measured values is compared",
     OPTION_TEXT(struct comparisons, compare.value)},
    {"map", 0, 0, "OLD=NEW", "the function OLD is called NEW now; repeatable", set_map,
     "Names"},
    {"exact-names", 0, 0, NULL, "only equal names are the same function",
     OPTION_SETS(struct comparisons, compare.names.exact)},
    {"ignore-templates", 0, 0, NULL, "functions pair without their template arguments",
     OPTION_SETS(struct comparisons, compare.names.ignore_templates)},
    {0}};

/* ---- the result ---- */

static int write_one(const struct comparisons *settings, const struct comparison_report *report,
                     const char *path, const struct comparison_format *format,
                     struct error *err)
{
    const struct picture_format *picture = picture_format_of(path);
    struct output output;
    int failed = output_open(&output, path, err);

    if (failed)
        return failed;
    if (picture)
        failed = picture->write(report, &settings->picture, output.stream, err);
    else
        format->write(report, output.stream);
    if (failed) {
        output_discard(&output);
        return failed;
    }
    return output_commit(&output, err);
}

static int write_all(const struct comparisons *settings, const struct comparison_report *report,
                     bool usual, struct error *err)
{
    const struct comparison_format *standard =
        comparison_format_named(settings->format ? settings->format : "text");
    int failed = 0;

    for (size_t i = 0; i < settings->path_count && !failed; i++) {
        const char *path = settings->paths[i];

        failed =
            write_one(settings, report, path,
                      strcmp(path, "-") ? comparison_format_by_suffix(path) : standard, err);
    }
    if (!failed && !settings->path_count && (usual || settings->format))
        failed = write_one(settings, report, "-", standard, err);
    return failed;
}

static void print_notes(const struct comparison *comparison)
{
    size_t count;
    const char *const *notes = comparison_notes(comparison, &count);

    for (size_t i = 0; i < count; i++)
        print_message("note: %s", notes[i]);
}

static int exit_code(const struct judgement *judgement)
{
    static const int codes[] = {[VERDICT_PASS] = EXIT_DONE,
                                [VERDICT_REGRESSION] = EXIT_REGRESSION,
                                [VERDICT_TOO_FEW] = EXIT_TOO_FEW_SAMPLES};

    return codes[judgement->verdict];
}

static enum basis basis_of(const struct comparisons *settings,
                           const struct comparison *comparison)
{
    if (settings->basis_given)
        return settings->basis;
    return comparison_of_runs(comparison) ? BASIS_AMOUNT : BASIS_SHARE;
}

void comparisons_prepare(struct comparisons *settings)
{
    settings->compare.names.maps = settings->maps;
    settings->compare.names.map_count = settings->map_count;
    if (!settings->gated && settings->gate_default > 0) {
        settings->gate.growth = settings->gate_default;
        settings->gated = true;
    }
}

/* What is judged, how, and with which outcome; `judgement` is the report's. */
static struct comparison_report judged_report(const struct comparisons *settings,
                                              const struct comparison *comparison,
                                              const char *title, struct gate *gate,
                                              struct judgement *judgement)
{
    struct comparison_report report = {.comparison = comparison,
                                       .title = settings->title ? settings->title : title,
                                       .basis = basis_of(settings, comparison),
                                       .top = (size_t)settings->top};

    if (report.basis == BASIS_AMOUNT && !*comparison_unit(comparison))
        report.basis = BASIS_SHARE;
    if (settings->gated) {
        *gate = settings->gate;
        gate->basis = report.basis;
        comparison_judge(comparison, gate, judgement);
        report.gate = gate;
        report.judgement = judgement;
    }
    return report;
}

static void say(const struct comparisons *settings, const struct comparison_report *report,
                bool usual)
{
    char *summary = comparison_summary(report);

    /* A report on standard output has the notes and remarks already. */
    if (settings->path_count || !(usual || settings->format)) {
        print_notes(report->comparison);
        for (size_t i = 0; i < report->remark_count; i++)
            print_message("%s", report->remarks[i]);
    }
    print_message("%s", summary);
    free(summary);
}

int comparisons_finish(struct comparisons *settings, const struct comparison *comparison,
                       const char *title, const char *const *remarks, size_t remark_count,
                       bool usual, bool quiet)
{
    struct judgement judgement = {0};
    struct gate gate;
    struct error err = {0};
    struct comparison_report report =
        judged_report(settings, comparison, title, &gate, &judgement);
    int failed, code = settings->gated ? exit_code(&judgement) : EXIT_DONE;

    report.remarks = remarks;
    report.remark_count = remark_count;
    if (settings->basis_given && settings->basis != report.basis)
        print_message("the amounts of the two sides cannot be compared; shares are");
    failed = write_all(settings, &report, usual, &err);
    if (!quiet)
        say(settings, &report, usual);
    judgement_end(&judgement);
    return failed ? print_error(&err, EXIT_FAILED) : code;
}

void comparisons_write(const struct comparisons *settings, const struct comparison *comparison,
                       const char *title, const char *const *remarks, size_t remark_count,
                       const char *format, FILE *out)
{
    struct judgement judgement = {0};
    struct gate gate;
    struct comparison_report report =
        judged_report(settings, comparison, title, &gate, &judgement);

    report.remarks = remarks;
    report.remark_count = remark_count;
    comparison_format_named(format)->write(&report, out);
    judgement_end(&judgement);
}

void comparisons_free(struct comparisons *settings)
{
    free(settings->maps);
    free(settings->paths);
    *settings = (struct comparisons){0};
}
