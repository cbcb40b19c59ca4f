#include "render/html_data.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/map.h"
#include "base/saturate.h"
#include "base/xalloc.h"
#include "render/columns.h"

/* Moments are told in steps of this: finer than any sampling rate, and small as differences. */
enum { MOMENT_STEP_NS = 10000 };

struct entry {
    uint32_t node; /* its place in the file */
    label_id labels;
    stack_id stack; /* one of those that it sums */
};

struct data {
    const struct profile *profile;
    const struct view *asked; /* what the user asked for, */
    struct view *view;        /* and all of it, by name alone */
    const struct render_options *options;
    struct columns columns;
    name_id *names;       /* sorted by text */
    uint32_t *name_place; /* where a name is in `names` */
    node_id *nodes;       /* depth first, children by name */
    uint32_t *node_place, *node_up;
    size_t node_count;
    struct entry *entries;
    size_t entry_count;
    uint32_t *entry_of_stack; /* or UINT32_MAX */
    uint64_t *values;         /* of the entries, one type after the other */
    size_t type_count;
    str_id *files;
    size_t file_count;
    uint32_t *file_of_name;
    struct moment *moments; /* that belong to an entry, in order */
    size_t moment_count;
};

/* ---- order ---- */

static int by_text(const void *a, const void *b, void *view)
{
    name_id x = *(const name_id *)a, y = *(const name_id *)b;
    size_t m = view_text_length(view, x), n = view_text_length(view, y);
    int order = memcmp(view_text(view, x), view_text(view, y), m < n ? m : n);

    if (order)
        return order;
    if (m != n)
        return m < n ? -1 : 1;
    return (int)view_name(view, x)->kind - (int)view_name(view, y)->kind;
}

static void sort_names(struct data *data)
{
    uint32_t count = view_name_count(data->view);

    data->names = xalloc(count * sizeof(*data->names));
    data->name_place = xalloc(count * sizeof(*data->name_place));
    for (name_id i = 0; i < count; i++)
        data->names[i] = i;
    qsort_r(data->names, count, sizeof(*data->names), by_text, data->view);
    for (uint32_t i = 0; i < count; i++)
        data->name_place[data->names[i]] = i;
}

/* Nodes by the place of their names, last first: put in front of their siblings in this order,
 * they end up sorted.  The counts of names are the buckets. */
static node_id *nodes_by_name(const struct data *data, const struct view_node *nodes)
{
    uint32_t names = view_name_count(data->view);
    size_t *starts = xcalloc((size_t)names + 1, sizeof(*starts));
    node_id *sorted = xalloc(data->node_count * sizeof(*sorted));
    size_t at = 0;

    for (size_t i = 1; i < data->node_count; i++)
        starts[data->name_place[nodes[i].name]]++;
    for (uint32_t i = names; i-- > 0;) {
        size_t here = starts[i];

        starts[i] = at;
        at += here;
    }
    for (size_t i = 1; i < data->node_count; i++)
        sorted[starts[data->name_place[nodes[i].name]]++] = (node_id)i;
    free(starts);
    return sorted;
}

static void walk_nodes(struct data *data, const struct view_node *nodes,
                       const node_id *first_child, const node_id *sibling)
{
    node_id at = 0;
    uint32_t place = 0, up = 0;

    for (;;) {
        data->nodes[place] = at;
        data->node_up[place] = up;
        data->node_place[at] = place++;
        up = 0;
        if (first_child[at]) {
            at = first_child[at];
            continue;
        }
        for (up = 1; at && !sibling[at]; up++)
            at = nodes[at].parent;
        if (!at)
            return;
        at = sibling[at];
    }
}

static void sort_nodes(struct data *data)
{
    const struct view_node *nodes = view_nodes(data->view, &data->node_count);
    size_t count = data->node_count;
    node_id *sorted = nodes_by_name(data, nodes);
    node_id *first_child = xcalloc(count, sizeof(node_id));
    node_id *sibling = xcalloc(count, sizeof(node_id));

    data->nodes = xalloc(count * sizeof(node_id));
    data->node_up = xalloc(count * sizeof(uint32_t));
    data->node_place = xalloc(count * sizeof(uint32_t));
    for (size_t i = 0; i + 1 < count; i++) {
        node_id *first = &first_child[nodes[sorted[i]].parent];

        sibling[sorted[i]] = *first;
        *first = sorted[i];
    }
    walk_nodes(data, nodes, first_child, sibling);
    free(sorted);
    free(first_child);
    free(sibling);
}

/* ---- what was measured ---- */

static bool is_measured(const uint64_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (values[i] && values[i] != NOT_MEASURED)
            return true;
    return false;
}

static int by_place(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    if (x->node != y->node)
        return x->node < y->node ? -1 : 1;
    if (x->labels != y->labels)
        return x->labels < y->labels ? -1 : 1;
    return (x->stack > y->stack) - (x->stack < y->stack);
}

static void list_entries(struct data *data)
{
    size_t count;
    const struct stack *stacks = profile_stacks(data->profile, &count);

    data->entries = xalloc(count * sizeof(*data->entries));
    for (size_t i = 0; i < count; i++)
        if (is_measured(profile_values(data->profile, (stack_id)i), data->type_count))
            data->entries[data->entry_count++] =
                (struct entry){.node = data->node_place[view_node_of(data->view, (stack_id)i)],
                               .labels = stacks[i].labels,
                               .stack = (stack_id)i};
    qsort(data->entries, data->entry_count, sizeof(*data->entries), by_place);
    data->entry_of_stack = xalloc(count * sizeof(*data->entry_of_stack));
    memset(data->entry_of_stack, 0xff, count * sizeof(*data->entry_of_stack));
}

/* Stacks that differ in addresses only become one entry. */
static void sum_entries(struct data *data)
{
    size_t listed = data->entry_count, kept = 0, types = data->type_count;
    uint64_t *sums = xcalloc(listed ? listed * types : 1, sizeof(*sums));

    for (size_t i = 0; i < listed; i++) {
        struct entry entry = data->entries[i];
        const uint64_t *values = profile_values(data->profile, entry.stack);

        if (!kept || data->entries[kept - 1].node != entry.node ||
            data->entries[kept - 1].labels != entry.labels)
            data->entries[kept++] = entry;
        data->entry_of_stack[entry.stack] = (uint32_t)(kept - 1);
        for (size_t type = 0; type < types; type++)
            if (values[type] != NOT_MEASURED) {
                uint64_t *sum = &sums[(kept - 1) * types + type];

                *sum = saturating_add(*sum, values[type]);
            }
    }
    data->entry_count = kept;
    data->values = sums;
}

static uint64_t value_at(const struct data *data, size_t entry, size_t type)
{
    return data->values[entry * data->type_count + type];
}

/* Most profiles measure time as samples times the period: then one number says it all. */
static uint64_t times_of_first(const struct data *data, size_t type)
{
    uint64_t times = 0;

    for (size_t i = 0; i < data->entry_count; i++) {
        uint64_t first = value_at(data, i, 0), value = value_at(data, i, type);

        if (!first || value % first || !value)
            return 0;
        if (times && value / first != times)
            return 0;
        times = value / first;
    }
    return times;
}

static int by_time(const void *a, const void *b)
{
    const struct moment *x = a, *y = b;

    return (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
}

static void list_moments(struct data *data)
{
    size_t count;
    const struct moment *moments = profile_moments(data->profile, &count);

    data->moments = xalloc((count + 1) * sizeof(*data->moments));
    for (size_t i = 0; i < count; i++)
        if (data->entry_of_stack[moments[i].stack] != UINT32_MAX)
            data->moments[data->moment_count++] = moments[i];
    qsort(data->moments, data->moment_count, sizeof(*data->moments), by_time);
}

/* ---- source files: that of the first frame of a name which has one ---- */

static void find_files(struct data *data)
{
    uint32_t names = view_name_count(data->view), frames = profile_frame_count(data->profile);
    struct map name_of = {0}, number_of = {0};
    size_t room = 0;

    data->file_of_name = xcalloc((size_t)names + 1, sizeof(uint32_t));
    for (name_id i = 0; i < names; i++) {
        const struct view_name *name = view_name(data->view, i);

        map_set(&name_of, (uint64_t)name->text << 8 | (uint64_t)name->kind, i);
    }
    for (frame_id i = 0; i < frames; i++) {
        const struct frame *frame = profile_frame_at(data->profile, i);
        uint32_t name = map_get(&name_of, (uint64_t)frame->function << 8 | frame->kind);
        uint32_t *number;

        if (!frame->file || name == UINT32_MAX || data->file_of_name[name])
            continue;
        number = map_at(&number_of, frame->file);
        if (*number == UINT32_MAX) {
            data->files = xgrow(data->files, &room, data->file_count + 1, sizeof(str_id));
            data->files[data->file_count++] = frame->file;
            *number = (uint32_t)data->file_count;
        }
        data->file_of_name[name] = *number; /* from 1: 0 is none */
    }
    map_free(&name_of);
    map_free(&number_of);
}

/* ---- the facts, as JSON ---- */

static void put_json_id(struct data *data, const char *key, str_id text)
{
    columns_printf(&data->columns, "\"%s\":", key);
    columns_json(&data->columns, profile_string(data->profile, text),
                 profile_string_length(data->profile, text));
    columns_printf(&data->columns, ",");
}

static void put_json_text(struct data *data, const char *key, const char *text)
{
    columns_printf(&data->columns, "\"%s\":", key);
    columns_json(&data->columns, text, strlen(text));
    columns_printf(&data->columns, ",");
}

static void put_value_types(struct data *data)
{
    size_t count;
    const struct value_type *types = profile_value_types(data->profile, &count);

    columns_printf(&data->columns, "\"values\":[");
    for (size_t i = 0; i < count; i++) {
        uint64_t times = i ? times_of_first(data, i) : 0;

        columns_printf(&data->columns, "%s{", i ? "," : "");
        put_json_id(data, "name", types[i].name);
        if (times)
            columns_printf(&data->columns, "\"times\":%" PRIu64 ",", times);
        columns_printf(&data->columns, "\"unit\":");
        columns_json(&data->columns, profile_string(data->profile, types[i].unit),
                     profile_string_length(data->profile, types[i].unit));
        columns_printf(&data->columns, "}");
    }
    columns_printf(&data->columns, "],");
}

static void put_labels(struct data *data)
{
    uint32_t count = profile_label_count(data->profile);

    columns_printf(&data->columns, "\"labels\":[");
    for (label_id i = 0; i < count; i++) {
        const struct label_set *labels = profile_labels_at(data->profile, i);

        columns_printf(&data->columns, "%s{", i ? "," : "");
        put_json_id(data, "process", labels->process);
        put_json_id(data, "thread", labels->thread);
        put_json_id(data, "command", labels->command);
        columns_printf(&data->columns, "\"pid\":%d,\"tid\":%d}", labels->pid, labels->tid);
    }
    columns_printf(&data->columns, "],");
}

static void put_mappings(struct data *data)
{
    uint32_t count = profile_mapping_count(data->profile);

    columns_printf(&data->columns, "\"mappings\":[\"\"");
    for (mapping_id i = 1; i <= count; i++) {
        str_id path = profile_mapping_at(data->profile, i)->path;

        columns_printf(&data->columns, ",");
        columns_json(&data->columns, profile_string(data->profile, path),
                     profile_string_length(data->profile, path));
    }
    columns_printf(&data->columns, "],");
}

static void put_notes(struct data *data)
{
    size_t count;
    const str_id *notes = profile_notes(data->profile, &count);

    columns_printf(&data->columns, "\"notes\":[");
    for (size_t i = 0; i < count; i++) {
        columns_printf(&data->columns, "%s", i ? "," : "");
        columns_json(&data->columns, profile_string(data->profile, notes[i]),
                     profile_string_length(data->profile, notes[i]));
    }
    columns_printf(&data->columns, "],");
}

/* More than a tenth of the stacks are not what they should be, or of the samples are gone. */
static bool is_troubled(const struct quality *q)
{
    uint64_t stacks = q->complete + q->cut + q->broken, all = stacks + q->kernel_only;

    return q->measured && ((q->cut + q->broken) * 10 > stacks || q->unnamed * 10 > all ||
                           q->lost * 10 > all + q->lost);
}

static void put_measurement(struct data *data)
{
    const struct profile_info *info = profile_facts(data->profile);
    struct columns *columns = &data->columns;
    char line[2048];

    put_json_id(data, "command", info->command);
    put_json_id(data, "host", info->host);
    put_json_id(data, "event", info->event);
    put_json_id(data, "creator", info->creator);
    profile_quality_line(data->profile, line, sizeof(line));
    put_json_text(data, "quality", line);
    columns_printf(columns, "\"trouble\":%s,", is_troubled(&info->quality) ? "true" : "false");
    columns_printf(columns, "\"started\":%" PRIu64 ",\"duration\":%" PRIu64 ",",
                   info->started_ns, info->duration_ns);
    columns_printf(columns, "\"period\":%" PRIu64 ",", info->period);
    columns_printf(columns, "\"frequency\":%g,\"effective\":%g,", info->frequency_hz,
                   info->effective_hz);
}

/* How the page opens. */
static void put_wishes(struct data *data)
{
    const struct render_options *options = data->options;
    const struct view_options *asked = view_settings(data->asked);

    put_json_text(data, "subtitle", options->subtitle ? options->subtitle : "");
    columns_printf(&data->columns,
                   "\"inverted\":%s,\"reversed\":%s,\"palette\":%d,\"value\":%zu,"
                   "\"processes\":%d,\"threads\":%s,\"step\":%d,",
                   options->inverted ? "true" : "false", asked->reverse ? "true" : "false",
                   (int)options->palette, asked->value, (int)asked->processes,
                   asked->threads ? "true" : "false", MOMENT_STEP_NS);
}

static void put_facts(struct data *data)
{
    size_t column = columns_begin(&data->columns);

    columns_printf(&data->columns, "{");
    put_wishes(data);
    put_measurement(data);
    put_value_types(data);
    put_labels(data);
    put_mappings(data);
    put_notes(data);
    columns_printf(&data->columns,
                   "\"counts\":{\"names\":%" PRIu32 ",\"files\":%zu,\"nodes\":%zu,"
                   "\"entries\":%zu,\"moments\":%zu}}",
                   view_name_count(data->view), data->file_count, data->node_count,
                   data->entry_count, data->moment_count);
    columns_end(&data->columns, column);
}

/* ---- columns ---- */

static void put_palettes(struct data *data)
{
    size_t column = columns_begin(&data->columns);

    for (int palette = PALETTE_WARM; palette <= PALETTE_COLORBLIND; palette++)
        for (int dark = 0; dark < 2; dark++)
            for (unsigned i = 0; i < PALETTE_HUES * PALETTE_SHADES; i++) {
                struct palette_class class = {(uint8_t)(i / PALETTE_SHADES),
                                              (uint8_t)(i % PALETTE_SHADES)};
                struct rgb color = dark ? palette_dark((enum palette)palette, class)
                                        : palette_color((enum palette)palette, class);

                columns_byte(&data->columns, color.red);
                columns_byte(&data->columns, color.green);
                columns_byte(&data->columns, color.blue);
            }
    columns_end(&data->columns, column);
}

static void put_texts(struct data *data)
{
    uint32_t count = view_name_count(data->view);
    size_t column = columns_begin(&data->columns);

    for (uint32_t i = 0; i < count; i++)
        columns_number(&data->columns, view_text_length(data->view, data->names[i]));
    columns_end(&data->columns, column);
    column = columns_begin(&data->columns);
    for (uint32_t i = 0; i < count; i++)
        columns_bytes(&data->columns, view_text(data->view, data->names[i]),
                      view_text_length(data->view, data->names[i]));
    columns_end(&data->columns, column);
}

static uint8_t class_byte(const struct data *data, enum palette palette, name_id name)
{
    struct palette_class class = palette_class(palette, data->view, name);

    return (uint8_t)(class.hue << 4 | class.shade);
}

static void put_names(struct data *data)
{
    struct columns *columns = &data->columns;
    uint32_t count = view_name_count(data->view);
    size_t column;

    put_texts(data);
    column = columns_begin(columns);
    for (uint32_t i = 0; i < count; i++) {
        const struct view_name *name = view_name(data->view, data->names[i]);

        columns_byte(columns, (uint8_t)(name->kind | (name->unnamed ? 16 : 0)));
    }
    columns_end(columns, column);
    column = columns_begin(columns);
    for (uint32_t i = 0; i < count; i++) {
        columns_byte(columns, class_byte(data, PALETTE_KIND, data->names[i]));
        columns_byte(columns, class_byte(data, PALETTE_DSO, data->names[i]));
    }
    columns_end(columns, column);
    column = columns_begin(columns);
    for (uint32_t i = 0; i < count; i++)
        columns_number(columns, view_name(data->view, data->names[i])->mapping);
    columns_end(columns, column);
}

static void put_files(struct data *data)
{
    struct columns *columns = &data->columns;
    uint32_t count = view_name_count(data->view);
    size_t column = columns_begin(columns);

    for (size_t i = 0; i < data->file_count; i++)
        columns_number(columns, profile_string_length(data->profile, data->files[i]));
    columns_end(columns, column);
    column = columns_begin(columns);
    for (size_t i = 0; i < data->file_count; i++)
        columns_bytes(columns, profile_string(data->profile, data->files[i]),
                      profile_string_length(data->profile, data->files[i]));
    columns_end(columns, column);
    column = columns_begin(columns);
    for (uint32_t i = 0; i < count; i++)
        columns_number(columns, data->file_of_name[data->names[i]]);
    columns_end(columns, column);
}

static void put_nodes(struct data *data)
{
    struct columns *columns = &data->columns;
    const struct view_node *nodes = view_nodes(data->view, &data->node_count);
    size_t column = columns_begin(columns);

    for (size_t i = 0; i < data->node_count; i++)
        columns_number(columns, data->node_up[i]);
    columns_end(columns, column);
    column = columns_begin(columns);
    for (size_t i = 0; i < data->node_count; i++)
        columns_number(columns, i ? data->name_place[nodes[data->nodes[i]].name] : 0);
    columns_end(columns, column);
}

static void put_entries(struct data *data)
{
    struct columns *columns = &data->columns;
    size_t column = columns_begin(columns);

    for (size_t i = 0; i < data->entry_count; i++)
        columns_number(columns, data->entries[i].node - (i ? data->entries[i - 1].node : 0));
    columns_end(columns, column);
    column = columns_begin(columns);
    for (size_t i = 0; i < data->entry_count; i++)
        columns_number(columns, data->entries[i].labels);
    columns_end(columns, column);
    for (size_t type = 0; type < data->type_count; type++) {
        if (type && times_of_first(data, type))
            continue;
        column = columns_begin(columns);
        for (size_t i = 0; i < data->entry_count; i++)
            columns_number(columns, value_at(data, i, type));
        columns_end(columns, column);
    }
}

static void put_moments(struct data *data)
{
    struct columns *columns = &data->columns;
    uint64_t start = data->moment_count ? data->moments[0].time_ns : 0, before = 0;
    size_t column = columns_begin(columns);

    for (size_t i = 0; i < data->moment_count; i++) {
        uint64_t at = (data->moments[i].time_ns - start) / MOMENT_STEP_NS;

        columns_number(columns, at - before);
        before = at;
    }
    columns_end(columns, column);
    column = columns_begin(columns);
    for (size_t i = 0; i < data->moment_count; i++)
        columns_number(columns, data->entry_of_stack[data->moments[i].stack]);
    columns_end(columns, column);
}

static void data_free(struct data *data)
{
    view_free(data->view);
    columns_free(&data->columns);
    free(data->names);
    free(data->name_place);
    free(data->nodes);
    free(data->node_place);
    free(data->node_up);
    free(data->entries);
    free(data->entry_of_stack);
    free(data->values);
    free(data->files);
    free(data->file_of_name);
    free(data->moments);
}

void html_data_write(const struct view *view, const struct render_options *options,
                     struct markup *markup)
{
    const struct profile *profile = view_profile(view);
    struct data data = {.profile = profile, .asked = view, .options = options};

    data.view = view_new(profile, &(struct view_options){.value = view_settings(view)->value,
                                                         .processes = VIEW_PROCESSES_NEVER});
    profile_value_types(profile, &data.type_count);
    sort_names(&data);
    sort_nodes(&data);
    list_entries(&data);
    sum_entries(&data);
    list_moments(&data);
    find_files(&data);
    put_facts(&data);
    put_palettes(&data);
    put_names(&data);
    put_files(&data);
    put_nodes(&data);
    put_entries(&data);
    put_moments(&data);
    columns_write(&data.columns, markup);
    data_free(&data);
}
