/* fiq diff: what changed between two profiles. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "cli/cli.h"
#include "cli/comparisons.h"
#include "cli/inputs.h"
#include "format/format.h"

struct diff_settings {
    struct talk_settings talk;
    struct comparisons comparisons;
};

static int run_diff(void *settings, const struct operands *operands);
static void end_diff(void *settings);

const struct command diff_command = {
    .name = "diff",
    .alias = "compare",
    .summary = "what changed between two profiles",
    .usage = "diff [OPTIONS] BEFORE AFTER | diff [OPTIONS] BEFORE… -- AFTER…",
    .about = "Compares two profiles of any format that fiq reads, or two sets of runs.\n\n"
             "  fiq diff before.pb.gz after.pb.gz -o diff.svg -o diff.md\n"
             "  fiq diff --fail-above 5% before.folded after.folded\n"
             "  fiq diff --fail-above 5% old-*.pb.gz -- new-*.pb.gz\n\n"
             "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 something grew by more than\n"
             "--fail-above allows, 4 too few samples to tell.",
    .tables = {{comparison_output_options, offsetof(struct diff_settings, comparisons)},
               {comparison_picture_options, offsetof(struct diff_settings, comparisons)},
               {comparison_options, offsetof(struct diff_settings, comparisons)},
               {talk_options, offsetof(struct diff_settings, talk)}},
    .settings_size = sizeof(struct diff_settings),
    .run = run_diff,
    .end = end_diff,
};

/* The files of one side, read. */
struct side {
    char **paths;
    size_t count;
    struct profile **profiles;
    char *label;
};

static char *label_of(const struct side *side)
{
    if (side->count == 1)
        return xstrdup(side->paths[0]);
    return xasprintf("%s … %s", side->paths[0], side->paths[side->count - 1]);
}

static int read_side(struct side *side, enum input_talk talk, struct error *err)
{
    int failed = 0;

    side->label = label_of(side);
    side->profiles = xcalloc(side->count, sizeof(struct profile *));
    for (size_t i = 0; i < side->count && !failed; i++)
        failed = input_open(side->paths[i], talk, &side->profiles[i], err);
    return failed;
}

static void free_side(struct side *side)
{
    for (size_t i = 0; side->profiles && i < side->count; i++)
        profile_free(side->profiles[i]);
    free(side->profiles);
    free(side->label);
}

static void print_input_notes(const struct side *side)
{
    for (size_t i = 0; i < side->count; i++) {
        size_t count;
        const str_id *notes = profile_notes(side->profiles[i], &count);

        for (size_t j = 0; j < count; j++) {
            const char *note = profile_string(side->profiles[i], notes[j]);

            /* Some notes name their file themselves. */
            if (strncmp(note, side->paths[i], strlen(side->paths[i])))
                print_message("%s: %s", side->paths[i], note);
            else
                print_message("%s", note);
        }
    }
}

static int compare_sides(struct diff_settings *settings, struct side sides[2],
                         struct comparison **comparison, struct error *err)
{
    struct compare_side inputs[2];
    int failed = 0;

    for (int i = 0; i < 2 && !failed; i++) {
        failed = read_side(&sides[i], input_talk(&settings->talk), err);
        if (!failed && !settings->talk.quiet)
            print_input_notes(&sides[i]);
        inputs[i] =
            (struct compare_side){.runs = (const struct profile *const *)sides[i].profiles,
                                  .count = sides[i].count,
                                  .label = sides[i].label};
    }
    comparisons_prepare(&settings->comparisons);
    return failed ? failed
                  : compare_new(comparison, inputs, &settings->comparisons.compare, err);
}

static int diff(struct diff_settings *settings, struct side sides[2])
{
    struct comparison *comparison = NULL;
    struct error err = {0};
    int code;

    if (compare_sides(settings, sides, &comparison, &err)) {
        code = print_error(&err, EXIT_FAILED);
    } else {
        char *title = xasprintf("%s (before) and %s (after)", sides[0].label, sides[1].label);

        code = comparisons_finish(&settings->comparisons, comparison, title, NULL, 0, true,
                                  settings->talk.quiet);
        free(title);
    }
    comparison_free(comparison);
    free_side(&sides[0]);
    free_side(&sides[1]);
    return code;
}

static int run_diff(void *settings, const struct operands *operands)
{
    size_t after = operands->behind ? operands->behind : operands->count == 2;
    size_t before = operands->count - after;
    struct side sides[2] = {{.paths = operands->words, .count = before},
                            {.paths = operands->words + before, .count = after}};

    if (before && after)
        return diff(settings, sides);
    print_message("diff: two profiles are wanted, before and after; several of each are "
                  "parted by --");
    return EXIT_USAGE;
}

static void end_diff(void *settings)
{
    comparisons_free(&((struct diff_settings *)settings)->comparisons);
}
