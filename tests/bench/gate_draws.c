/*
 * gate_draws [-n RUNS] [-m RUNS] [-d DRAWS] [-g PERCENT] A… [-- B…]: how often the gate says
 * what.
 *
 * Reads profiles of many runs of one program, or of two, draws RUNS (7) of each at random DRAWS
 * (1000) times, compares, judges by amount at PERCENT (5) and counts the verdicts.  -m is the
 * number of runs after, if it is another: fiq ab makes twice as many of A as of B.  Without B
 * both sides are drawn from A, without putting back: every "regression" is a false alarm then.
 *
 *   for i in $(seq 60); do
 *       fiq run -q -f 997 -o a-$i.pb.gz -- workloads/fixed_work 300
 *       fiq run -q -f 997 -o b-$i.pb.gz -- workloads/fixed_work 300 1.1
 *   done
 *   gate_draws a-*.pb.gz; gate_draws a-*.pb.gz -- b-*.pb.gz
 *
 * Runs of a baseline (run-N.pb.gz) come with the pace that the machine had at each of them.
 *
 * With GATE_DRAWS_VERBOSE in the environment, each function that fails a draw is named.
 *
 * Runs of the two programs are recorded in turn, as what changes on the machine meanwhile would
 * otherwise count as theirs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/xalloc.h"
#include "compare/compare.h"
#include "format/format.h"

struct pool {
    struct profile **runs;
    double *paces; /* 0: not known */
    size_t count, room;
};

struct options {
    size_t runs[2], draws;
    double growth;
};

static uint64_t state = 1;

/* From the line of that run in the file "baseline" beside it. */
static double pace_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t run = slash && !strncmp(slash, "/run-", 5) ? strtoul(slash + 5, NULL, 10) : 0;
    char line[1024], *facts = xasprintf("%.*s/baseline", slash ? (int)(slash - path) : 0, path);
    FILE *file = run ? fopen(facts, "re") : NULL;
    double pace = 0;

    while (file && run && fgets(line, sizeof(line), file))
        if (!strncmp(line, "run ", 4) && !--run)
            pace = strtod(line + 4, NULL);
    if (file)
        fclose(file);
    free(facts);
    return pace;
}

static void add(struct pool *pool, const char *path)
{
    struct error err = {0};

    pool->runs = xgrow(pool->runs, &pool->room, pool->count + 1, sizeof(struct profile *));
    pool->paces = xrealloc(pool->paces, pool->room * sizeof(*pool->paces));
    pool->paces[pool->count] = pace_of(path);
    pool->runs[pool->count] = profile_new();
    if (format_read_file(path, pool->runs[pool->count], &err)) {
        fprintf(stderr, "gate_draws: %s\n", err.message);
        exit(1);
    }
    pool->count++;
}

/* Puts `count` runs drawn at random in front. */
static void draw(struct pool *pool, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t other = i + (size_t)(hash_u64(state++) % (pool->count - i));
        struct profile *swapped = pool->runs[i];
        double pace = pool->paces[i];

        pool->runs[i] = pool->runs[other];
        pool->paces[i] = pool->paces[other];
        pool->runs[other] = swapped;
        pool->paces[other] = pace;
    }
}

static enum verdict judge(const struct pool pools[2], bool two, const struct options *options,
                          double *visible)
{
    size_t first = two ? 0 : options->runs[0];
    const struct pool *after = &pools[two];
    struct compare_side sides[2] = {{(const struct profile *const *)pools[0].runs,
                                     options->runs[0], "before", pools[0].paces},
                                    {(const struct profile *const *)after->runs + first,
                                     options->runs[1], "after", after->paces + first}};
    struct gate gate = {.basis = BASIS_AMOUNT, .growth = options->growth};
    struct comparison *comparison;
    struct judgement judgement;
    enum verdict verdict;

    if (compare_new(&comparison, sides, &(struct compare_options){0}, NULL))
        exit(1);
    comparison_judge(comparison, &gate, &judgement);
    verdict = judgement.verdict;
    if (getenv("GATE_DRAWS_VERBOSE"))
        for (size_t i = 0; i < judgement.failure_count; i++)
            printf("%s %.3g p %.2g\n",
                   judgement.failures[i].function == WHOLE
                       ? "the whole"
                       : comparison_functions(comparison,
                                              &(size_t){0})[judgement.failures[i].function]
                             .name,
                   judgement.failures[i].growth, judgement.failures[i].p);
    *visible += judgement.visible_whole;
    judgement_end(&judgement);
    comparison_free(comparison);
    return verdict;
}

static void draw_all(struct pool pools[2], bool two, const struct options *options)
{
    size_t counts[3] = {0};
    double visible = 0, share = 100 / (double)options->draws;

    for (size_t i = 0; i < options->draws; i++) {
        const size_t *runs = options->runs;

        draw(&pools[0], two ? runs[0] : runs[0] + runs[1]);
        if (two)
            draw(&pools[1], runs[1]);
        counts[judge(pools, two, options, &visible)]++;
    }
    printf("%zu draws of %zu against %zu: %.1f %% regression, %.1f %% pass, %.1f %% too few "
           "samples; "
           "visible in the whole: %.1f %% on average\n",
           options->draws, options->runs[0], options->runs[1],
           share * (double)counts[VERDICT_REGRESSION], share * (double)counts[VERDICT_PASS],
           share * (double)counts[VERDICT_TOO_FEW], share * visible);
}

int main(int argc, char **argv)
{
    struct pool pools[2] = {{0}};
    struct options options = {.runs = {7}, .draws = 1000, .growth = 0.05};
    int side = 0;

    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--"))
            side = 1;
        else if (!strcmp(argv[i], "-n") && i + 1 < argc)
            options.runs[0] = strtoul(argv[++i], NULL, 10);
        else if (!strcmp(argv[i], "-m") && i + 1 < argc)
            options.runs[1] = strtoul(argv[++i], NULL, 10);
        else if (!strcmp(argv[i], "-d") && i + 1 < argc)
            options.draws = strtoul(argv[++i], NULL, 10);
        else if (!strcmp(argv[i], "-g") && i + 1 < argc)
            options.growth = strtod(argv[++i], NULL) / 100;
        else
            add(&pools[side], argv[i]);
    }
    if (!options.runs[1])
        options.runs[1] = options.runs[0];
    if (!options.runs[0] || !options.draws ||
        pools[0].count < options.runs[0] + (side ? 0 : options.runs[1]) ||
        (side && pools[1].count < options.runs[1])) {
        fprintf(stderr, "gate_draws: too few profiles for draws of %zu against %zu\n",
                options.runs[0], options.runs[1]);
        return 2;
    }
    draw_all(pools, side, &options);
    for (int i = 0; i < 2; i++) {
        for (size_t j = 0; j < pools[i].count; j++)
            profile_free(pools[i].runs[j]);
        free(pools[i].runs);
        free(pools[i].paces);
    }
    return 0;
}
