/* fiq ab: which of two programs takes less, and is the difference real? */
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "cli/benchmark.h"
#include "cli/cli.h"
#include "cli/comparisons.h"
#include "gate/gate.h"

struct ab_settings {
    struct talk_settings talk;
    struct benchmark_settings benchmark;
    struct comparisons comparisons;
};

static void begin_ab(void *settings);
static int run_ab(void *settings, const struct operands *operands);
static void end_ab(void *settings);

const struct command ab_command = {
    .name = "ab",
    .summary = "compare two programs by running both",
    .usage = "ab [OPTIONS] -- COMMAND-A -- COMMAND-B",
    .about =
        "Runs two programs that do the same work in random alternation, profiles each run\n"
        "and tells which functions of B take more CPU time than in A. A also runs against\n"
        "itself, which shows what differs by chance on this machine.\n\n"
        "  fiq ab -- './old --bench' -- './new --bench'\n"
        "  fiq ab -n 15 -o ab.html -o ab.md -- ./old --bench -- ./new --bench\n\n"
        "Exit codes: 0 done, 1 a run failed, 2 wrong usage, 3 B takes more than\n"
        "--fail-above allows (5%), 4 too few samples to tell.",
    .tables = {{benchmark_options, offsetof(struct ab_settings, benchmark)},
               {comparison_output_options, offsetof(struct ab_settings, comparisons)},
               {comparison_picture_options, offsetof(struct ab_settings, comparisons)},
               {comparison_options, offsetof(struct ab_settings, comparisons)},
               {talk_options, offsetof(struct ab_settings, talk)}},
    .stops_at_operand = true,
    .settings_size = sizeof(struct ab_settings),
    .begin = begin_ab,
    .run = run_ab,
    .end = end_ab,
};

/* A twice, as the two differ by chance alone. */
enum arm { ARM_A, ARM_A_AGAIN, ARM_B, ARMS };

struct program {
    char **command;
    char *line;
};

struct ab {
    const struct ab_settings *settings;
    struct program programs[2];
    struct signals signals;
    struct profile **runs[ARMS];
    double *paces[ARMS]; /* of the machine, at each run */
    size_t count[ARMS];
};

static const struct program *program_of(const struct ab *ab, enum arm arm)
{
    return &ab->programs[arm == ARM_B];
}

static int run_once(struct ab *ab, enum arm arm, const char *kind, size_t number,
                    struct profile **profile, struct error *err)
{
    const struct program *program = program_of(ab, arm);
    struct benchmark_settings settings = ab->settings->benchmark;
    int failed;

    settings.session.command = program->line;
    failed = benchmark_run(&settings, &ab->signals, program->command, profile, err);
    if (failed && failed != -EINTR)
        error_wrap(err, failed, "%s %zu of %s (%s)", kind, number, arm == ARM_B ? "B" : "A",
                   program->line);
    return failed;
}

static int warm_up(struct ab *ab, struct error *err)
{
    int failed = 0;

    for (size_t i = 0; i < ab->settings->benchmark.warmups; i++)
        for (int side = 0; side < 2 && !failed; side++) {
            struct profile *profile = NULL;

            failed = run_once(ab, side ? ARM_B : ARM_A, "warm-up", i + 1, &profile, err);
            profile_free(profile);
        }
    return failed;
}

static int measure(struct ab *ab, struct error *err)
{
    unsigned rounds = (unsigned)ab->settings->benchmark.runs;
    unsigned *order = interleave(ARMS, rounds, clock_ns(CLOCK_REALTIME));
    bool quiet = ab->settings->talk.quiet;
    int failed = warm_up(ab, err);

    double pace = machine_pace();

    for (int arm = 0; arm < ARMS; arm++) {
        ab->runs[arm] = xcalloc(rounds, sizeof(struct profile *));
        ab->paces[arm] = xcalloc(rounds, sizeof(double));
    }
    for (unsigned i = 0; i < ARMS * rounds && !failed; i++) {
        unsigned arm = order[i];
        double pace_before = pace;

        benchmark_progress(quiet, arm == ARM_B ? "B" : "A", i + 1, ARMS * rounds);
        failed = run_once(ab, (enum arm)arm, "run", ab->count[arm] + 1,
                          &ab->runs[arm][ab->count[arm]], err);
        pace = machine_pace();
        ab->paces[arm][ab->count[arm]] = (pace_before + pace) / 2;
        if (!failed)
            ab->count[arm]++;
    }
    benchmark_progress_end(quiet);
    free(order);
    return failed;
}

static struct compare_side side_of_arm(const struct ab *ab, enum arm arm, const char *label)
{
    return (struct compare_side){.runs = (const struct profile *const *)ab->runs[arm],
                                 .count = ab->count[arm],
                                 .label = label,
                                 .paces = ab->paces[arm]};
}

/* What A differs from itself by: the noise of this machine, in a sentence. */
static int noise_floor(const struct ab *ab, const struct gate *gate, char **sentence,
                       struct error *err)
{
    struct compare_options options = ab->settings->comparisons.compare;
    struct comparison *comparison;
    struct judgement judgement;
    const struct measure *whole;
    struct compare_side sides[2] = {side_of_arm(ab, ARM_A, "A"),
                                    side_of_arm(ab, ARM_A_AGAIN, "A again")};
    double mean, difference, half;
    int failed;

    options.names = (struct name_rules){.exact = true};
    failed = compare_new(&comparison, sides, &options, err);
    if (failed)
        return failed;
    whole = comparison_whole(comparison);
    comparison_judge(comparison, gate, &judgement);
    mean = whole->amount[0];
    difference = mean > 0 ? whole->by[BASIS_AMOUNT].difference / mean : 0;
    half = mean > 0 ? (whole->by[BASIS_AMOUNT].high - whole->by[BASIS_AMOUNT].difference) / mean
                    : 0;
    *sentence = xasprintf("A against itself: the whole differs by %s%.1f ± %.1f %%; %s",
                          difference < 0 ? "−" : "+", fabs(100 * difference), 100 * half,
                          judgement.verdict == VERDICT_REGRESSION
                              ? "that alone would be called a regression: the machine was "
                                "restless, run it again"
                              : "what differs by no more than that may be noise");
    judgement_end(&judgement);
    comparison_free(comparison);
    return 0;
}

/* All runs of A are one side: those of its second arm are as good as those of the first. */
static void join_a(const struct ab *ab, const struct profile **runs, double *paces)
{
    size_t at = 0;

    for (int arm = ARM_A; arm <= ARM_A_AGAIN; arm++)
        for (size_t i = 0; i < ab->count[arm]; i++, at++) {
            runs[at] = ab->runs[arm][i];
            paces[at] = ab->paces[arm][i];
        }
}

static int judge(struct ab *ab, struct comparisons *comparisons, struct error *err)
{
    struct comparison *comparison = NULL;
    char *floor = NULL, *title = NULL;
    size_t count = ab->count[ARM_A] + ab->count[ARM_A_AGAIN];
    const struct profile **runs = xalloc((count + 1) * sizeof(*runs));
    double *paces = xalloc((count + 1) * sizeof(*paces));
    struct compare_side sides[2] = {{runs, count, ab->programs[0].line, paces},
                                    side_of_arm(ab, ARM_B, ab->programs[1].line)};
    struct gate gate = {.basis = comparisons->basis_given ? comparisons->basis : BASIS_AMOUNT,
                        .growth = comparisons->gate.growth,
                        .points = comparisons->gate.points};
    int code = EXIT_FAILED;
    int failed;

    join_a(ab, runs, paces);
    failed = compare_new(&comparison, sides, &comparisons->compare, err);
    if (!failed)
        failed = noise_floor(ab, &gate, &floor, err);
    if (!failed) {
        title = xasprintf("%s (A) and %s (B)", ab->programs[0].line, ab->programs[1].line);
        code = comparisons_finish(comparisons, comparison, title, (const char *const *)&floor,
                                  1, true, ab->settings->talk.quiet);
    } else {
        print_error(err, 0);
    }
    free(runs);
    free(paces);
    free(floor);
    free(title);
    comparison_free(comparison);
    return code;
}

static int measure_and_judge(struct ab *ab, struct comparisons *comparisons)
{
    struct error err = {0};
    int code, failed = benchmark_begin(&ab->signals, &err);

    if (!failed)
        failed = measure(ab, &err);
    code = failed ? print_error(&err, EXIT_FAILED) : judge(ab, comparisons, &err);
    for (int arm = 0; arm < ARMS; arm++) {
        for (size_t i = 0; i < ab->count[arm]; i++)
            profile_free(ab->runs[arm][i]);
        free(ab->runs[arm]);
        free(ab->paces[arm]);
    }
    return code;
}

/* The words before and behind the "--" that parts the two programs. */
static bool split(char **words, size_t count, size_t *first)
{
    for (*first = 0; *first < count; ++*first)
        if (!strcmp(words[*first], "--"))
            return *first && *first + 1 < count;
    /* Without one, two words are two programs. */
    *first = 1;
    return count == 2;
}

static struct program program_from(char *const *words, size_t count)
{
    return (struct program){.command = benchmark_command(words, count),
                            .line = benchmark_line(words, count)};
}

static void begin_ab(void *settings)
{
    struct ab_settings *ab = settings;

    benchmark_defaults(&ab->benchmark);
    ab->comparisons.gate_default = 0.05;
}

static void end_ab(void *settings)
{
    comparisons_free(&((struct ab_settings *)settings)->comparisons);
}

static int run_ab(void *settings, const struct operands *operands)
{
    struct comparisons *comparisons = &((struct ab_settings *)settings)->comparisons;
    struct ab ab = {.settings = settings};
    char **words = operands->words;
    size_t first, second;
    int code;

    if (!split(words, operands->count, &first)) {
        print_message("ab: two programs are wanted, each behind its own --");
        print_hint("fiq ab -- './old --bench' -- './new --bench'");
        return EXIT_USAGE;
    }
    second = strcmp(words[first], "--") ? first : first + 1;
    ab.programs[0] = program_from(words, first);
    ab.programs[1] = program_from(words + second, operands->count - second);
    comparisons_prepare(comparisons);
    code = measure_and_judge(&ab, comparisons);
    for (int i = 0; i < 2; i++) {
        benchmark_free_command(ab.programs[i].command);
        free(ab.programs[i].line);
    }
    return code;
}
