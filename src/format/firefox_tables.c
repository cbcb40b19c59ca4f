#include "format/firefox_tables.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/text.h"
#include "base/xalloc.h"

enum { RESOURCE_LIBRARY = 1 };
#define NONE UINT32_MAX

static const struct category {
    const char *name, *color;
} categories[] = {{"Other", "grey"}, {"User", "yellow"}, {"Kernel", "orange"},
                  {"JIT", "green"},  {"Python", "blue"}, {"Inlined", "lightblue"}};

static unsigned category_of(enum frame_kind kind)
{
    static const unsigned of_kind[FRAME_KINDS] = {
        [FRAME_NATIVE] = 1, [FRAME_KERNEL] = 2, [FRAME_INLINE] = 5,
        [FRAME_JIT] = 3,    [FRAME_PYTHON] = 4, [FRAME_MARK] = 0};

    return of_kind[kind];
}

void firefox_put_categories(struct json_writer *json)
{
    json_open_at(json, "categories", '[');
    for (size_t i = 0; i < ARRAY_LENGTH(categories); i++) {
        json_open(json, '{');
        json_put_text(json, "name", categories[i].name);
        json_put_text(json, "color", categories[i].color);
        json_open_at(json, "subcategories", '[');
        json_text(json, "Other");
        json_close(json, ']');
        json_close(json, '}');
    }
    json_close(json, ']');
}

/* ---- what a thread uses ---- */

static struct local_ids local_ids_new(size_t count)
{
    return (struct local_ids){.ids = xcalloc(count, sizeof(uint32_t)),
                              .stamps = xcalloc(count, sizeof(uint32_t))};
}

static void local_ids_free(struct local_ids *local)
{
    free(local->ids);
    free(local->stamps);
}

static bool is_known(const struct firefox_tables *tables, const struct local_ids *local,
                     uint32_t id)
{
    return local->stamps[id] == tables->stamp;
}

static void learn(const struct firefox_tables *tables, struct local_ids *local, uint32_t id,
                  uint32_t here)
{
    local->stamps[id] = tables->stamp;
    local->ids[id] = here;
}

/* Adds to one of the lists of what is used; returns the number there. */
static uint32_t append(uint32_t **used, size_t *count, size_t *room, uint32_t id)
{
    *used = xgrow(*used, room, *count + 1, sizeof(**used));
    (*used)[*count] = id;
    return (uint32_t)(*count)++;
}

static const struct frame *frame_at(const struct firefox_tables *tables, frame_id id)
{
    return profile_frame_at(tables->profile, id);
}

static void use_resource(struct firefox_tables *tables, mapping_id mapping)
{
    if (!mapping || is_known(tables, &tables->resources, mapping))
        return;
    learn(tables, &tables->resources, mapping,
          append(&tables->used_resources, &tables->resource_count, &tables->resource_room,
                 mapping));
}

/* Frames of one function in one file are one function here; `functions` is by frame. */
static void use_function(struct firefox_tables *tables, frame_id id)
{
    const struct frame *frame = frame_at(tables, id);
    uint32_t *known =
        map_at(&tables->function_index, (uint64_t)frame->function << 32 | frame->mapping);

    if (*known == UINT32_MAX) {
        *known = append(&tables->used_functions, &tables->function_count,
                        &tables->function_room, id);
        use_resource(tables, frame->mapping);
    }
    learn(tables, &tables->functions, id, *known);
}

static void use_frame(struct firefox_tables *tables, frame_id id)
{
    if (is_known(tables, &tables->frames, id))
        return;
    learn(tables, &tables->frames, id,
          append(&tables->used_frames, &tables->frame_count, &tables->frame_room, id));
    use_function(tables, id);
}

void firefox_tables_use(struct firefox_tables *tables, node_id node)
{
    for (; node && !is_known(tables, &tables->stacks, node);
         node = tables->nodes[node].parent) {
        learn(tables, &tables->stacks, node, 0);
        append(&tables->used_nodes, &tables->node_count, &tables->node_room, node);
    }
}

static int by_number(const void *a, const void *b)
{
    node_id x = *(const node_id *)a, y = *(const node_id *)b;

    return (x > y) - (x < y);
}

/* Parents have smaller numbers: in order of number they come before their children. */
void firefox_tables_number(struct firefox_tables *tables)
{
    qsort(tables->used_nodes, tables->node_count, sizeof(*tables->used_nodes), by_number);
    for (size_t i = 0; i < tables->node_count; i++) {
        learn(tables, &tables->stacks, tables->used_nodes[i], (uint32_t)i);
        use_frame(tables, tables->nodes[tables->used_nodes[i]].frame);
    }
}

/* ---- columns: what stands in row i ---- */

typedef void cell_fn(struct firefox_tables *tables, size_t i);

static void put_null(struct firefox_tables *tables, size_t i)
{
    (void)i;
    json_null(tables->json);
}

static void put_zero(struct firefox_tables *tables, size_t i)
{
    (void)i;
    json_u64(tables->json, 0);
}

static void put_false(struct firefox_tables *tables, size_t i)
{
    (void)i;
    json_bool(tables->json, false);
}

static void put_id(struct firefox_tables *tables, uint32_t id)
{
    if (id == NONE)
        json_null(tables->json);
    else
        json_u64(tables->json, id);
}

/* The number of the text in the table of texts, into which it goes. */
static void put_text_id(struct firefox_tables *tables, const char *text)
{
    put_id(tables, strings_add(tables->strings, text, strlen(text)));
}

void firefox_tables_put_stack(struct firefox_tables *tables, node_id node)
{
    put_id(tables, node ? tables->stacks.ids[node] : NONE);
}

static void stack_prefix(struct firefox_tables *tables, size_t i)
{
    firefox_tables_put_stack(tables, tables->nodes[tables->used_nodes[i]].parent);
}

static void stack_frame(struct firefox_tables *tables, size_t i)
{
    put_id(tables, tables->frames.ids[tables->nodes[tables->used_nodes[i]].frame]);
}

static void stack_category(struct firefox_tables *tables, size_t i)
{
    const struct call_node *node = &tables->nodes[tables->used_nodes[i]];

    put_id(tables, category_of(frame_at(tables, node->frame)->kind));
}

/* In the file, as the front end wants it; -1 when it is not known. */
static void frame_address(struct firefox_tables *tables, size_t i)
{
    const struct frame *frame = frame_at(tables, tables->used_frames[i]);
    const struct profile_mapping *mapping = profile_mapping_at(tables->profile, frame->mapping);
    uint64_t address = frame->address;
    bool known = frame->mapping && address;

    if (mapping->start && address >= mapping->start && address < mapping->limit)
        address = address - mapping->start + mapping->offset;
    known &= address < UINT64_C(1) << 53;
    json_i64(tables->json, known ? (int64_t)address : -1);
}

static void frame_is_inlined(struct firefox_tables *tables, size_t i)
{
    put_id(tables, frame_at(tables, tables->used_frames[i])->kind == FRAME_INLINE);
}

static void frame_category(struct firefox_tables *tables, size_t i)
{
    put_id(tables, category_of(frame_at(tables, tables->used_frames[i])->kind));
}

static void frame_function(struct firefox_tables *tables, size_t i)
{
    put_id(tables, tables->functions.ids[tables->used_frames[i]]);
}

static void frame_line(struct firefox_tables *tables, size_t i)
{
    uint32_t line = frame_at(tables, tables->used_frames[i])->line;

    put_id(tables, line ? line : NONE);
}

static void function_name(struct firefox_tables *tables, size_t i)
{
    const struct frame *frame = frame_at(tables, tables->used_functions[i]);

    put_text_id(tables, profile_string(tables->profile, frame->function));
}

static void function_resource(struct firefox_tables *tables, size_t i)
{
    mapping_id mapping = frame_at(tables, tables->used_functions[i])->mapping;

    json_i64(tables->json, mapping ? (int64_t)tables->resources.ids[mapping] : -1);
}

static void function_file(struct firefox_tables *tables, size_t i)
{
    str_id file = frame_at(tables, tables->used_functions[i])->file;

    if (file)
        put_text_id(tables, profile_string(tables->profile, file));
    else
        json_null(tables->json);
}

static void resource_lib(struct firefox_tables *tables, size_t i)
{
    put_id(tables, tables->used_resources[i] - 1);
}

static void resource_name(struct firefox_tables *tables, size_t i)
{
    const struct profile_mapping *mapping =
        profile_mapping_at(tables->profile, tables->used_resources[i]);

    put_text_id(tables, text_file_name(profile_string(tables->profile, mapping->path)));
}

static void resource_type(struct firefox_tables *tables, size_t i)
{
    (void)i;
    json_u64(tables->json, RESOURCE_LIBRARY);
}

/* ---- tables ---- */

struct column {
    const char *key;
    cell_fn *cell;
};

static const struct column stack_columns[] = {{"prefix", stack_prefix},
                                              {"frame", stack_frame},
                                              {"category", stack_category},
                                              {"subcategory", put_zero}};

static const struct column frame_columns[] = {
    {"address", frame_address},   {"inlineDepth", frame_is_inlined},
    {"category", frame_category}, {"subcategory", put_zero},
    {"func", frame_function},     {"nativeSymbol", put_null},
    {"innerWindowID", put_null},  {"implementation", put_null},
    {"line", frame_line},         {"column", put_null}};

static const struct column function_columns[] = {
    {"name", function_name},         {"isJS", put_false},         {"relevantForJS", put_false},
    {"resource", function_resource}, {"fileName", function_file}, {"lineNumber", put_null},
    {"columnNumber", put_null}};

static const struct column resource_columns[] = {{"lib", resource_lib},
                                                 {"name", resource_name},
                                                 {"host", put_null},
                                                 {"type", resource_type}};

/* Of these we have nothing, but the front end wants their columns. */
static const struct column marker_columns[] = {{"category", NULL}, {"data", NULL},
                                               {"endTime", NULL},  {"name", NULL},
                                               {"phase", NULL},    {"startTime", NULL}};
static const struct column symbol_columns[] = {
    {"address", NULL}, {"functionSize", NULL}, {"libIndex", NULL}, {"name", NULL}};

static void put_table(struct firefox_tables *tables, const char *key, size_t rows,
                      const struct column *columns, size_t count)
{
    struct json_writer *json = tables->json;

    json_line(json);
    json_open_at(json, key, '{');
    json_put_u64(json, "length", rows);
    for (size_t c = 0; c < count; c++) {
        json_open_at(json, columns[c].key, '[');
        for (size_t i = 0; i < rows; i++)
            columns[c].cell(tables, i);
        json_close(json, ']');
    }
    json_close(json, '}');
}

/* Last of all, as the other tables fill it. */
static void put_strings(struct firefox_tables *tables)
{
    json_line(tables->json);
    json_open_at(tables->json, "stringArray", '[');
    for (str_id i = 0; i < strings_count(tables->strings); i++)
        json_string(tables->json, strings_get(tables->strings, i),
                    strings_length(tables->strings, i));
    json_close(tables->json, ']');
}

void firefox_tables_put(struct firefox_tables *tables)
{
    const struct {
        const char *key;
        size_t rows;
        const struct column *columns;
        size_t count;
    } all[] = {
        {"stackTable", tables->node_count, stack_columns, ARRAY_LENGTH(stack_columns)},
        {"frameTable", tables->frame_count, frame_columns, ARRAY_LENGTH(frame_columns)},
        {"funcTable", tables->function_count, function_columns, ARRAY_LENGTH(function_columns)},
        {"resourceTable", tables->resource_count, resource_columns,
         ARRAY_LENGTH(resource_columns)},
        {"markers", 0, marker_columns, ARRAY_LENGTH(marker_columns)},
        {"nativeSymbols", 0, symbol_columns, ARRAY_LENGTH(symbol_columns)},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(all); i++)
        put_table(tables, all[i].key, all[i].rows, all[i].columns, all[i].count);
    put_strings(tables);
}

/* ---- life ---- */

void firefox_tables_init(struct firefox_tables *tables, const struct profile *profile,
                         struct json_writer *json)
{
    size_t node_count;

    *tables = (struct firefox_tables){.profile = profile, .json = json};
    tables->nodes = profile_nodes(profile, &node_count);
    tables->stacks = local_ids_new(node_count);
    tables->frames = local_ids_new(profile_frame_count(profile));
    tables->functions = local_ids_new(profile_frame_count(profile));
    tables->resources = local_ids_new(profile_mapping_count(profile) + 1);
}

void firefox_tables_begin(struct firefox_tables *tables)
{
    strings_free(tables->strings);
    map_free(&tables->function_index);
    tables->strings = strings_new();
    tables->stamp++;
    tables->node_count = tables->frame_count = 0;
    tables->function_count = tables->resource_count = 0;
}

void firefox_tables_free(struct firefox_tables *tables)
{
    strings_free(tables->strings);
    map_free(&tables->function_index);
    local_ids_free(&tables->stacks);
    local_ids_free(&tables->frames);
    local_ids_free(&tables->functions);
    local_ids_free(&tables->resources);
    free(tables->used_nodes);
    free(tables->used_frames);
    free(tables->used_functions);
    free(tables->used_resources);
}
