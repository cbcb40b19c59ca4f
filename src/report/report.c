#include "report/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/writers.h"

enum { LIST_ROWS = 20, TREE_ROWS = 60, PATH_FRAMES = 24, TIGHT_PATH_FRAMES = 12 };

struct job {
    const struct model *model;
    const struct report_options *options;
    const struct questions *questions;
};

static void write_form(const struct job *job, const struct extent *extent, FILE *out)
{
    if (job->options->form == REPORT_JSON)
        write_json(job->model, job->options, job->questions, extent, out);
    else
        write_text(job->model, job->options, job->questions, extent, out);
}

static char *write_to_memory(const struct job *job, const struct extent *extent, size_t *size)
{
    char *text;
    FILE *out = open_memstream(&text, size);

    write_form(job, extent, out);
    fclose(out);
    return text;
}

static struct extent default_extent(const struct report_options *options)
{
    bool tree = options->tree || options->callers || options->callees;

    return (struct extent){.top = options->top ? options->top
                                  : tree       ? TREE_ROWS
                                               : LIST_ROWS,
                           .path_frames =
                               options->form == REPORT_JSON ? SIZE_MAX : PATH_FRAMES};
}

/* Bytes of whole lines within the limit, the reason included; 0 when none fits. */
static void cut_lines(const char *text, size_t size, size_t most, FILE *out)
{
    static const char reason[] = "… --max-bytes leaves no room for more\n";

    most = most > sizeof(reason) ? most - sizeof(reason) : 0;
    if (size > most)
        size = most;
    while (size && text[size - 1] != '\n')
        size--;
    fwrite(text, 1, size, out);
    fputs(reason, out);
}

/* Fewer rows until it fits; the fewest that say something; then facts alone. */
static void write_within(const struct job *job, struct extent extent, FILE *out)
{
    size_t most = job->options->max_bytes, size, fits = 0, fails = extent.top + 1;
    char *text = write_to_memory(job, &extent, &size);

    if (size > most) {
        extent.path_frames = TIGHT_PATH_FRAMES;
        while (fails - fits > 1) {
            free(text);
            extent.top = fits + (fails - fits) / 2;
            text = write_to_memory(job, &extent, &size);
            *(size <= most ? &fits : &fails) = extent.top;
        }
        free(text);
        extent.top = fits;
        text = write_to_memory(job, &extent, &size);
    }
    if (size > most) {
        free(text);
        extent.facts_only = true;
        text = write_to_memory(job, &extent, &size);
    }
    if (size > most)
        cut_lines(text, size, most, out);
    else
        fwrite(text, 1, size, out);
    free(text);
}

int report_write(const struct profile *profile, const struct report_options *options, FILE *out,
                 struct error *err)
{
    struct questions questions = {0};
    struct extent extent = default_extent(options);
    struct model model;
    struct job job = {.model = &model, .options = options, .questions = &questions};
    int failed = 0;

    model_fill(&model, profile, options->value);
    if (options->callers)
        failed = model_match(&model, options->callers, &questions.callers, err);
    if (!failed && options->callees)
        failed = model_match(&model, options->callees, &questions.callees, err);
    if (!failed && options->max_bytes)
        write_within(&job, extent, out);
    else if (!failed)
        write_form(&job, &extent, out);
    free(questions.callers);
    free(questions.callees);
    model_free(&model);
    return failed;
}
