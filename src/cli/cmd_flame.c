/* fiq flame: a picture, or any other format, of an existing profile. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/inputs.h"
#include "cli/outputs.h"

struct flame_settings {
    struct talk_settings talk;
    struct outputs outputs;
    struct filter filter;
    const char *input;
    const char *count_name;
    bool without_effect; /* an option of flamegraph.pl that says nothing here was given */
};

static const struct option_spec input_options[] = {
    {"input", 'i', 0, "FILE", "what to read; - is standard input, also the default",
     OPTION_TEXT(struct flame_settings, input), .group = "Input"},
    {0}};

/* The palettes of flamegraph.pl, by what they tell apart rather than by their colours. */
static const struct {
    const char *name;
    enum palette palette;
} colors[] = {
    {"hot", PALETTE_WARM},    {"red", PALETTE_WARM},    {"orange", PALETTE_WARM},
    {"yellow", PALETTE_WARM}, {"mem", PALETTE_COLD},    {"io", PALETTE_COLD},
    {"green", PALETTE_COLD},  {"blue", PALETTE_COLD},   {"aqua", PALETTE_COLD},
    {"purple", PALETTE_COLD}, {"wakeup", PALETTE_COLD}, {"chain", PALETTE_COLD},
    {"java", PALETTE_KIND},   {"js", PALETTE_KIND},     {"perl", PALETTE_KIND},
};

static const char *colors_word(size_t i)
{
    return i < ARRAY_LENGTH(colors) ? colors[i].name : NULL;
}

static int set_colors(void *settings, const char *value, struct error *err)
{
    struct flame_settings *flame = settings;

    for (size_t i = 0; i < ARRAY_LENGTH(colors); i++)
        if (!strcmp(colors[i].name, value)) {
            flame->outputs.render.palette = colors[i].palette;
            return 0;
        }
    error_set(err, EINVAL, "flamegraph.pl has no such palette");
    error_hint(err, "--palette has warm, cold, dso, kind and colorblind");
    return -EINVAL;
}

static int set_without_effect(void *settings, const char *value, struct error *err)
{
    (void)value;
    (void)err;
    ((struct flame_settings *)settings)->without_effect = true;
    return 0;
}

/* Where a picture without the option would say something else than was asked for. */
static int refuse_flamechart(void *settings, const char *value, struct error *err)
{
    (void)settings;
    (void)value;
    error_set(err, ENOTSUP, "frames are not drawn in the order of a folded file");
    error_hint(err,
               "a page (-o FILE.html) of a capture with --timestamps shows the order in time");
    return -ENOTSUP;
}

static int refuse_differences(void *settings, const char *value, struct error *err)
{
    (void)settings;
    (void)value;
    error_set(err, ENOTSUP, "differences are a command of their own");
    error_hint(err, "fiq diff BEFORE AFTER -o FILE.svg; turn the two around to negate");
    return -ENOTSUP;
}

static int refuse_scaling(void *settings, const char *value, struct error *err)
{
    (void)settings;
    (void)value;
    error_set(err, ENOTSUP, "counts are shown as they were measured, of all that there are");
    return -ENOTSUP;
}

static const struct option_spec flamegraph_options[] = {
    {"countname", 0, 0, "TEXT", "what is counted; samples unless given",
     OPTION_TEXT(struct flame_settings, count_name), .group = "As flamegraph.pl has them"},
    {"colors", 0, 0, "NAME", "the nearest palette: hot, mem, io, java, js, blue, …", set_colors,
     .word = colors_word},
    {"hash", 0, 0, NULL, "always so: a name has one color", set_without_effect},
    {"cp", 0, 0, NULL, "always so: a name has one color in every picture", set_without_effect},
    {"height", 0, 0, "PIXELS", "no effect", set_without_effect},
    {"fonttype", 0, 0, "FONT", "no effect", set_without_effect},
    {"fontsize", 0, 0, "NUMBER", "no effect", set_without_effect},
    {"fontwidth", 0, 0, "NUMBER", "no effect", set_without_effect},
    {"nametype", 0, 0, "TEXT", "no effect", set_without_effect},
    {"bgcolors", 0, 0, "NAME", "no effect", set_without_effect},
    {"encoding", 0, 0, "NAME", "no effect", set_without_effect},
    {"notes", 0, 0, "TEXT", "no effect", set_without_effect},
    {"flamechart", 0, 0, NULL, "refused, with what to do instead", refuse_flamechart},
    {"negate", 0, 0, NULL, "refused, with what to do instead", refuse_differences},
    {"total", 0, 0, "COUNT", "refused", refuse_scaling},
    {"factor", 0, 0, "NUMBER", "refused", refuse_scaling},
    {0}};

static int run_flame(void *settings, const struct operands *operands);
static void end_flame(void *settings);

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
               {flamegraph_options, 0},
               {talk_options, offsetof(struct flame_settings, talk)}},
    .settings_size = sizeof(struct flame_settings),
    .run = run_flame,
    .end = end_flame,
};

static int render(struct flame_settings *settings)
{
    struct profile *profile = NULL;
    struct error err = {0};
    int failed = input_read(settings->input, &settings->filter, input_talk(&settings->talk),
                            &profile, &err);

    if (!failed && settings->count_name)
        profile_name_value(profile, profile_default_value(profile), settings->count_name);
    if (!failed)
        failed = outputs_write(&settings->outputs, profile, &err);
    profile_free(profile);
    return failed ? print_error(&err, EXIT_FAILED) : EXIT_DONE;
}

static int run_flame(void *settings, const struct operands *operands)
{
    struct flame_settings *flame = settings;
    struct error err = {0};

    if (flame->without_effect && !flame->talk.quiet)
        print_message(
            "flame: what flamegraph.pl has for fonts, sizes and the background has no "
            "effect; the picture follows the window and the reader's settings");
    if (operands->count > 1 || (operands->count && flame->input)) {
        print_message("flame: one input at a time; fiq merge joins several");
        return EXIT_USAGE;
    }
    if (!flame->input)
        flame->input = operands->count ? operands->words[0] : "-";
    if (!flame->outputs.count && outputs_add(&flame->outputs, "-", &err))
        return print_error(&err, EXIT_FAILED);
    return render(flame);
}

static void end_flame(void *settings)
{
    outputs_free(&((struct flame_settings *)settings)->outputs);
}
