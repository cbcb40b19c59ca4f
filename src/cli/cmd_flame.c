/* fiq flame: a picture, or any other format, of an existing profile. */
#include <stddef.h>

#include "cli/cli.h"
#include "cli/inputs.h"
#include "cli/outputs.h"

struct flame_settings {
    struct talk_settings talk;
    struct outputs outputs;
    struct filter filter;
    const char *input;
};

static const struct option_spec input_options[] = {
    {"input", 'i', 0, "FILE", "what to read; - is standard input, also the default",
     OPTION_TEXT(struct flame_settings, input), .group = "Input"},
    {0}};

static int run_flame(int argc, char **argv);

const struct command flame_command = {
    .name = "flame",
    .summary = "render an existing profile",
    .usage = "flame [OPTIONS] [FILE]",
    .about = "Reads a profile, recognizing its format by its content, and writes it again.\n\n"
             "  fiq flame in.folded -o out.svg\n"
             "  perf script | fiq flame - -o out.svg",
    .tables = {{input_options, 0},
               {output_options, offsetof(struct flame_settings, outputs)},
               {times_options, offsetof(struct flame_settings, outputs)},
               {render_options, offsetof(struct flame_settings, outputs)},
               {filter_options, offsetof(struct flame_settings, filter)},
               {talk_options, offsetof(struct flame_settings, talk)}},
    .run = run_flame,
};

static int render(struct flame_settings *settings)
{
    struct profile *profile = NULL;
    struct error err = {0};
    int failed =
        input_read(settings->input, &settings->filter, settings->talk.quiet, &profile, &err);

    if (!failed)
        failed = outputs_write(&settings->outputs, profile, &err);
    profile_free(profile);
    return failed ? print_error(&err, EXIT_FAILED) : EXIT_DONE;
}

static int run_flame(int argc, char **argv)
{
    struct flame_settings settings = {0};
    struct error err = {0};
    char **operands;
    int count, code;

    switch (options_parse(&flame_command, argc, argv, &settings, &operands, &count)) {
    case OPTIONS_DONE:
        return EXIT_DONE;
    case OPTIONS_BAD:
        return EXIT_USAGE;
    case OPTIONS_OK:
    default:
        break;
    }
    talk_begin(&settings.talk);
    if (count > 1 || (count && settings.input)) {
        print_message("flame: one input at a time; fiq merge joins several");
        return EXIT_USAGE;
    }
    if (count)
        settings.input = operands[0];
    if (!settings.input)
        settings.input = "-";
    if (!settings.outputs.count && outputs_add(&settings.outputs, "-", &err))
        return print_error(&err, EXIT_FAILED);
    code = render(&settings);
    outputs_free(&settings.outputs);
    return code;
}
