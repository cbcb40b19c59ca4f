#include "cli/outputs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/gzip.h"
#include "base/log.h"
#include "base/output.h"
#include "base/xalloc.h"
#include "cli/browser.h"
#include "cli/text_output.h"

struct picture {
    const char *name, *suffix;
    int (*render)(const struct view *view, const struct render_options *options, FILE *out,
                  struct error *err);
    /* Share below which it shows no frame, so that none is made; NULL: it takes all. */
    double (*narrowest)(const struct render_options *options);
};

static const struct picture pictures[] = {
    {"svg", ".svg", render_svg, render_svg_narrowest},
    {"html", ".html", render_html, NULL},
};

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);

    return length >= end_length && !strcmp(text + length - end_length, end);
}

static bool is_chosen(const struct wish *wish)
{
    return wish->picture || (wish->format && wish->format->write);
}

static void choose_by_suffix(struct wish *wish, const char *path)
{
    for (size_t i = 0; i < ARRAY_LENGTH(pictures); i++)
        if (ends_with(path, pictures[i].suffix))
            wish->picture = &pictures[i];
    if (!wish->picture)
        wish->format =
            ends_with(path, text_output.suffix) ? &text_output : format_by_suffix(path);
}

static void choose_by_name(struct wish *wish, const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(pictures); i++)
        if (!strcmp(name, pictures[i].name))
            wish->picture = &pictures[i];
    if (!wish->picture)
        wish->format = strcmp(name, text_output.name) ? format_named(name) : &text_output;
}

/* A format that is compressed anyway is not compressed twice. */
static bool needs_gzip(const struct wish *wish)
{
    return ends_with(wish->path, ".gz") &&
           !(wish->format && ends_with(wish->format->suffix, ".gz"));
}

/* What the name of the file asks for, also under a further ".gz". */
static void choose_by_path(struct wish *wish)
{
    choose_by_suffix(wish, wish->path);
    if (!is_chosen(wish) && ends_with(wish->path, ".gz")) {
        char *inner = xstrndup(wish->path, strlen(wish->path) - 3);

        choose_by_suffix(wish, inner);
        wish->gzip = needs_gzip(wish);
        free(inner);
    }
}

static void choose_forced(struct wish *wish, const struct wish *forced)
{
    wish->picture = forced->picture;
    wish->format = forced->format;
    wish->gzip = needs_gzip(wish);
}

/* Everything that can be written, by number; false behind the last. */
static bool choice_at(size_t i, const char **name, const char **suffix)
{
    for (size_t f = 0; formats[f]; f++)
        if (formats[f]->write && !i--) {
            *name = formats[f]->name;
            *suffix = formats[f]->suffix;
            return true;
        }
    if (!i--) {
        *name = text_output.name;
        *suffix = text_output.suffix;
        return true;
    }
    if (i >= ARRAY_LENGTH(pictures))
        return false;
    *name = pictures[i].name;
    *suffix = pictures[i].suffix;
    return true;
}

static const char *format_word(size_t i)
{
    const char *name, *suffix;

    return choice_at(i, &name, &suffix) ? name : NULL;
}

/* ".folded, .pb.gz, .svg" or the names. */
static void list_choices(char *list, size_t size, bool names)
{
    const char *name, *suffix;
    size_t end = 0;

    *list = '\0';
    for (size_t i = 0; choice_at(i, &name, &suffix) && end < size; i++)
        end += (size_t)snprintf(list + end, size - end, "%s%s", i ? ", " : "",
                                names ? name : suffix);
}

int outputs_add(struct outputs *outputs, const char *path, struct error *err)
{
    struct wish wish = {.path = path};
    char list[160];

    if (is_chosen(&outputs->forced))
        choose_forced(&wish, &outputs->forced);
    else if (strcmp(path, "-"))
        choose_by_path(&wish);
    else
        wish.format = format_named("folded");
    if (!is_chosen(&wish)) {
        list_choices(list, sizeof(list), false);
        error_set(err, EINVAL, "the suffix of %s is that of no format that can be written",
                  path);
        error_hint(err, "%s are, each also with .gz; --format NAME in front of -o forces one",
                   list);
        return -EINVAL;
    }
    outputs->wishes =
        xgrow(outputs->wishes, &outputs->room, outputs->count + 1, sizeof(*outputs->wishes));
    outputs->wishes[outputs->count++] = wish;
    return 0;
}

int outputs_add_owned(struct outputs *outputs, char *path, struct error *err)
{
    int failed = outputs_add(outputs, path, err);

    if (failed)
        free(path);
    else
        outputs->wishes[outputs->count - 1].owned = path;
    return failed;
}

static int set_output(void *settings, const char *value, struct error *err)
{
    return outputs_add(settings, value, err);
}

static int set_format(void *settings, const char *value, struct error *err)
{
    struct outputs *outputs = settings;
    char list[160];

    outputs->forced = (struct wish){.path = NULL};
    choose_by_name(&outputs->forced, value);
    if (!is_chosen(&outputs->forced)) {
        list_choices(list, sizeof(list), true);
        error_set(err, EINVAL, "no such format");
        error_hint(err, "there are %s", list);
        return -EINVAL;
    }
    for (size_t i = 0; i < outputs->count; i++)
        choose_forced(&outputs->wishes[i], &outputs->forced);
    return 0;
}

static int set_directory(void *settings, const char *value, struct error *err)
{
    if (!*value)
        return error_set(err, EINVAL, "a directory is wanted");
    ((struct outputs *)settings)->directory = value;
    return 0;
}

static int set_processes(void *settings, const char *value, struct error *err)
{
    (void)value;
    (void)err;
    ((struct outputs *)settings)->options.view.processes = VIEW_PROCESSES_ALWAYS;
    return 0;
}

const struct option_spec times_options[] = {{"timestamps", 0, 0, NULL,
                                             "pprof, JSON: one sample an event, with its time",
                                             OPTION_SETS(struct outputs, options.timestamps)},
                                            {0}};

const struct option_spec output_options[] = {
    {"output", 'o', 0, "FILE", "write FILE, format by suffix; repeatable; - is standard output",
     set_output, "Output"},
    {"output-dir", 0, 0, "DIR", "where files without a directory of their own go",
     set_directory},
    {"open", 0, 0, NULL, "show the first picture in $BROWSER when it is written",
     OPTION_SETS(struct outputs, open)},
    {"format", 0, 0, "NAME", "this format, whatever the suffix says", set_format,
     .word = format_word},
    {"value", 0, 0, "NAME", "show this value: samples, cpu, …; the profile's own otherwise",
     OPTION_TEXT(struct outputs, value)},
    {"processes", 0, 0, NULL, "the process, with its PID, as the outermost frame",
     set_processes},
    {"threads", 0, 0, NULL, "the thread, with its TID, as a frame",
     OPTION_SETS(struct outputs, options.view.threads)},
    {"annotate", 0, 0, NULL, "folded: mark kernel, inlined and JIT frames _[k] _[i] _[j]",
     OPTION_SETS(struct outputs, options.annotate)},
    {0}};

static struct render_options *render_of(void *settings)
{
    return &((struct outputs *)settings)->render;
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

static int set_reverse(void *settings, const char *value, struct error *err)
{
    (void)value;
    (void)err;
    render_of(settings)->reversed = true;
    ((struct outputs *)settings)->options.view.reverse = true;
    return 0;
}

static const char *palette_word(size_t i)
{
    return palette_name((enum palette)i);
}

static int set_palette(void *settings, const char *value, struct error *err)
{
    if (palette_named(value, &render_of(settings)->palette))
        return error_set(err, EINVAL, "warm, cold, dso, kind and colorblind are palettes");
    return 0;
}

const struct option_spec render_options[] = {
    {"title", 't', 0, "TEXT", "headline", OPTION_TEXT(struct outputs, render.title),
     .group = "Pictures"},
    {"subtitle", 0, 0, "TEXT", "a line below it", OPTION_TEXT(struct outputs, render.subtitle)},
    {"width", 'w', 0, "PIXELS", "1200 unless given", set_width},
    {"min-width", 0, 0, "PIXELS", "leave out narrower frames; 0.1 unless given", set_min_width},
    {"minwidth", 0, 0, "PIXELS", "the same, as flamegraph.pl has it", set_min_width},
    {"inverted", 0, 0, NULL, "root on top, like an icicle",
     OPTION_SETS(struct outputs, render.inverted)},
    {"reverse", 0, 0, NULL, "innermost frame first: who calls it", set_reverse},
    {"palette", 0, 0, "NAME", "warm, cold, dso, kind or colorblind", set_palette,
     .word = palette_word},
    {"no-js", 0, 0, NULL, "SVG without script", OPTION_SETS(struct outputs, render.no_script)},
    {0}};

static int render(const struct wish *wish, const struct outputs *outputs,
                  const struct write_options *options, const struct profile *profile,
                  FILE *stream, struct error *err)
{
    struct view_options shown = options->view;
    struct view *view;
    int failed;

    if (wish->format)
        return wish->format->write(profile, options, stream, err);
    if (wish->picture->narrowest)
        shown.narrowest = wish->picture->narrowest(&outputs->render);
    view = view_new(profile, &shown);
    failed = wish->picture->render(view, &outputs->render, stream, err);
    view_free(view);
    return failed;
}

char *outputs_path(const struct outputs *outputs, size_t index)
{
    const char *path = outputs->wishes[index].path;

    if (!outputs->directory || !strcmp(path, "-") || strchr(path, '/'))
        return xstrdup(path);
    return xasprintf("%s/%s", outputs->directory, path);
}

int outputs_prepare(const struct outputs *outputs, struct error *err)
{
    if (!outputs->directory || !mkdir(outputs->directory, 0777) || errno == EEXIST)
        return 0;
    return error_set(err, errno, "cannot make the directory %s: %s", outputs->directory,
                     strerror(errno));
}

/* "cannot write" is followed by what the system says; here by what helps. */
static int explain_failure(const char *path, int failed, struct error *err)
{
    const char *slash = strrchr(path, '/');

    if (err && (failed == -ENOSPC || failed == -EDQUOT))
        error_hint(err, "-o FILE in another place, or --output-dir DIR, where there is room");
    else if (err && failed == -ENOENT && slash)
        error_hint(err, "mkdir -p %.*s", (int)(slash - path), path);
    else if (err && (failed == -EACCES || failed == -EROFS || failed == -ENOENT))
        error_hint(err, "-o FILE in another place, or --output-dir DIR, where you may write");
    return failed;
}

int outputs_open(struct output *output, const char *path, struct error *err)
{
    return explain_failure(path, output_open(output, path, err), err);
}

static int write_to(const char *path, const struct wish *wish, const struct outputs *outputs,
                    const struct write_options *options, const struct profile *profile,
                    struct error *err)
{
    struct output output;
    FILE *stream;
    int failed = outputs_open(&output, path, err);

    if (failed)
        return failed;
    stream = wish->gzip ? gzip_open(output.stream, GZIP_USUAL) : output.stream;
    failed = render(wish, outputs, options, profile, stream, err);
    if (wish->gzip && !gzip_close(stream) && !failed)
        failed = error_set(err, errno, "cannot write %s: %s", wish->path, strerror(errno));
    if (failed) {
        output_discard(&output);
        return explain_failure(path, failed, err);
    }
    return explain_failure(path, output_commit(&output, err), err);
}

static int write_one(const struct outputs *outputs, size_t index,
                     const struct write_options *options, const struct profile *profile,
                     struct error *err)
{
    char *path = outputs_path(outputs, index);
    int failed = write_to(path, &outputs->wishes[index], outputs, options, profile, err);

    free(path);
    return failed;
}

static int show_picture(const struct outputs *outputs, struct error *err)
{
    for (size_t i = 0; i < outputs->count; i++)
        if (outputs->wishes[i].picture && strcmp(outputs->wishes[i].path, "-")) {
            char *path = outputs_path(outputs, i);
            int failed = browser_open(path, err);

            free(path);
            return failed;
        }
    error_set(err, EINVAL, "--open: no picture was written");
    error_hint(err, "-o FILE.svg makes one");
    return -EINVAL;
}

/* The value that is wanted, by its name. */
static int choose_value(const struct outputs *outputs, const struct profile *profile,
                        size_t *value, struct error *err)
{
    size_t count, end = 0;
    const struct value_type *types = profile_value_types(profile, &count);
    char names[256] = "";

    *value = profile_default_value(profile);
    if (!outputs->value)
        return 0;
    for (size_t i = 0; i < count; i++) {
        const char *name = profile_string(profile, types[i].name);

        if (!strcmp(name, outputs->value)) {
            *value = i;
            return 0;
        }
        if (end < sizeof(names))
            end += (size_t)snprintf(names + end, sizeof(names) - end, "%s%s", end ? ", " : "",
                                    name);
    }
    error_set(err, ENOENT, "the profile has no value %s", outputs->value);
    error_hint(err, "it has %s", names);
    return -ENOENT;
}

static int write_each(struct outputs *outputs, const struct write_options *options,
                      const struct profile *profile, struct error *err)
{
    int first = 0;

    for (size_t i = 0; i < outputs->count; i++) {
        struct error other = {0};
        int failed = write_one(outputs, i, options, profile, first ? &other : err);

        outputs->wishes[i].written = !failed;
        if (first && failed)
            log_warning("%s", other.message);
        first = first ? first : failed;
    }
    return first;
}

int outputs_write(struct outputs *outputs, const struct profile *profile, struct error *err)
{
    struct write_options options = outputs->options;
    int failed = choose_value(outputs, profile, &options.view.value, err);

    if (!failed)
        failed = outputs_prepare(outputs, err);
    if (!failed)
        failed = write_each(outputs, &options, profile, err);
    if (!failed && outputs->open)
        failed = show_picture(outputs, err);
    return failed;
}

void outputs_free(struct outputs *outputs)
{
    for (size_t i = 0; i < outputs->count; i++)
        free(outputs->wishes[i].owned);
    free(outputs->wishes);
    *outputs = (struct outputs){0};
}
