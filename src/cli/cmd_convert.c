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

static int run_convert(int argc, char **argv);
static int run_merge(int argc, char **argv);

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
    .run = run_convert,
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
    .run = run_merge,
};

/* What both check; -1 to go on, else the exit code. */
static int begin(const struct command *command, int argc, char **argv, int least,
                 struct convert_settings *settings, char ***inputs, int *count)
{
    switch (options_parse(command, argc, argv, settings, inputs, count)) {
    case OPTIONS_DONE:
        return EXIT_DONE;
    case OPTIONS_BAD:
        return EXIT_USAGE;
    case OPTIONS_OK:
    default:
        break;
    }
    talk_begin(&settings->talk);
    if (*count < least) {
        print_message("%s: what is to be read? - is standard input", command->name);
        return EXIT_USAGE;
    }
    if (!settings->outputs.count) {
        print_message("%s: -o FILE says where to write and in which format", command->name);
        return EXIT_USAGE;
    }
    return -1;
}

static int write_outputs(struct convert_settings *settings, const struct profile *profile)
{
    struct error err = {0};
    int failed = outputs_write(&settings->outputs, profile, &err);

    return failed ? print_error(&err, EXIT_FAILED) : EXIT_DONE;
}

static int run_convert(int argc, char **argv)
{
    struct convert_settings settings = {0};
    struct profile *profile = NULL;
    struct error err = {0};
    char **inputs;
    int count, code;

    code = begin(&convert_command, argc, argv, 1, &settings, &inputs, &count);
    if (code < 0 && count > 1) {
        print_message("convert: one input at a time; fiq merge joins several");
        code = EXIT_USAGE;
    }
    if (code < 0)
        code =
            input_read(inputs[0], &settings.filter, input_talk(&settings.talk), &profile, &err)
                ? print_error(&err, EXIT_FAILED)
                : write_outputs(&settings, profile);
    profile_free(profile);
    outputs_free(&settings.outputs);
    return code;
}

static int merge_inputs(struct profile *all, struct convert_settings *settings, char **inputs,
                        int count)
{
    struct error err = {0};

    for (int i = 0; i < count; i++) {
        struct profile *profile;

        if (input_read(inputs[i], &settings->filter, input_talk(&settings->talk), &profile,
                       &err))
            return print_error(&err, EXIT_FAILED);
        profile_merge(all, profile);
        profile_free(profile);
    }
    return EXIT_DONE;
}

static int run_merge(int argc, char **argv)
{
    struct convert_settings settings = {0};
    struct profile *all = profile_new();
    char **inputs;
    int count, code;

    code = begin(&merge_command, argc, argv, 1, &settings, &inputs, &count);
    if (code < 0) {
        code = merge_inputs(all, &settings, inputs, count);
        if (code == EXIT_DONE)
            code = write_outputs(&settings, all);
    }
    profile_free(all);
    outputs_free(&settings.outputs);
    return code;
}
