/* The report as JSON.  What was not measured is null, never 0. */
#include <stdlib.h>
#include <string.h>

#include "base/json_writer.h"
#include "base/xalloc.h"
#include "profile/quality.h"
#include "report/writers.h"

struct json {
    const struct model *model;
    const struct extent *extent;
    struct json_writer out;
};

static void put_count(struct json *json, const char *key, uint64_t value)
{
    json_key(&json->out, key);
    if (value == NOT_MEASURED)
        json_null(&json->out);
    else
        json_u64(&json->out, value);
}

static void put_fraction(struct json *json, const char *key, double fraction)
{
    json_key(&json->out, key);
    if (fraction < 0)
        json_null(&json->out);
    else
        json_fraction(&json->out, fraction);
}

static void put_name(struct json *json, const char *key, const char *text)
{
    json_put_text(&json->out, key, text);
}

static double share_of(const struct model *model, uint64_t part)
{
    uint64_t all = model->totals[model->value];

    if (part == NOT_MEASURED || all == NOT_MEASURED || !all)
        return -1;
    return (double)part / (double)all;
}

/* Share, its error and all values of one row. */
static void put_values(struct json *json, const uint64_t *values)
{
    const struct model *model = json->model;

    put_fraction(json, "share", share_of(model, values[model->value]));
    put_fraction(json, "error", model_error(model, model_samples_of(model, values)));
    for (size_t i = 0; i < model->types; i++)
        put_count(json, model_type_name(model, i), values[i]);
}

static void open_row(struct json *json)
{
    json_line(&json->out);
    json_open(&json->out, '{');
}

static void put_omitted(struct json *json, const char *key, size_t all, size_t shown)
{
    put_count(json, key, all > shown ? all - shown : 0);
}

/* ---- facts ---- */

static void put_quality(struct json *json)
{
    const struct quality *quality = &profile_facts(json->model->profile)->quality;
    char line[1024];

    json_key(&json->out, "quality");
    if (!quality->measured) {
        json_null(&json->out);
        return;
    }
    json_open(&json->out, '{');
    for (const struct quality_field *field = quality_fields; field->name; field++) {
        json_key(&json->out, field->name);
        if (field->is_flag)
            json_bool(&json->out, quality_get(quality, field));
        else
            json_u64(&json->out, quality_get(quality, field));
    }
    profile_quality_line(json->model->profile, line, sizeof(line));
    put_name(json, "line", line);
    json_close(&json->out, '}');
}

static void put_known(struct json *json, const char *key, str_id text)
{
    json_key(&json->out, key);
    if (text)
        json_text(&json->out, profile_string(json->model->profile, text));
    else
        json_null(&json->out);
}

static void put_measure(struct json *json)
{
    const struct model *model = json->model;

    json_open_at(&json->out, "shares_of", '{');
    put_name(json, "name", model_type_name(model, model->value));
    put_name(json, "unit", model_type_unit(model, model->value));
    put_count(json, "total", model->totals[model->value]);
    json_close(&json->out, '}');
    json_open_at(&json->out, "totals", '{');
    for (size_t i = 0; i < model->types; i++)
        put_count(json, model_type_name(model, i), model->totals[i]);
    json_close(&json->out, '}');
}

static void put_facts(struct json *json)
{
    const struct model *model = json->model;
    const struct profile_info *info = profile_facts(model->profile);

    json_put_u64(&json->out, "version", 1);
    put_name(json, "creator", "fiq " FIQ_VERSION);
    put_known(json, "command", info->command);
    put_known(json, "host", info->host);
    put_known(json, "event", info->event);
    json_key(&json->out, "elapsed_seconds");
    if (info->duration_ns)
        json_seconds(&json->out, info->duration_ns);
    else
        json_null(&json->out);
    put_count(json, "total_samples",
              model->samples == SIZE_MAX ? NOT_MEASURED : model->totals[model->samples]);
    put_fraction(json, "frequency_hz", info->frequency_hz > 0 ? info->frequency_hz : -1);
    put_fraction(json, "effective_hz", info->effective_hz > 0 ? info->effective_hz : -1);
    put_count(json, "unique_stacks", model->path_count);
    put_count(json, "functions_known", model->function_count);
    put_count(json, "threads_known", model->thread_count);
    put_measure(json);
    json_line(&json->out);
    put_quality(json);
}

/* ---- lists ---- */

static void put_frames(struct json *json, node_id node)
{
    const struct view *view = json->model->view;
    size_t count, depth = 0, most = json->extent->path_frames;
    const struct view_node *nodes = view_nodes(view, &count);
    node_id *path;

    for (node_id i = node; i; i = nodes[i].parent)
        depth++;
    path = xalloc((depth + 1) * sizeof(*path));
    for (size_t i = depth; node; node = nodes[node].parent)
        path[--i] = node;
    /* The innermost ones say most; what is outside them is counted. */
    put_count(json, "frames_omitted", depth > most ? depth - most : 0);
    json_open_at(&json->out, "frames", '[');
    for (size_t i = depth > most ? depth - most : 0; i < depth; i++)
        json_string(&json->out, view_text(view, nodes[path[i]].name),
                    view_text_length(view, nodes[path[i]].name));
    json_close(&json->out, ']');
    free(path);
}

static void put_paths(struct json *json)
{
    const struct model *model = json->model;
    size_t shown = 0;

    json_line(&json->out);
    json_open_at(&json->out, "hot_paths", '[');
    for (; shown < model->path_count && shown < json->extent->top; shown++) {
        open_row(json);
        put_values(json, model->paths[shown].self);
        put_frames(json, model->paths[shown].node);
        json_close(&json->out, '}');
    }
    json_close(&json->out, ']');
    put_omitted(json, "hot_paths_omitted", model->path_count, shown);
}

static void put_sums(struct json *json, const char *key, const uint64_t *values)
{
    json_open_at(&json->out, key, '{');
    put_values(json, values);
    json_close(&json->out, '}');
}

static void put_functions(struct json *json)
{
    const struct model *model = json->model;
    size_t shown = 0;

    json_line(&json->out);
    json_open_at(&json->out, "functions", '[');
    for (; shown < model->function_count && shown < json->extent->top; shown++) {
        const struct model_function *function = &model->functions[shown];

        open_row(json);
        put_name(json, "function", view_text(model->view, function->name));
        put_name(json, "file", model_module(model, function->name));
        put_sums(json, "self", function->self);
        put_sums(json, "total", function->total);
        json_close(&json->out, '}');
    }
    json_close(&json->out, ']');
    put_omitted(json, "functions_omitted", model->function_count, shown);
}

static void put_number(struct json *json, const char *key, int32_t number)
{
    json_key(&json->out, key);
    if (number)
        json_i64(&json->out, number);
    else
        json_null(&json->out);
}

static void put_threads(struct json *json)
{
    const struct model *model = json->model;
    size_t shown = 0;

    json_line(&json->out);
    json_open_at(&json->out, "threads", '[');
    for (; shown < model->thread_count && shown < json->extent->top; shown++) {
        const struct model_thread *thread = &model->threads[shown];

        open_row(json);
        put_name(json, "process", profile_string(model->profile, thread->process));
        put_name(json, "thread", profile_string(model->profile, thread->thread));
        put_number(json, "pid", thread->pid);
        put_number(json, "tid", thread->tid);
        put_values(json, thread->self);
        json_close(&json->out, '}');
    }
    json_close(&json->out, ']');
    put_omitted(json, "threads_omitted", model->thread_count, shown);
}

static void put_line(struct json *json, const struct model_line *line)
{
    const struct model *model = json->model;

    open_row(json);
    put_name(json, "file", profile_string(model->profile, line->file));
    put_count(json, "line", line->line);
    put_name(json, "function", profile_string(model->profile, line->function));
    put_fraction(json, "self_share", share_of(model, line->self));
    put_fraction(json, "self_error", model_error(model, line->self_samples));
    put_fraction(json, "total_share", share_of(model, line->total));
    put_fraction(json, "total_error", model_error(model, line->total_samples));
    put_count(json, "self", line->self);
    put_count(json, "total", line->total);
    json_close(&json->out, '}');
}

static void put_lines(struct json *json)
{
    struct model_line *lines;
    size_t count = model_lines(json->model, &lines), shown = 0;

    json_line(&json->out);
    json_open_at(&json->out, "lines", '[');
    for (; shown < count && shown < json->extent->top; shown++)
        put_line(json, &lines[shown]);
    json_close(&json->out, ']');
    put_omitted(json, "lines_omitted", count, shown);
    free(lines);
}

/* Trees are flat lists with a depth: no reader has to recurse. */
static void put_tree(struct json *json, const char *key, const struct model_tree *tree)
{
    const struct model *model = json->model;
    struct tree_row *rows;
    size_t count = tree_rows(model, tree, json->extent->top, &rows);

    json_line(&json->out);
    json_open_at(&json->out, key, '[');
    for (size_t i = 0; i < count; i++) {
        const struct view_node *node = &tree->nodes[rows[i].node];
        uint64_t samples = tree->samples ? tree->samples[rows[i].node] : NOT_MEASURED;

        open_row(json);
        put_count(json, "depth", rows[i].depth);
        put_name(json, "function", view_text(model->view, node->name));
        put_fraction(json, "share", share_of(model, node->total));
        put_fraction(json, "error", model_error(model, samples));
        put_count(json, "samples", samples);
        put_count(json, "total", node->total);
        put_count(json, "self", node->self);
        put_count(json, "children_omitted", rows[i].hidden);
        json_close(&json->out, '}');
    }
    json_close(&json->out, ']');
    free(rows);
}

static void put_notes(struct json *json)
{
    size_t count;
    const str_id *notes = profile_notes(json->model->profile, &count);

    json_line(&json->out);
    json_open_at(&json->out, "notes", '[');
    for (size_t i = 0; i < count; i++)
        json_text(&json->out, profile_string(json->model->profile, notes[i]));
    json_close(&json->out, ']');
}

static bool put_answers(struct json *json, const struct report_options *options,
                        const struct questions *questions)
{
    struct model_tree tree = {0};

    if (questions->callers) {
        model_callers(json->model, questions->callers, &tree);
        put_tree(json, "callers", &tree);
        model_tree_free(&tree);
    }
    if (questions->callees) {
        model_callees(json->model, questions->callees, &tree);
        put_tree(json, "callees", &tree);
        model_tree_free(&tree);
    }
    if (options->tree) {
        model_whole_tree(json->model, &tree);
        put_tree(json, "tree", &tree);
        model_tree_free(&tree);
    }
    if (options->lines)
        put_lines(json);
    return questions->callers || questions->callees || options->tree || options->lines;
}

void write_json(const struct model *model, const struct report_options *options,
                const struct questions *questions, const struct extent *extent, FILE *out)
{
    struct json *json = xcalloc(1, sizeof(*json));

    json->model = model;
    json->extent = extent;
    json_begin(&json->out, out);
    json_open(&json->out, '{');
    if (extent->facts_only) {
        put_count(json, "version", 1);
        put_count(json, "total_samples",
                  model->samples == SIZE_MAX ? NOT_MEASURED : model->totals[model->samples]);
        put_count(json, "unique_stacks", model->path_count);
        put_name(json, "truncated", "--max-bytes leaves no room for more");
    } else {
        put_facts(json);
        if (!put_answers(json, options, questions)) {
            put_paths(json);
            put_functions(json);
            put_threads(json);
        }
        put_notes(json);
    }
    json_close(&json->out, '}');
    json_end(&json->out);
    fputc('\n', out);
    free(json);
}
