/* fiq convert and fiq merge: profiles into other formats, several into one. */
#include <stddef.h>

#include "cli/cli.h"
#include "cli/inputs.h"
#include "cli/outputs.h"

struct convert_settings {
    struct talk_settings talk;
    struct outputs outputs;
    struct filter filter;
};

static int run_convert(void *settings, const struct operands *operands);
static int run_merge(void *settings, const struct operands *operands);
static void end_convert(void *settings);

const struct command convert_command = {
    .name = "convert",
    .summary = "write an existing profile in other formats",
    .usage = "convert [OPTIONS] FILE -o OUTPUT…",
    .about = "Reads a profile, recognizing its format by its content, and writes it to each\n"
             "output, in the format that its suffix names.\n\n"
             "  fiq convert a.pb.gz -o a.speedscope.json -o a.folded.gz\n"
             "  perf script | fiq convert - -o a.pb.gz",
    .tables = {{output_options, offsetof(struct convert_settings, outputs)},
               {times_options, offsetof(struct convert_settings, outputs)},
               {filter_options, offsetof(struct convert_settings, filter)},
               {render_options, offsetof(struct convert_settings, outputs)},
               {talk_options, offsetof(struct convert_settings, talk)}},
    .settings_size = sizeof(struct convert_settings),
    .run = run_convert,
    .end = end_convert,
};

const struct command merge_command = {
    .name = "merge",
    .summary = "add several profiles up",
    .usage = "merge [OPTIONS] FILE FILE… -o OUTPUT…",
    .about =
        "Adds profiles up, of any formats: stacks that are equal become one, processes and\n"
        "threads keep their labels, and what one of them did not measure stays unmeasured.\n\n"
        "  fiq merge a.pb.gz b.pb.gz -o all.pb.gz",
    .tables = {{output_options, offsetof(struct convert_settings, outputs)},
               {times_options, offsetof(struct convert_settings, outputs)},
               {filter_options, offsetof(struct convert_settings, filter)},
               {render_options, offsetof(struct convert_settings, outputs)},
               {talk_options, offsetof(struct convert_settings, talk)}},
    .settings_size = sizeof(struct convert_settings),
    .run = run_merge,
    .end = end_convert,
};

/* What both ask for. */
static bool usable(const char *name, const struct convert_settings *settings,
                   const struct operands *operands)
{
    if (!operands->count)
        print_message("%s: what is to be read? - is standard input", name);
    else if (!settings->outputs.count)
        print_message("%s: -o FILE says where to write and in which format", name);
    return operands->count && settings->outputs.count;
}

static int run_convert(void *settings, const struct operands *operands)
{
    struct convert_settings *convert = settings;
    struct profile *profile = NULL;
    struct error err = {0};
    int failed;

    if (!usable("convert", convert, operands))
        return EXIT_USAGE;
    if (operands->count > 1) {
        print_message("convert: one input at a time; fiq merge joins several");
        return EXIT_USAGE;
    }
    failed = input_read(operands->words[0], &convert->filter, input_talk(&convert->talk),
                        &profile, &err);
    if (!failed)
        failed = outputs_write(&convert->outputs, profile, &err);
    profile_free(profile);
    return failed ? print_error(&err, EXIT_FAILED) : EXIT_DONE;
}

static int merge_inputs(struct profile *all, struct convert_settings *settings,
                        const struct operands *operands, struct error *err)
{
    for (size_t i = 0; i < operands->count; i++) {
        struct profile *profile;
        int failed = input_read(operands->words[i], &settings->filter,
                                input_talk(&settings->talk), &profile, err);

        if (failed)
            return failed;
        profile_merge(all, profile);
        profile_free(profile);
    }
    return 0;
}

static int run_merge(void *settings, const struct operands *operands)
{
    struct convert_settings *merge = settings;
    struct profile *all;
    struct error err = {0};
    int failed;

    if (!usable("merge", merge, operands))
        return EXIT_USAGE;
    all = profile_new();
    failed = merge_inputs(all, merge, operands, &err);
    if (!failed)
        failed = outputs_write(&merge->outputs, all, &err);
    profile_free(all);
    return failed ? print_error(&err, EXIT_FAILED) : EXIT_DONE;
}

static void end_convert(void *settings)
{
    outputs_free(&((struct convert_settings *)settings)->outputs);
}
