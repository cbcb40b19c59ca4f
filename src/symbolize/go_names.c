#include "symbolize/go_names.h"

#include <string.h>

#include "base/cursor.h"
#include "base/xalloc.h"

static const uint32_t MAGIC_1_18 = 0xfffffff0, MAGIC_1_20 = 0xfffffff1;

enum {
    MODULE_MAX = 1 << 30,
    HEADER = 72,
    STEPS_MAX = 1 << 20,
    INLINED_MAX = 256,
    INLINE_TREE_PCDATA = 2,   /* abi.PCDATA_InlTreeIndex */
    INLINE_TREE_FUNCDATA = 3, /* abi.FUNCDATA_InlTree */
};

/* A function's entry (runtime._func). */
struct function {
    uint64_t entry; /* offset in the table */
    uint32_t start, name, files, lines, pcdata_count, unit;
    uint8_t funcdata_count;
};

/* `size` bytes of a section, or what there is of them. */
static struct cursor part(struct lazy_section *section, uint64_t offset, uint64_t size)
{
    const uint8_t *bytes;

    if (offset > section->size)
        return (struct cursor){.failed = true};
    if (size > section->size - offset)
        size = section->size - offset;
    bytes = lazy_section_bytes(section, offset, size);
    return bytes ? cursor_over(bytes, (size_t)size) : (struct cursor){.failed = true};
}

static uint32_t u32_at(struct go_names *table, uint64_t offset, bool *failed)
{
    struct cursor cursor = part(&table->table, offset, 4);
    uint32_t value = cursor_u32(&cursor);

    *failed |= cursor.failed;
    return value;
}

static const char *text_at(struct go_names *table, uint64_t offset)
{
    const char *text = lazy_section_string(&table->table, offset);

    return text && *text ? text : NULL;
}

/* ---- opening ---- */

/*
 * The program's moduledata (runtime/symtab.go) begins with the address of the table and holds,
 * behind addresses of sections, that of Go's code and the one that inline trees are relative
 * to. It has no name in a stripped program, so that it is looked for in the data.  `text` is
 * that of the table, or 0 where it does not say it.
 */
struct module {
    uint64_t text, inline_base;
};

static bool read_module(const uint8_t *bytes, uint64_t table, uint64_t text,
                        struct module *module)
{
    enum { TEXT = 176, INLINE_BASE_1_20 = 320 };
    uint64_t header;

    memcpy(&header, bytes, 8);
    memcpy(&module->text, bytes + TEXT, 8);
    memcpy(&module->inline_base, bytes + INLINE_BASE_1_20, 8);
    return header == table && module->text && (!text || module->text == text);
}

static bool find_module(const struct go_names *table, struct image *image,
                        struct module *module)
{
    enum { SIZE = 328 };
    static const char *const names[] = {".go.module", ".noptrdata", ".data", ".data.rel.ro"};
    struct section data;

    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        if (!image_section(image, names[i], MODULE_MAX, &data))
            continue;
        for (size_t offset = 0; offset + SIZE <= data.size; offset += 8)
            if (read_module(data.bytes + offset, table->table.address, table->text, module))
                return true;
    }
    return false;
}

static bool open_section(struct lazy_section *section, struct image *image, const char *name)
{
    size_t budget = 0; /* it is not compressed */

    return !lazy_section_open(section, image, name, &budget, NULL);
}

/* The section that holds the address. */
static bool open_section_with(struct image *image, uint64_t address,
                              struct lazy_section *section)
{
    static const char *const names[] = {".rodata", ".gopclntab", ".data.rel.ro", ".go.func",
                                        ".noptrdata"};

    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        if (!open_section(section, image, names[i]))
            continue;
        if (address - section->address < section->size)
            return true;
        lazy_section_close(section);
    }
    return false;
}

static bool read_header(struct go_names *table)
{
    struct cursor cursor = part(&table->table, 0, HEADER);
    uint32_t magic = cursor_u32(&cursor);

    cursor_skip(&cursor, 2);
    /* instruction size and pointer size of this processor */
    if (cursor_u8(&cursor) != 1 || cursor_u8(&cursor) != 8 ||
        (magic != MAGIC_1_18 && magic != MAGIC_1_20))
        return false;
    table->count = cursor_u64(&cursor);
    cursor_skip(&cursor, 8); /* number of files */
    table->text = cursor_u64(&cursor);
    table->names = cursor_u64(&cursor);
    table->units = cursor_u64(&cursor);
    table->files = cursor_u64(&cursor);
    table->steps = cursor_u64(&cursor);
    table->functions = cursor_u64(&cursor);
    table->line_offset = magic == MAGIC_1_20 ? 44 : 40;
    return !cursor.failed && table->count < table->table.size / 8 &&
           table->functions < table->table.size;
}

/* Where Go's code starts, when neither the table nor the moduledata says it: with the section,
 * unless a C linker, which also makes .init, put something before it. */
static uint64_t section_of_text(struct image *image)
{
    struct lazy_section section;
    uint64_t text;

    if (open_section(&section, image, ".init")) {
        lazy_section_close(&section);
        return 0;
    }
    if (!open_section(&section, image, ".text"))
        return 0;
    text = section.address;
    lazy_section_close(&section);
    return text;
}

/* The table has no address of its text since Go 1.26 and in relocatable programs. */
static bool find_text(struct go_names *table, struct image *image)
{
    struct module module;

    if (find_module(table, image, &module)) {
        table->text = module.text;
        table->inline_base = table->line_offset == 44 ? module.inline_base : 0;
    }
    if (!table->text)
        table->text = section_of_text(image);
    return table->text;
}

bool go_names_open(struct go_names *table, struct image *image)
{
    *table = (struct go_names){0};
    if (!open_section(&table->table, image, ".gopclntab") &&
        !open_section(&table->table, image, ".data.rel.ro.gopclntab"))
        return false;
    if (!read_header(table) || !find_text(table, image)) {
        go_names_close(table);
        return false;
    }
    table->budget = (uint64_t)1 << 29;
    if (table->inline_base && !open_section_with(image, table->inline_base, &table->trees))
        table->inline_base = 0;
    return true;
}

void go_names_close(struct go_names *table)
{
    lazy_section_close(&table->table);
    lazy_section_close(&table->trees);
    *table = (struct go_names){0};
}

/* ---- functions ---- */

static bool find_function(struct go_names *table, uint32_t offset, struct function *function)
{
    uint64_t low = 0;
    uint64_t high = table->count; /* one more entry ends the table */
    bool failed = false;
    struct cursor cursor;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;

        if (u32_at(table, table->functions + middle * 8, &failed) <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    if (!low || failed || u32_at(table, table->functions + low * 8, &failed) <= offset)
        return false;
    function->entry = table->functions + u32_at(table, table->functions + low * 8 - 4, &failed);
    cursor = part(&table->table, function->entry, table->line_offset);
    function->start = cursor_u32(&cursor);
    function->name = cursor_u32(&cursor);
    cursor_skip(&cursor, 12); /* arguments, deferreturn, frame sizes */
    function->files = cursor_u32(&cursor);
    function->lines = cursor_u32(&cursor);
    function->pcdata_count = cursor_u32(&cursor);
    function->unit = cursor_u32(&cursor);
    cursor_skip(&cursor, cursor_left(&cursor) ? cursor_left(&cursor) - 1 : 0);
    function->funcdata_count = cursor_u8(&cursor);
    return !failed && !cursor.failed && function->start <= offset;
}

/* The value at a code offset in one of the tables of steps: pairs of (difference of value,
 * zigzag; difference of pc).  -1 when there is none. */
static int32_t value_in(struct go_names *table, struct cursor *cursor, uint32_t start,
                        uint32_t offset)
{
    uint64_t pc = start;
    uint32_t value = UINT32_MAX;

    for (unsigned i = 0; i < STEPS_MAX && table->budget; i++, table->budget--) {
        uint32_t delta = (uint32_t)cursor_varint(cursor);

        if (cursor->failed || (!delta && i))
            return -1;
        value += (delta >> 1) ^ -(delta & 1);
        pc += cursor_varint(cursor);
        if (cursor->failed)
            return -1;
        if (offset < pc)
            return (int32_t)value;
    }
    return -1;
}

/* Where a table of steps ends is known at its end: as much as most need, then more. */
static int32_t value_at(struct go_names *table, uint32_t steps, uint32_t start, uint32_t offset)
{
    enum { MOST_TABLES = 512, GROWTH = 16 };
    int32_t value = -1;

    for (uint64_t size = MOST_TABLES; steps; size *= GROWTH) {
        struct cursor cursor = part(&table->table, table->steps + steps, size);
        bool whole = cursor_left(&cursor) < size;

        value = value_in(table, &cursor, start, offset);
        if (!cursor.failed || whole)
            break;
    }
    return value;
}

static const char *file_at(struct go_names *table, const struct function *function,
                           uint32_t offset)
{
    int32_t file = value_at(table, function->files, function->start, offset);
    bool failed = false;
    uint32_t name;

    if (file < 0)
        return NULL;
    name =
        u32_at(table, table->units + 4 * ((uint64_t)function->unit + (uint32_t)file), &failed);
    return failed || name == UINT32_MAX ? NULL : text_at(table, table->files + name);
}

/* One call of the inline tree (runtime.inlinedCall since Go 1.20). */
static bool inlined_call(struct go_names *table, uint32_t tree, int32_t index, uint32_t *name,
                         uint32_t *parent)
{
    enum { CALL = 16 };
    uint64_t offset = table->inline_base - table->trees.address + tree + (uint64_t)index * CALL;
    struct cursor cursor = part(&table->trees, offset, CALL);

    cursor_skip(&cursor, 4); /* function id */
    *name = cursor_u32(&cursor);
    *parent = cursor_u32(&cursor);
    return !cursor.failed;
}

static struct dwarf_frame *add_frame(struct dwarf_frame **frames, size_t *count, size_t *room)
{
    *frames = xgrow(*frames, room, *count + 1, sizeof(**frames));
    (*frames)[*count] = (struct dwarf_frame){0};
    return &(*frames)[(*count)++];
}

static void fill(struct go_names *table, const struct function *function, uint32_t offset,
                 uint32_t name, struct dwarf_frame *frame)
{
    int32_t line = value_at(table, function->lines, function->start, offset);

    frame->name = text_at(table, table->names + name);
    frame->path = file_at(table, function, offset);
    frame->line = line > 0 ? (uint32_t)line : 0;
}

bool go_names_find(struct go_names *table, uint64_t address, bool inlines,
                   struct dwarf_frame **frames, size_t *count, size_t *room)
{
    struct function function;
    uint32_t offset, steps = 0, tree = UINT32_MAX;
    uint64_t tables;
    bool failed = false;

    if (address < table->text || address - table->text > UINT32_MAX ||
        !find_function(table, (uint32_t)(address - table->text), &function))
        return false;
    offset = (uint32_t)(address - table->text);
    tables = function.entry + table->line_offset;
    if (table->inline_base && function.pcdata_count > INLINE_TREE_PCDATA &&
        function.funcdata_count > INLINE_TREE_FUNCDATA) {
        steps = u32_at(table, tables + 4 * INLINE_TREE_PCDATA, &failed);
        tree =
            u32_at(table, tables + 4 * ((uint64_t)function.pcdata_count + INLINE_TREE_FUNCDATA),
                   &failed);
    }
    for (unsigned i = 0; i < INLINED_MAX && !failed && tree != UINT32_MAX; i++) {
        int32_t index = value_at(table, steps, function.start, offset);
        uint32_t name, parent;

        if (index < 0 || !inlined_call(table, tree, index, &name, &parent))
            break;
        if (inlines)
            fill(table, &function, offset, name, add_frame(frames, count, room));
        offset = function.start + parent; /* the line of the call */
    }
    fill(table, &function, offset, function.name, add_frame(frames, count, room));
    return true;
}
