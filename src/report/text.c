/* The report as text and as Markdown. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/compiler.h"
#include "base/xalloc.h"
#include "report/document.h"
#include "report/writers.h"

enum { MODULE_COLUMNS = 20, SENTENCE = 100 };

struct text {
    const struct model *model;
    const struct extent *extent;
    struct document document;
};

/* ---- numbers ---- */

static const char *percent_of(const struct text *text, char buffer[16], uint64_t part)
{
    if (part == NOT_MEASURED)
        return "–";
    return layout_percent(buffer, part, text->model->totals[text->model->value]);
}

static const char *error_of(const struct text *text, char buffer[16], uint64_t samples)
{
    double error = model_error(text->model, samples);

    if (error < 0)
        return "–";
    snprintf(buffer, 16, "±%.1f", error * 100);
    return buffer;
}

static const char *count_of(char buffer[32], uint64_t count)
{
    if (count == NOT_MEASURED)
        return "–";
    snprintf(buffer, 32, "%" PRIu64, count);
    return buffer;
}

/* Scaled to three or four digits: for values that people compare, not copy. */
static const char *scaled(char buffer[32], double value, double step, const char *const *units)
{
    size_t unit = 0;

    while (value >= step * 0.99995 && units[unit + 1]) {
        value /= step;
        unit++;
    }
    snprintf(buffer, 32, "%.*f%s%s",
             !unit || value >= 999.5 ? 0
             : value < 9.995         ? 2
                                     : 1,
             value, *units[unit] ? " " : "", units[unit]);
    return buffer;
}

static const char *value_of(const struct text *text, char buffer[32], size_t type,
                            uint64_t value)
{
    static const char *const counts[] = {"", "k", "M", "G", "T", "P", NULL};
    static const char *const bytes[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", NULL};
    const char *unit = model_type_unit(text->model, type);

    if (value == NOT_MEASURED)
        return "–";
    if (!value)
        return "0";
    if (!strcmp(unit, "nanoseconds"))
        return layout_duration(buffer, value);
    if (!strcmp(unit, "bytes"))
        return scaled(buffer, (double)value, 1024, bytes);
    if (value < 100000)
        return count_of(buffer, value);
    return scaled(buffer, (double)value, 1000, counts);
}

/* "% of 496 samples", "% of 4.96 s cpu in 496 samples". */
static void of_what(const struct text *text, char *buffer, size_t size)
{
    const struct model *model = text->model;
    char total[32], samples[32];

    if (model->value == model->samples) {
        snprintf(buffer, size, "%% of %s sample%s, ± at 95 %% confidence",
                 count_of(total, model->totals[model->value]),
                 model->totals[model->value] == 1 ? "" : "s");
    } else if (model->samples != SIZE_MAX) {
        snprintf(buffer, size, "%% of %s %s in %s samples, ± at 95 %% confidence",
                 value_of(text, total, model->value, model->totals[model->value]),
                 model_type_name(model, model->value),
                 count_of(samples, model->totals[model->samples]));
    } else {
        snprintf(buffer, size, "%% of %s %s",
                 value_of(text, total, model->value, model->totals[model->value]),
                 model_type_name(model, model->value));
    }
}

static void heading(struct text *text, const char *title)
{
    char of[160];

    of_what(text, of, sizeof(of));
    document_heading(&text->document, title, of);
}

static bool is_extra(const struct model *model, size_t type)
{
    return type != model->samples && type != model->value;
}

/* "… 12 more functions; --top shows more" */
static void say_more(struct text *text, size_t all, size_t shown, const char *what)
{
    char line[128];

    if (all <= shown)
        return;
    snprintf(line, sizeof(line), "… %zu more %s%s; --top %zu shows all", all - shown, what,
             all - shown == 1 ? "" : "s", all);
    if (text->document.markdown)
        fputc('\n', text->document.out);
    document_paragraph(&text->document, line);
}

/* ---- facts ---- */

static void put_samples(struct text *text)
{
    const struct model *model = text->model;
    const struct profile_info *info = profile_facts(model->profile);
    const char *event = profile_string(model->profile, info->event);
    const char *counted =
        model->samples == SIZE_MAX ? "" : model_type_name(model, model->samples);
    bool first = strncmp(counted, "samples:", 8) != 0; /* the rates are the first event's */
    char line[256], count[32];
    size_t end = 0;

    if (!first)
        event = counted + 8;

    if (model->samples != SIZE_MAX)
        end += (size_t)snprintf(line, sizeof(line), "%s%s%.64s",
                                count_of(count, model->totals[model->samples]),
                                *event ? " of " : "", event);
    else
        end += (size_t)snprintf(line, sizeof(line), "–%s%.64s", *event ? " of " : "", event);
    if (first && info->effective_hz > 0)
        end +=
            (size_t)snprintf(line + end, sizeof(line) - end, ", %.5g Hz", info->effective_hz);
    if (first && info->frequency_hz > 0)
        snprintf(line + end, sizeof(line) - end, "%s%.5g Hz asked for",
                 info->effective_hz > 0 ? " of " : ", ", info->frequency_hz);
    document_fact(&text->document, "Samples", line);
}

static void put_time(struct text *text)
{
    const struct profile_info *info = profile_facts(text->model->profile);
    time_t seconds = (time_t)(info->started_ns / 1000000000u);
    char line[64] = "–";
    struct tm date;

    if (info->started_ns && gmtime_r(&seconds, &date) &&
        strftime(line, sizeof(line), "%Y-%m-%d %H:%M:%S UTC", &date))
        document_fact(&text->document, "Started", line);
    if (info->duration_ns)
        snprintf(line, sizeof(line), "%.3f s", (double)info->duration_ns / 1e9);
    document_fact(&text->document, "Elapsed", info->duration_ns ? line : "–");
}

static void put_values(struct text *text)
{
    /* What people look for in a summary, so its absence is said too. */
    static const char *const expected[][2] = {{"instructions", "Instructions"},
                                              {"memory_delta", "Memory"}};
    const struct model *model = text->model;
    char value[32];

    for (size_t i = 0; i < model->types; i++)
        if (i != model->samples)
            document_fact(&text->document, model_type_name(model, i),
                          value_of(text, value, i, model->totals[i]));
    for (size_t i = 0; i < ARRAY_LENGTH(expected); i++)
        if (model_find_type(model, expected[i][0]) == SIZE_MAX)
            document_fact(&text->document, expected[i][1], "–");
}

static void put_counts(struct text *text)
{
    const struct model *model = text->model;
    char line[128];

    snprintf(line, sizeof(line), "%zu unique", model->path_count);
    document_fact(&text->document, "Stacks", line);
    if (!model->thread_count)
        return;
    snprintf(line, sizeof(line), "%zu in %zu process%s", model->thread_count,
             model->process_count, model->process_count == 1 ? "" : "es");
    document_fact(&text->document, "Threads", line);
}

static void put_facts(struct text *text)
{
    const struct profile *profile = text->model->profile;
    const struct profile_info *info = profile_facts(profile);
    char line[1024];

    document_heading(&text->document, "Profile", "");
    document_fact(&text->document, "Command", profile_string(profile, info->command));
    document_fact(&text->document, "Host", profile_string(profile, info->host));
    put_time(text);
    put_samples(text);
    put_counts(text);
    put_values(text);
    profile_quality_line(profile, line, sizeof(line));
    document_fact(&text->document, "Quality",
                  info->quality.measured ? line : "not known: the input does not say");
}

/* ---- hot paths ---- */

static void put_path_head(struct text *text, size_t number, const uint64_t *self)
{
    const struct model *model = text->model;
    struct document *document = &text->document;
    uint64_t samples = model_samples_of(model, self);
    char percent[16], error[16], value[32];

    if (document->markdown)
        fprintf(document->out, "%zu. **%s %%**", number,
                percent_of(text, percent, self[model->value]));
    else
        fprintf(document->out, "%4zu.%6s%%", number,
                percent_of(text, percent, self[model->value]));
    fprintf(document->out, " %s, ", error_of(text, error, samples));
    if (samples != NOT_MEASURED)
        fprintf(document->out, "%" PRIu64 " sample%s", samples, samples == 1 ? "" : "s");
    else
        fputs(value_of(text, value, model->value, self[model->value]), document->out);
    for (size_t i = 0; i < model->types; i++)
        if (is_extra(model, i))
            fprintf(document->out, ", %s %s", model_type_name(model, i),
                    value_of(text, value, i, self[i]));
    fputs(document->markdown ? "  \n" : "\n", document->out);
}

/* A frame of a path, and how often it follows itself: "fib ×34". */
struct step {
    const char *name;
    size_t length, times;
};

enum { TIMES_ROOM = 32 };

/* Nothing for what stands there once. */
static const char *times_of(char buffer[TIMES_ROOM], size_t times)
{
    buffer[0] = '\0';
    if (times > 1)
        snprintf(buffer, TIMES_ROOM, " ×%zu", times);
    return buffer;
}

static size_t put_times(struct text *text, size_t times)
{
    char buffer[TIMES_ROOM];
    const char *number = times_of(buffer, times);

    fputs(number, text->document.out);
    return layout_columns(number, strlen(number));
}

/* One step, with a line break in front where it does not fit; returns the new column. */
static size_t put_step(struct text *text, const struct step *step, size_t at, bool first)
{
    enum { INDENT = 6, ARROW = 3, TIMES = 6 };
    struct document *document = &text->document;
    bool whole = document->style.width == SIZE_MAX;
    size_t width = (whole ? SENTENCE : document->style.width) - (step->times > 1 ? TIMES : 0);
    size_t columns = layout_columns(step->name, step->length);

    if (document->markdown) {
        fputs(first ? "   " : " → ", document->out);
        document_code(document, step->name, step->length);
        put_times(text, step->times);
        return 0;
    }
    if (first) {
        fprintf(document->out, "%*s", INDENT, "");
        at = INDENT;
    } else if (at + ARROW + columns > width) {
        fprintf(document->out, "\n%*s→ ", INDENT, "");
        at = INDENT + 2;
    } else {
        fputs(" → ", document->out);
        at += ARROW;
    }
    if (whole) {
        fwrite(step->name, 1, step->length, document->out);
        at += columns;
    } else {
        at += layout_put_name(document->out, step->name, step->length, width - at);
    }
    return at + put_times(text, step->times);
}

/* From the outermost frame to the innermost; to be freed. */
static struct step *steps_of(const struct view *view, node_id node, size_t *count)
{
    size_t node_count, depth = 0;
    const struct view_node *nodes = view_nodes(view, &node_count);
    struct step *steps;

    for (node_id i = node; i; i = nodes[i].parent)
        depth += !nodes[i].parent || nodes[nodes[i].parent].name != nodes[i].name;
    *count = depth;
    steps = xcalloc(depth + 1, sizeof(*steps));
    for (; node; node = nodes[node].parent) {
        struct step *step = &steps[depth - 1];

        step->name = view_text(view, nodes[node].name);
        step->length = view_text_length(view, nodes[node].name);
        step->times++;
        depth -= !nodes[node].parent || nodes[nodes[node].parent].name != nodes[node].name;
    }
    return steps;
}

static size_t frames_of(const struct step *steps, size_t count)
{
    size_t frames = 0;

    for (size_t i = 0; i < count; i++)
        frames += steps[i].times;
    return frames;
}

static void put_path(struct text *text, node_id node)
{
    size_t depth, most = text->extent->path_frames, at = 0;
    struct step *steps = steps_of(text->model->view, node, &depth);

    for (size_t i = 0; i < depth; i++) {
        /* A quarter of the outer frames and three of the inner ones stay. */
        if (depth > most + 1 && i == most / 4) {
            char words[48];
            int length = snprintf(words, sizeof(words), "(%zu frames)",
                                  frames_of(steps + i, depth - most));
            struct step gap = {.name = words, .length = (size_t)length, .times = 1};

            at = put_step(text, &gap, at, !i);
            i += depth - most - 1;
            continue;
        }
        at = put_step(text, &steps[i], at, !i);
    }
    if (!depth)
        put_step(text, &(struct step){.name = "[no frames]", .length = 11, .times = 1}, 0,
                 true);
    fputc('\n', text->document.out);
    free(steps);
}

static void put_paths(struct text *text)
{
    const struct model *model = text->model;
    size_t shown = 0;

    heading(text, "Hot paths");
    for (; shown < model->path_count && shown < text->extent->top; shown++) {
        const struct model_path *path = &model->paths[shown];

        put_path_head(text, shown + 1, path->self);
        put_path(text, path->node);
    }
    say_more(text, model->path_count, shown, "path");
}

/* ---- tables ---- */

static void share_columns(const struct text *text, struct table *table, bool with_total)
{
    const struct model *model = text->model;

    table_column(table, with_total ? "self %" : "%", TABLE_RIGHT, 0);
    table_column(table, "±", TABLE_RIGHT, 0);
    if (with_total) {
        table_column(table, "total %", TABLE_RIGHT, 0);
        table_droppable_column(table, "±", TABLE_RIGHT, 0);
    }
    if (model->samples != SIZE_MAX)
        table_droppable_column(table, "samples", TABLE_RIGHT, 0);
    if (model->value != model->samples)
        table_droppable_column(table, model_type_name(model, model->value), TABLE_RIGHT, 0);
}

static void share_cells(const struct text *text, struct table *table, const uint64_t *self,
                        const uint64_t *total)
{
    const struct model *model = text->model;
    char buffer[32];

    table_cell(table, percent_of(text, buffer, self[model->value]));
    table_cell(table, error_of(text, buffer, model_samples_of(model, self)));
    if (total) {
        table_cell(table, percent_of(text, buffer, total[model->value]));
        table_cell(table, error_of(text, buffer, model_samples_of(model, total)));
    }
    if (model->samples != SIZE_MAX)
        table_cell(table, count_of(buffer, self[model->samples]));
    if (model->value != model->samples)
        table_cell(table, value_of(text, buffer, model->value, self[model->value]));
}

static void extra_columns(const struct model *model, struct table *table)
{
    for (size_t i = 0; i < model->types && table->column_count + 2 < TABLE_COLUMNS; i++)
        if (is_extra(model, i))
            table_droppable_column(table, model_type_name(model, i), TABLE_RIGHT, 0);
}

static void extra_cells(const struct text *text, struct table *table, const uint64_t *self,
                        size_t columns)
{
    const struct model *model = text->model;
    char buffer[32];

    for (size_t i = 0; i < model->types && table->cell_count % columns + 2 < TABLE_COLUMNS; i++)
        if (is_extra(model, i))
            table_cell(table, value_of(text, buffer, i, self[i]));
}

static void put_functions(struct text *text)
{
    const struct model *model = text->model;
    bool modules = profile_mapping_count(model->profile) != 0;
    struct table table = {0};
    size_t shown = 0;

    heading(text, "Functions");
    share_columns(text, &table, true);
    extra_columns(model, &table);
    if (modules)
        table_droppable_column(&table, "file", TABLE_LEFT, MODULE_COLUMNS);
    table_column(&table, "function", TABLE_CODE, 0);
    for (; shown < model->function_count && shown < text->extent->top; shown++) {
        const struct model_function *function = &model->functions[shown];

        share_cells(text, &table, function->self, function->total);
        extra_cells(text, &table, function->self, table.column_count);
        if (modules)
            table_cell(&table, model_module(model, function->name));
        table_cell(&table, view_text(model->view, function->name));
    }
    table_end(&table, &text->document);
    say_more(text, model->function_count, shown, "function");
}

static void put_threads(struct text *text)
{
    const struct model *model = text->model;
    struct table table = {0};
    size_t shown = 0;
    char number[16];

    if (!model->thread_count)
        return;
    heading(text, "Threads");
    share_columns(text, &table, false);
    extra_columns(model, &table);
    table_droppable_column(&table, "PID", TABLE_RIGHT, 0);
    table_column(&table, "TID", TABLE_RIGHT, 0);
    table_droppable_column(&table, "process", TABLE_LEFT, MODULE_COLUMNS);
    table_column(&table, "thread", TABLE_LEFT, 0);
    for (; shown < model->thread_count && shown < text->extent->top; shown++) {
        const struct model_thread *thread = &model->threads[shown];

        share_cells(text, &table, thread->self, NULL);
        extra_cells(text, &table, thread->self, table.column_count);
        snprintf(number, sizeof(number), "%d", thread->pid);
        table_cell(&table, thread->pid ? number : "–");
        snprintf(number, sizeof(number), "%d", thread->tid);
        table_cell(&table, thread->tid ? number : "–");
        table_cell(&table, profile_string(model->profile, thread->process));
        table_cell(&table, profile_string(model->profile, thread->thread));
    }
    table_end(&table, &text->document);
    say_more(text, model->thread_count, shown, "thread");
}

static void put_lines(struct text *text)
{
    const struct model *model = text->model;
    struct model_line *lines;
    size_t count = model_lines(model, &lines), shown = 0;
    struct table table = {0};
    char buffer[32], *place;

    heading(text, "Source lines");
    if (!count) {
        document_paragraph(&text->document, "no source lines are known in this profile");
        return;
    }
    table_column(&table, "self %", TABLE_RIGHT, 0);
    table_column(&table, "±", TABLE_RIGHT, 0);
    table_column(&table, "total %", TABLE_RIGHT, 0);
    table_column(&table, "line", TABLE_CODE, text->document.style.width / 2);
    table_column(&table, "function", TABLE_CODE, 0);
    for (; shown < count && shown < text->extent->top; shown++) {
        table_cell(&table, percent_of(text, buffer, lines[shown].self));
        table_cell(&table, error_of(text, buffer, lines[shown].self_samples));
        table_cell(&table, percent_of(text, buffer, lines[shown].total));
        place = xasprintf("%s:%" PRIu32, profile_string(model->profile, lines[shown].file),
                          lines[shown].line);
        table_cell(&table, place);
        free(place);
        table_cell(&table, profile_string(model->profile, lines[shown].function));
    }
    table_end(&table, &text->document);
    say_more(text, count, shown, "line");
    free(lines);
}

/* ---- trees ---- */

enum tree_kind { TREE_WHOLE, TREE_CALLERS, TREE_CALLEES };

struct tree_table {
    struct text *text;
    const struct model_tree *tree;
    enum tree_kind kind;
    struct table table;
    uint64_t root_total; /* of the wanted function whose part of the tree is being written */
};

static void tree_columns(struct tree_table *it)
{
    table_column(&it->table, "total %", TABLE_RIGHT, 0);
    table_column(&it->table, "±", TABLE_RIGHT, 0);
    if (it->kind != TREE_CALLERS) /* a caller has no time of its own here */
        table_column(&it->table, "self %", TABLE_RIGHT, 0);
    if (it->kind != TREE_WHOLE)
        table_column(&it->table, "of it %", TABLE_RIGHT, 0);
    if (it->tree->samples)
        table_droppable_column(&it->table, "samples", TABLE_RIGHT, 0);
    table_column(&it->table, "function", TABLE_CODE, 0);
}

/* The only child that takes all of its parent's samples stays below it, marked, so that long
 * chains do not run out of the window. */
static bool continues_chain(const struct model_tree *tree, const struct view_node *node)
{
    return node->parent && tree->nodes[node->parent].total == node->total;
}

static char *indented(size_t indent, bool chained, const char *name, uint32_t times)
{
    enum { DEEPEST = 40 };
    int columns = (int)(2 * (indent > DEEPEST ? DEEPEST : indent));
    char number[TIMES_ROOM];

    return xasprintf("%*s%s%s%s", columns, "", chained ? "↳ " : "", name,
                     times_of(number, times));
}

static void tree_row_cells(struct tree_table *it, const struct tree_row *row, size_t indent)
{
    struct text *text = it->text;
    const struct view_node *node = &it->tree->nodes[row->node];
    uint64_t samples = it->tree->samples ? it->tree->samples[row->node] : NOT_MEASURED;
    char buffer[32],
        *name = indented(indent, continues_chain(it->tree, node),
                         view_text(text->model->view, node->name), it->tree->times[row->node]);

    if (!node->parent)
        it->root_total = node->total;
    table_cell(&it->table, percent_of(text, buffer, node->total));
    table_cell(&it->table, error_of(text, buffer, samples));
    if (it->kind != TREE_CALLERS)
        table_cell(&it->table, percent_of(text, buffer, node->self));
    if (it->kind != TREE_WHOLE)
        table_cell(&it->table, layout_percent(buffer, node->total, it->root_total));
    if (it->tree->samples)
        table_cell(&it->table, count_of(buffer, samples));
    table_cell(&it->table, name);
    free(name);
}

static void hidden_row_cells(struct tree_table *it, const struct tree_row *row, size_t indent)
{
    char buffer[32], line[48], *name;

    snprintf(line, sizeof(line), "… %zu more", row->hidden);
    name = indented(indent + 1, false, line, 1);
    table_cell(&it->table, percent_of(it->text, buffer, row->hidden_total));
    for (size_t c = 2; c < it->table.column_count; c++)
        table_cell(&it->table, "");
    table_cell(&it->table, name);
    free(name);
}

/* The rows with what a walk over them needs. */
struct tree_walk {
    struct tree_row *rows;
    size_t count;
    size_t *indent;
    uint32_t *row_of; /* of a node */
};

static void walk_begin(struct tree_walk *walk, const struct text *text,
                       const struct model_tree *tree)
{
    walk->count = tree_rows(text->model, tree, text->extent->top, &walk->rows);
    walk->indent = xcalloc(walk->count + 1, sizeof(*walk->indent));
    walk->row_of = xcalloc(tree->count, sizeof(*walk->row_of));
    for (size_t i = 0; i < walk->count; i++) {
        const struct view_node *node = &tree->nodes[walk->rows[i].node];

        walk->row_of[walk->rows[i].node] = (uint32_t)i;
        if (node->parent)
            walk->indent[i] =
                walk->indent[walk->row_of[node->parent]] + !continues_chain(tree, node);
    }
}

static void walk_end(struct tree_walk *walk)
{
    free(walk->rows);
    free(walk->indent);
    free(walk->row_of);
}

/* What is not shown of the rows that end with row `i`, innermost first. */
static void close_rows(struct tree_table *it, const struct tree_walk *walk, size_t i)
{
    size_t next = i + 1 < walk->count ? walk->rows[i + 1].depth : 0;
    node_id node = walk->rows[i].node;

    while (node && walk->rows[walk->row_of[node]].depth >= next) {
        uint32_t row = walk->row_of[node];

        if (walk->rows[row].hidden)
            hidden_row_cells(it, &walk->rows[row], walk->indent[row]);
        node = it->tree->nodes[node].parent;
    }
}

static void put_tree(struct text *text, enum tree_kind kind, const char *title,
                     struct model_tree *tree)
{
    struct tree_table it = {.text = text, .tree = tree, .kind = kind, .table = {.drawn = true}};
    struct tree_walk walk;
    size_t all = 0;

    model_tree_fold(tree);
    heading(text, title);
    tree_columns(&it);
    walk_begin(&walk, text, tree);
    for (size_t i = 0; i < walk.count; i++) {
        tree_row_cells(&it, &walk.rows[i], walk.indent[i]);
        close_rows(&it, &walk, i);
    }
    table_end(&it.table, &text->document);
    for (size_t i = 1; i < tree->count; i++)
        all += tree->nodes[i].total != 0;
    say_more(text, all, walk.count, "node");
    walk_end(&walk);
}

static void put_asked_tree(struct text *text, enum tree_kind kind, const char *name,
                           struct model_tree *tree)
{
    char *title = xasprintf("%s of %s", kind == TREE_CALLERS ? "Callers" : "Callees", name);

    put_tree(text, kind, title, tree);
    free(title);
    model_tree_free(tree);
}

/* ---- the whole ---- */

static void put_notes(struct text *text)
{
    size_t count;
    const str_id *notes = profile_notes(text->model->profile, &count);

    if (!count)
        return;
    document_heading(&text->document, "Notes", "");
    for (size_t i = 0; i < count; i++)
        document_item(&text->document, profile_string(text->model->profile, notes[i]));
}

static bool put_answers(struct text *text, const struct report_options *options,
                        const struct questions *questions)
{
    struct model_tree tree = {0};

    if (questions->callers) {
        model_callers(text->model, questions->callers, &tree);
        put_asked_tree(text, TREE_CALLERS, options->callers, &tree);
    }
    if (questions->callees) {
        model_callees(text->model, questions->callees, &tree);
        put_asked_tree(text, TREE_CALLEES, options->callees, &tree);
    }
    if (options->tree) {
        model_whole_tree(text->model, &tree);
        put_tree(text, TREE_WHOLE, "Call tree", &tree);
        model_tree_free(&tree);
    }
    if (options->lines)
        put_lines(text);
    return questions->callers || questions->callees || options->tree || options->lines;
}

void write_text(const struct model *model, const struct report_options *options,
                const struct questions *questions, const struct extent *extent, FILE *out)
{
    struct text text = {.model = model,
                        .extent = extent,
                        .document = {.out = out,
                                     .style = options->style,
                                     .markdown = options->form == REPORT_MARKDOWN}};

    put_facts(&text);
    if (extent->facts_only)
        return;
    if (!put_answers(&text, options, questions)) {
        put_paths(&text);
        put_functions(&text);
        put_threads(&text);
    }
    put_notes(&text);
}
