/* fiq report: a profile in words and numbers. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/inputs.h"
#include "cli/pager.h"
#include "report/report.h"

struct report_settings {
    struct talk_settings talk;
    struct report_options options;
    struct filter filter;
    const char *value_name;
    bool no_pager;
};

static const struct {
    const char *name;
    enum report_form form;
} forms[] = {{"text", REPORT_TEXT},
             {"markdown", REPORT_MARKDOWN},
             {"md", REPORT_MARKDOWN},
             {"json", REPORT_JSON}};

static const char *format_word(size_t i)
{
    return i < ARRAY_LENGTH(forms) ? forms[i].name : NULL;
}

static int set_format(void *settings, const char *value, struct error *err)
{
    for (size_t i = 0; i < ARRAY_LENGTH(forms); i++)
        if (!strcmp(forms[i].name, value)) {
            ((struct report_settings *)settings)->options.form = forms[i].form;
            return 0;
        }
    return error_set(err, EINVAL, "text, markdown and json are known");
}

static int set_top(void *settings, const char *value, struct error *err)
{
    unsigned long long number;
    int failed = option_number(value, 1, 1000000000, false, &number, err);

    if (!failed)
        ((struct report_settings *)settings)->options.top = (size_t)number;
    return failed;
}

static int set_max_bytes(void *settings, const char *value, struct error *err)
{
    unsigned long long number;
    int failed = option_number(value, REPORT_LEAST_BYTES, 1ull << 40, true, &number, err);

    if (!failed)
        ((struct report_settings *)settings)->options.max_bytes = (size_t)number;
    return failed;
}

static const struct option_spec report_specs[] = {
    {"format", 0, 0, "FORM", "text, markdown (md) or json", set_format, "Report",
     .word = format_word},
    {"top", 0, 0, "N", "rows of each list; 20, of trees 60", set_top},
    {"max-bytes", 0, 0, "N", "leave out rows until it fits, for tools that read it",
     set_max_bytes},
    {"value", 0, 0, "NAME", "what shares are of, when several things were measured",
     OPTION_TEXT(struct report_settings, value_name)},
    {"no-pager", 0, 0, NULL, "not through $PAGER on a terminal",
     OPTION_SETS(struct report_settings, no_pager)},
    {"callers", 0, 0, "NAME", "who calls the function, with shares; a name or a regex",
     OPTION_TEXT(struct report_settings, options.callers), .group = "Instead of the overview"},
    {"callees", 0, 0, "NAME", "what the function calls",
     OPTION_TEXT(struct report_settings, options.callees)},
    {"lines", 0, 0, NULL, "source lines", OPTION_SETS(struct report_settings, options.lines)},
    {"tree", 0, 0, NULL, "the call tree", OPTION_SETS(struct report_settings, options.tree)},
    {0}};

static int run_report(void *settings, const struct operands *operands);

const struct command report_command = {
    .name = "report",
    .summary = "hot paths, functions, threads and quality of a profile as text",
    .usage = "report [OPTIONS] [FILE]",
    .about = "Tells what a profile says: hot paths, functions, threads, quality.  Each share "
             "has its\nsampling error.  FILE may be of any format that fiq reads; - or "
             "nothing is standard input.\n\n"
             "  fiq report out.pb.gz\n"
             "  fiq report --callers malloc out.pb.gz\n"
             "  fiq report --format json --top 20 --max-bytes 4000 out.pb.gz",
    .tables = {{report_specs, 0},
               {filter_options, offsetof(struct report_settings, filter)},
               {talk_options, offsetof(struct report_settings, talk)}},
    .settings_size = sizeof(struct report_settings),
    .run = run_report,
};

static int choose_value(struct report_settings *settings, const struct profile *profile,
                        struct error *err)
{
    size_t count;
    const struct value_type *types = profile_value_types(profile, &count);

    settings->options.value = profile_default_value(profile);
    if (!settings->value_name)
        return 0;
    for (size_t i = 0; i < count; i++)
        if (!strcmp(profile_string(profile, types[i].name), settings->value_name)) {
            settings->options.value = i;
            return 0;
        }
    error_set(err, ENOENT, "%s was not measured in this profile", settings->value_name);
    if (count)
        error_hint(err, "%s%s%s was", profile_string(profile, types[0].name),
                   count > 1 ? ", " : "",
                   count > 1 ? profile_string(profile, types[1].name) : "");
    return -ENOENT;
}

/* Files and pipes get whole names, as somebody searches them; a terminal gets what fits. */
static struct report_style choose_style(const struct report_settings *settings)
{
    struct report_style style = report_style_of(stdout);

    if (!isatty(STDOUT_FILENO))
        style.width = SIZE_MAX;
    if (settings->options.form != REPORT_TEXT)
        style = (struct report_style){.width = SIZE_MAX};
    return style;
}

static int show(struct report_settings *settings, const struct profile *profile,
                struct error *err)
{
    struct pager pager;
    int failed = choose_value(settings, profile, err), ended;

    if (failed)
        return failed;
    settings->options.style = choose_style(settings);
    pager_begin(&pager, !settings->no_pager);
    failed = report_write(profile, &settings->options, pager.out, err);
    ended = pager_end(&pager);
    if (!failed && ended)
        failed = error_set(err, -ended, "cannot write the report: %s", strerror(-ended));
    return failed;
}

static int run_report(void *settings, const struct operands *operands)
{
    struct report_settings *report = settings;
    struct error err = {0};
    struct profile *profile = NULL;
    int failed;

    if (operands->count > 1) {
        print_message("report: one profile at a time; fiq merge joins several");
        return EXIT_USAGE;
    }
    /* The report says the notes itself. */
    failed = input_read(operands->count ? operands->words[0] : "-", &report->filter,
                        report->talk.quiet ? INPUT_QUIET : INPUT_PROGRESS, &profile, &err);
    if (!failed)
        failed = show(report, profile, &err);
    profile_free(profile);
    return failed ? print_error(&err, EXIT_FAILED) : EXIT_DONE;
}
