#include "cli/outputs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/output.h"
#include "base/xalloc.h"

struct picture {
    const char *suffix;
    int (*render)(const struct view *view, const struct render_options *options, FILE *out,
                  struct error *err);
};

static const struct picture pictures[] = {{".svg", render_svg}};

static const struct picture *picture_by_suffix(const char *path)
{
    size_t length = strlen(path);

    for (size_t i = 0; i < ARRAY_LENGTH(pictures); i++) {
        size_t suffix = strlen(pictures[i].suffix);

        if (length > suffix && !strcmp(path + length - suffix, pictures[i].suffix))
            return &pictures[i];
    }
    return NULL;
}

int outputs_add(struct outputs *outputs, const char *path, struct error *err)
{
    struct wish wish = {.path = path, .picture = picture_by_suffix(path)};

    if (!wish.picture)
        wish.format = strcmp(path, "-") ? format_by_suffix(path) : format_named("folded");
    if (!wish.picture && (!wish.format || !wish.format->write)) {
        error_set(err, EINVAL, "the suffix of %s is that of no format that can be written",
                  path);
        error_hint(err, ".folded and .svg are; - is folded text to standard output");
        return -EINVAL;
    }
    outputs->wishes =
        xgrow(outputs->wishes, &outputs->room, outputs->count + 1, sizeof(*outputs->wishes));
    outputs->wishes[outputs->count++] = wish;
    return 0;
}

static int set_output(void *settings, const char *value, struct error *err)
{
    return outputs_add(settings, value, err);
}

static int set_processes(void *settings, const char *value, struct error *err)
{
    (void)value;
    (void)err;
    ((struct outputs *)settings)->options.view.processes = VIEW_PROCESSES_ALWAYS;
    return 0;
}

static int set_threads(void *settings, const char *value, struct error *err)
{
    (void)value;
    (void)err;
    ((struct outputs *)settings)->options.view.threads = true;
    return 0;
}

static int set_annotate(void *settings, const char *value, struct error *err)
{
    (void)value;
    (void)err;
    ((struct outputs *)settings)->options.annotate = true;
    return 0;
}

const struct option_spec output_options[] = {
    {"output", 'o', 0, "FILE", "write FILE, format by suffix; repeatable; - is standard output",
     set_output, "Output"},
    {"processes", 0, 0, NULL, "the process, with its PID, as the outermost frame",
     set_processes},
    {"threads", 0, 0, NULL, "the thread, with its TID, as a frame", set_threads},
    {"annotate", 0, 0, NULL, "folded: mark kernel, inlined and JIT frames _[k] _[i] _[j]",
     set_annotate},
    {0}};

static struct render_options *render_of(void *settings)
{
    return &((struct outputs *)settings)->render;
}

static int set_title(void *settings, const char *value, struct error *err)
{
    (void)err;
    render_of(settings)->title = value;
    return 0;
}

static int set_subtitle(void *settings, const char *value, struct error *err)
{
    (void)err;
    render_of(settings)->subtitle = value;
    return 0;
}

static int set_width(void *settings, const char *value, struct error *err)
{
    unsigned long long width;
    int failed = option_number(value, 200, 100000, false, &width, err);

    if (!failed)
        render_of(settings)->width = (uint32_t)width;
    return failed;
}

static int set_min_width(void *settings, const char *value, struct error *err)
{
    return option_real(value, 0.000001, 10000, &render_of(settings)->min_width, err);
}

static int set_inverted(void *settings, const char *value, struct error *err)
{
    (void)value;
    (void)err;
    render_of(settings)->inverted = true;
    return 0;
}

static int set_reverse(void *settings, const char *value, struct error *err)
{
    (void)value;
    (void)err;
    render_of(settings)->reversed = true;
    ((struct outputs *)settings)->options.view.reverse = true;
    return 0;
}

static int set_palette(void *settings, const char *value, struct error *err)
{
    if (palette_named(value, &render_of(settings)->palette))
        return error_set(err, EINVAL, "warm, cold, dso, kind and colorblind are palettes");
    return 0;
}

static int set_no_js(void *settings, const char *value, struct error *err)
{
    (void)value;
    (void)err;
    render_of(settings)->no_script = true;
    return 0;
}

const struct option_spec render_options[] = {
    {"title", 't', 0, "TEXT", "headline", set_title, "Pictures"},
    {"subtitle", 0, 0, "TEXT", "a line below it", set_subtitle},
    {"width", 'w', 0, "PIXELS", "1200 unless given", set_width},
    {"min-width", 0, 0, "PIXELS", "leave out narrower frames; 0.1 unless given", set_min_width},
    {"inverted", 0, 0, NULL, "root on top, like an icicle", set_inverted},
    {"reverse", 0, 0, NULL, "innermost frame first: who calls it", set_reverse},
    {"palette", 0, 0, "NAME", "warm, cold, dso, kind or colorblind", set_palette},
    {"no-js", 0, 0, NULL, "SVG without script", set_no_js},
    {0}};

static int render(const struct wish *wish, const struct outputs *outputs,
                  const struct write_options *options, const struct profile *profile,
                  FILE *stream, struct error *err)
{
    struct view *view;
    int failed;

    if (wish->format)
        return wish->format->write(profile, options, stream, err);
    view = view_new(profile, &options->view);
    failed = wish->picture->render(view, &outputs->render, stream, err);
    view_free(view);
    return failed;
}

static int write_one(const struct wish *wish, const struct outputs *outputs,
                     const struct write_options *options, const struct profile *profile,
                     struct error *err)
{
    struct output output;
    int failed = output_open(&output, wish->path, err);

    if (failed)
        return failed;
    failed = render(wish, outputs, options, profile, output.stream, err);
    if (failed) {
        output_discard(&output);
        return failed;
    }
    return output_commit(&output, err);
}

int outputs_write(const struct outputs *outputs, const struct profile *profile,
                  struct error *err)
{
    struct write_options options = outputs->options;
    int failed = 0;

    options.view.value = profile_default_value(profile);
    for (size_t i = 0; i < outputs->count && !failed; i++)
        failed = write_one(&outputs->wishes[i], outputs, &options, profile, err);
    return failed;
}

void outputs_free(struct outputs *outputs)
{
    free(outputs->wishes);
    *outputs = (struct outputs){0};
}
