/* fiq ci: keeps the runs of a benchmark as a baseline, and holds later runs against it. */
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "base/xalloc.h"
#include "cli/benchmark.h"
#include "cli/cli.h"
#include "cli/comparisons.h"
#include "gate/gate.h"

struct ci_settings {
    struct talk_settings talk;
    struct benchmark_settings benchmark;
    struct comparisons comparisons;
    const char *name, *store, *against, *commit;
    bool join, any_machine;
};

/* ---- options ---- */

static int set_name(void *settings, const char *value, struct error *err)
{
    if (!*value || strlen(value) >= sizeof(((struct baseline_key *)0)->name))
        return error_set(err, EINVAL, "a name of up to 127 characters is wanted");
    ((struct ci_settings *)settings)->name = value;
    return 0;
}

static int set_store(void *settings, const char *value, struct error *err)
{
    if (!*value)
        return error_set(err, EINVAL, "a directory is wanted");
    ((struct ci_settings *)settings)->store = value;
    return 0;
}

static int set_commit(void *settings, const char *value, struct error *err)
{
    if (!*value || strlen(value) >= sizeof(((struct baseline_key *)0)->commit))
        return error_set(err, EINVAL, "a hash or label of up to 63 characters is wanted");
    ((struct ci_settings *)settings)->commit = value;
    return 0;
}

static const struct option_spec ci_options[] = {
    {"name", 0, 0, "NAME", "of the benchmark", set_name, "Baseline"},
    {"store", 0, 0, "DIR", "where baselines lie; $XDG_STATE_HOME/fiq/baselines unless given",
     set_store},
    {"against", 0, 0, "REVISION",
     "check: a commit, branch or label; the newest baseline unless given",
     OPTION_TEXT(struct ci_settings, against)},
    {"commit", 0, 0, "HASH", "record: what this is; git's HEAD unless given", set_commit},
    {"join", 0, 0, NULL, "record: add to the runs of this commit that are there",
     OPTION_SETS(struct ci_settings, join)},
    {"any-machine", 0, 0, NULL, "check: also against another kind of machine, by share",
     OPTION_SETS(struct ci_settings, any_machine)},
    {0}};

static void begin_ci(void *settings);
static int run_ci(void *settings, const struct operands *operands);
static void end_ci(void *settings);

const struct command ci_command = {
    .name = "ci",
    .summary = "hold a benchmark against a recorded baseline",
    .usage = "ci record|check [OPTIONS] -- COMMAND [ARGUMENT…]",
    .about =
        "record runs a benchmark several times and keeps the profiles as a baseline.\n"
        "check runs it again, compares, writes reports and exits with 3 when it takes\n"
        "more CPU time than --fail-above allows (5%).\n\n"
        "  fiq ci record --name bench1 -- ./bench\n"
        "  fiq ci check --name bench1 --against main -o report.md -o junit.xml -- ./bench\n\n"
        "In a GitHub workflow the report is appended to $GITHUB_STEP_SUMMARY.\n\n"
        "Exit codes: 0 done, 1 a run failed or there is no baseline, 2 wrong usage,\n"
        "3 regression, 4 too few samples to tell.",
    .tables = {{ci_options, 0},
               {benchmark_options, offsetof(struct ci_settings, benchmark)},
               {comparison_output_options, offsetof(struct ci_settings, comparisons)},
               {comparison_picture_options, offsetof(struct ci_settings, comparisons)},
               {comparison_options, offsetof(struct ci_settings, comparisons)},
               {talk_options, offsetof(struct ci_settings, talk)}},
    .stops_at_operand = true,
    .verbs = {"record", "check"},
    .settings_size = sizeof(struct ci_settings),
    .begin = begin_ci,
    .run = run_ci,
    .end = end_ci,
};

/* ---- running ---- */

struct ci {
    struct ci_settings *settings;
    char **command;
    char *line, *store;
};

/* The runs of now, with all that a baseline has to know. */
static int measure(const struct ci *ci, struct baseline *now, struct error *err)
{
    struct benchmark_settings benchmark = ci->settings->benchmark;
    bool quiet = ci->settings->talk.quiet;
    struct signals signals;
    size_t warmups = (size_t)benchmark.warmups, runs = (size_t)benchmark.runs;
    int failed = benchmark_begin(&signals, err);
    double pace = machine_pace();

    benchmark.session.command = ci->line;
    for (size_t i = 0; i < warmups + runs && !failed; i++) {
        bool warm_up = i < warmups;
        size_t number = warm_up ? i + 1 : i - warmups + 1;
        struct profile *profile = NULL;
        double pace_before = pace;

        benchmark_progress(quiet, warm_up ? "warm-up" : ci->settings->name, number,
                           warm_up ? warmups : runs);
        failed = benchmark_run(&benchmark, &signals, ci->command, &profile, err);
        if (failed && failed != -EINTR)
            error_wrap(err, failed, "%s %zu (%s)", warm_up ? "warm-up" : "run", number,
                       ci->line);
        pace = machine_pace();
        if (failed || warm_up)
            profile_free(profile);
        else
            baseline_add(now, profile, (pace_before + pace) / 2);
    }
    benchmark_progress_end(quiet);
    return failed;
}

/* The build ID of the file that is called like the command, else of the first that has one. */
static void find_build_id(const struct profile *run, const char *program, char *build_id,
                          size_t size)
{
    uint32_t count = profile_mapping_count(run);

    for (mapping_id i = 1; i <= count; i++) {
        const struct profile_mapping *mapping = profile_mapping_at(run, i);
        bool named = !strcmp(text_file_name(profile_string(run, mapping->path)),
                             text_file_name(program));

        if (mapping->build_id && (named || !*build_id))
            snprintf(build_id, size, "%.63s", profile_string(run, mapping->build_id));
        if (named && mapping->build_id)
            return;
    }
}

static struct baseline_key key_of(const struct ci *ci)
{
    struct baseline_key key = {.recorded = (uint64_t)time(NULL),
                               .frequency_hz =
                                   ci->settings->benchmark.session.capture.frequency_hz};

    snprintf(key.name, sizeof(key.name), "%s", ci->settings->name);
    snprintf(key.command, sizeof(key.command), "%.511s", ci->line);
    machine_read(&key.machine);
    git_here(key.commit, key.branch);
    if (ci->settings->commit)
        snprintf(key.commit, sizeof(key.commit), "%s", ci->settings->commit);
    return key;
}

static int record(const struct ci *ci)
{
    struct baseline_key key = key_of(ci);
    struct baseline *now = baseline_new(&key);
    struct error err = {0};
    char commit[64];
    int failed = measure(ci, now, &err);

    if (!failed)
        find_build_id(now->runs[0], ci->command[0], now->key.build_id,
                      sizeof(now->key.build_id));
    if (!failed)
        failed = baseline_write(now, ci->store, ci->settings->join, &err);
    if (!failed && !ci->settings->talk.quiet)
        print_message("recorded %zu runs of %s at %s in %s", now->count, key.name,
                      git_short(key.commit, commit), now->path);
    baseline_free(now);
    return failed ? print_error(&err, EXIT_FAILED) : EXIT_DONE;
}

/* ---- checking ---- */

static int find(const struct ci *ci, const struct machine *machine, struct baseline **then,
                struct error *err)
{
    const char *against = ci->settings->against;
    char **commits = NULL;
    size_t count = against ? git_history(against, &commits) : 0;
    int failed = baseline_find(then, ci->store, ci->settings->name, against, commits, count,
                               machine, err);

    git_free(commits, count);
    return failed;
}

static int check_machine(const struct ci *ci, const struct baseline *then,
                         const struct machine *machine, struct error *err)
{
    char recorded[300], here[300];

    if (machine_same_kind(&then->key.machine, machine) || ci->settings->any_machine)
        return 0;
    machine_text(&then->key.machine, recorded, sizeof(recorded));
    machine_text(machine, here, sizeof(here));
    error_set(err, EXDEV, "the baseline is of another kind of machine: %.120s; this is %.120s",
              recorded, here);
    error_hint(err, "record one here, or --any-machine compares shares, which say nothing of "
                    "the whole");
    return -EXDEV;
}

struct remarks {
    char *texts[6];
    size_t count;
};

static void remark(struct remarks *remarks, char *text)
{
    if (remarks->count < ARRAY_LENGTH(remarks->texts))
        remarks->texts[remarks->count++] = text;
    else
        free(text);
}

static void remark_on(struct remarks *remarks, const struct baseline *then,
                      const struct baseline *now)
{
    char when[32], commit[64];
    time_t recorded = (time_t)then->key.recorded;
    struct tm local;

    if (!localtime_r(&recorded, &local) ||
        !strftime(when, sizeof(when), "%Y-%m-%d %H:%M", &local))
        strcpy(when, "no known time");
    remark(remarks,
           xasprintf("the baseline is %s%s%s%s, %zu runs of %s",
                     *then->key.commit ? "commit " : "of ", git_short(then->key.commit, commit),
                     *then->key.branch ? " of " : "", then->key.branch, then->count, when));
    if (!machine_same_kind(&then->key.machine, &now->key.machine))
        remark(remarks, xstrdup("THE BASELINE IS OF ANOTHER KIND OF MACHINE: only shares are "
                                "compared"));
    else if (strcmp(then->key.machine.kernel, now->key.machine.kernel))
        remark(remarks, xasprintf("the kernel was %s, it is %s", then->key.machine.kernel,
                                  now->key.machine.kernel));
    if (*then->key.build_id && !strcmp(then->key.build_id, now->key.build_id))
        remark(remarks, xstrdup("the program is the same build as the baseline's"));
}

/* The step's summary in a GitHub workflow is a file that all steps append to. */
static void append_summary(const struct ci *ci, const struct comparison *comparison,
                           const char *title, const struct remarks *remarks)
{
    const char *path = getenv("GITHUB_STEP_SUMMARY");
    FILE *out;

    if (!path || !*path)
        return;
    out = fopen(path, "ae");
    if (!out) {
        print_message("cannot append to %s: %s", path, strerror(errno));
        return;
    }
    comparisons_write(&ci->settings->comparisons, comparison, title,
                      (const char *const *)remarks->texts, remarks->count, "markdown", out);
    if (fclose(out))
        print_message("cannot append to %s: %s", path, strerror(errno));
}

static int judge(const struct ci *ci, const struct baseline *then, const struct baseline *now,
                 struct error *err)
{
    struct comparisons *comparisons = &ci->settings->comparisons;
    char commit[64];
    char *labels[2] = {
        xasprintf("%s at %s", ci->settings->name, git_short(then->key.commit, commit)),
        xasprintf("%s now", ci->settings->name)};
    bool same_kind = machine_same_kind(&then->key.machine, &now->key.machine);
    struct compare_side sides[2] = {
        {(const struct profile *const *)then->runs, then->count, labels[0],
         same_kind ? then->paces : NULL},
        {(const struct profile *const *)now->runs, now->count, labels[1], now->paces}};
    struct comparison *comparison = NULL;
    struct remarks remarks = {0};
    int code, failed;

    if (!same_kind) {
        comparisons->basis = BASIS_SHARE;
        comparisons->basis_given = true;
    }
    failed = compare_new(&comparison, sides, &comparisons->compare, err);
    if (failed) {
        code = print_error(err, EXIT_FAILED);
    } else {
        char *title = xasprintf("fiq ci check: %s", ci->settings->name);

        remark_on(&remarks, then, now);
        code = comparisons_finish(comparisons, comparison, title,
                                  (const char *const *)remarks.texts, remarks.count, true,
                                  ci->settings->talk.quiet);
        append_summary(ci, comparison, title, &remarks);
        free(title);
    }
    for (size_t i = 0; i < remarks.count; i++)
        free(remarks.texts[i]);
    comparison_free(comparison);
    free(labels[0]);
    free(labels[1]);
    return code;
}

static int check(const struct ci *ci)
{
    struct baseline_key key = key_of(ci);
    struct baseline *then = NULL, *now = baseline_new(&key);
    struct error err = {0};
    int code, failed = find(ci, &key.machine, &then, &err);

    /* What is missing is said before a minute of runs, not after. */
    if (!failed)
        failed = check_machine(ci, then, &key.machine, &err);
    if (!failed)
        failed = measure(ci, now, &err);
    if (!failed)
        find_build_id(now->runs[0], ci->command[0], now->key.build_id,
                      sizeof(now->key.build_id));
    code = failed ? print_error(&err, EXIT_FAILED) : judge(ci, then, now, &err);
    baseline_free(then);
    baseline_free(now);
    return code;
}

/* ---- the command ---- */

static int act(struct ci_settings *settings, const struct operands *operands)
{
    struct ci ci = {.settings = settings};
    int code;

    ci.store = settings->store ? xstrdup(settings->store) : store_default();
    if (!ci.store) {
        print_message("ci: there is no home directory; say --store DIR");
        return EXIT_USAGE;
    }
    ci.command = benchmark_command(operands->words, operands->count);
    ci.line = benchmark_line(operands->words, operands->count);
    comparisons_prepare(&settings->comparisons);
    code = strcmp(operands->verb, "check") ? record(&ci) : check(&ci);
    benchmark_free_command(ci.command);
    free(ci.line);
    free(ci.store);
    return code;
}

static void begin_ci(void *settings)
{
    struct ci_settings *ci = settings;

    benchmark_defaults(&ci->benchmark);
    ci->comparisons.gate_default = 0.05;
}

static int run_ci(void *settings, const struct operands *operands)
{
    bool named = ((struct ci_settings *)settings)->name;

    if (operands->verb && named && operands->count)
        return act(settings, operands);
    print_message(!operands->verb ? "ci: record or check?"
                  : !named        ? "ci: which benchmark? --name NAME"
                                  : "ci: which program? -- COMMAND");
    print_hint("fiq ci record|check --name NAME -- COMMAND [ARGUMENT…]");
    return EXIT_USAGE;
}

static void end_ci(void *settings)
{
    comparisons_free(&((struct ci_settings *)settings)->comparisons);
}
