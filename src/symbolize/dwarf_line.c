#include "symbolize/dwarf_line.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "base/search.h"
#include "base/xalloc.h"

enum { FILES_MAX = 1 << 20, FORMATS_MAX = 64 };

static void add_directory(struct dwarf_lines *lines, const char *name)
{
    lines->directories = xgrow(lines->directories, &lines->directory_room,
                               lines->directory_count + 1, sizeof(*lines->directories));
    lines->directories[lines->directory_count++] = name;
}

static void add_file(struct dwarf_lines *lines, const char *name, uint64_t directory)
{
    lines->files =
        xgrow(lines->files, &lines->file_room, lines->file_count + 1, sizeof(*lines->files));
    lines->files[lines->file_count++] =
        (struct dwarf_line_file){.name = name, .directory = directory};
}

/* DWARF 2 to 4: texts one after the other, each list ended by an empty one.  Number 0 is the
 * directory of the unit, and no file. */
static bool read_old_tables(struct dwarf_lines *lines, struct cursor *cursor,
                            struct dwarf_budget *budget)
{
    const char *text;

    add_directory(lines, lines->unit->directory);
    add_file(lines, NULL, 0);
    while (*(text = cursor_string(cursor)) && lines->directory_count < FILES_MAX)
        add_directory(lines, text);
    while (*(text = cursor_string(cursor)) && lines->file_count < FILES_MAX) {
        add_file(lines, text, cursor_varint(cursor));
        cursor_varint(cursor); /* time */
        cursor_varint(cursor); /* size */
        if (!dwarf_budget_step(budget))
            return false;
    }
    return !cursor->failed;
}

/* DWARF 5: entries whose fields the table itself describes. */
static bool read_new_table(struct dwarf_lines *lines, struct cursor *cursor, bool files,
                           struct dwarf_budget *budget)
{
    struct dwarf_attribute formats[FORMATS_MAX];
    struct dwarf_unit layout = *lines->unit;
    unsigned format_count = cursor_u8(cursor);
    uint64_t count;

    layout.wide = lines->wide;
    layout.version = lines->version;
    if (format_count > FORMATS_MAX)
        return false;
    for (unsigned i = 0; i < format_count; i++) {
        formats[i] = (struct dwarf_attribute){.name = (uint16_t)cursor_varint(cursor)};
        formats[i].form = (uint16_t)cursor_varint(cursor);
    }
    count = cursor_varint(cursor);
    if (cursor->failed || count > FILES_MAX || (count && !format_count))
        return false;
    for (uint64_t i = 0; i < count; i++) {
        struct dwarf_value value;
        const char *path = NULL;
        uint64_t directory = 0;

        for (unsigned k = 0; k < format_count; k++) {
            if (!dwarf_value_read(&layout, &formats[k], cursor, &value))
                return false;
            if (formats[k].name == DW_LNCT_path)
                path = dwarf_text(&layout, &value);
            else if (formats[k].name == DW_LNCT_directory_index)
                directory = value.number;
        }
        if (files)
            add_file(lines, path, directory);
        else
            add_directory(lines, path);
        if (!dwarf_budget_step(budget))
            return false;
    }
    return true;
}

static bool read_header(struct dwarf_lines *lines, struct cursor cursor,
                        struct dwarf_budget *budget)
{
    uint64_t header_length;
    const uint8_t *program;

    header_length = dwarf_number(&cursor, lines->wide ? 8 : 4);
    if (cursor.failed || header_length > cursor_left(&cursor))
        return false;
    program = cursor.at + header_length;
    lines->least_length = cursor_u8(&cursor);
    if (lines->version >= 4)
        cursor_u8(&cursor); /* operations per instruction: no VLIW here */
    cursor_u8(&cursor);     /* default of is_stmt */
    lines->line_base = (int8_t)cursor_u8(&cursor);
    lines->line_range = cursor_u8(&cursor);
    lines->opcode_base = cursor_u8(&cursor);
    for (unsigned i = 1; i < lines->opcode_base; i++)
        lines->operands[i] = cursor_u8(&cursor);
    if (cursor.failed || !lines->line_range || !lines->opcode_base)
        return false;
    lines->program = (struct cursor){.at = program, .end = cursor.end};
    cursor.end = program;
    if (lines->version >= 5)
        return read_new_table(lines, &cursor, false, budget) &&
               read_new_table(lines, &cursor, true, budget);
    return read_old_tables(lines, &cursor, budget);
}

bool dwarf_lines_open(struct dwarf_lines *lines, struct dwarf_unit *unit,
                      struct dwarf_budget *budget)
{
    struct cursor cursor;
    uint64_t length;

    *lines = (struct dwarf_lines){.unit = unit};
    if (!unit->has_lines)
        return false;
    cursor = dwarf_cursor(unit->file, DWARF_LINE, unit->lines, 12);
    length = cursor_u32(&cursor);
    if (length == 0xffffffff) {
        lines->wide = true;
        length = cursor_u64(&cursor);
    }
    if (cursor.failed || length > unit->file->sections[DWARF_LINE].size)
        return false;
    cursor = dwarf_cursor(unit->file, DWARF_LINE, unit->lines + (lines->wide ? 12 : 4), length);
    lines->version = cursor_u16(&cursor);
    if (lines->version < 2 || lines->version > 5)
        return false;
    if (lines->version >= 5) {
        if (cursor_u8(&cursor) != 8) /* address size */
            return false;
        cursor_u8(&cursor); /* segment selector size */
    }
    lines->good = read_header(lines, cursor, budget);
    return lines->good;
}

void dwarf_lines_close(struct dwarf_lines *lines)
{
    for (size_t i = 0; i < lines->file_count; i++)
        free(lines->files[i].path);
    free(lines->files);
    free(lines->directories);
    *lines = (struct dwarf_lines){0};
}

/* ---- the program ---- */

struct state {
    uint64_t address;
    uint64_t file;
    uint64_t line;
};

struct run {
    struct dwarf_lines *lines;
    const uint64_t *addresses;
    size_t count;
    struct dwarf_row *rows;
    struct state now;
    struct state before; /* the row before, which reaches up to the next one */
    bool in_sequence;    /* `before` is a row */
    bool dropped;        /* the linker left this sequence out */
};

/* A row ends the one before it. */
static void row(struct run *run, bool end)
{
    const struct state *before = &run->before;

    if (run->in_sequence && !run->dropped && run->now.address > before->address &&
        run->addresses[run->count - 1] >= before->address &&
        run->addresses[0] < run->now.address) {
        size_t at = first_from(run->addresses, run->count, before->address);

        for (; at < run->count && run->addresses[at] < run->now.address; at++)
            if (!run->rows[at].known)
                run->rows[at] = (struct dwarf_row){.file = (uint32_t)before->file,
                                                   .line = (uint32_t)before->line,
                                                   .known = true};
    }
    run->before = run->now;
    run->in_sequence = !end;
}

static void reset(struct run *run)
{
    run->now = (struct state){.file = 1, .line = 1};
    run->in_sequence = false;
    run->dropped = false;
}

static void extended(struct run *run, struct cursor *cursor)
{
    uint64_t size = cursor_varint(cursor);
    const uint8_t *end;

    if (cursor->failed || !size || size > cursor_left(cursor)) {
        cursor->failed = true;
        return;
    }
    end = cursor->at + size;
    switch (cursor_u8(cursor)) {
    case DW_LNE_end_sequence:
        row(run, true);
        reset(run);
        break;
    case DW_LNE_set_address:
        run->now.address = dwarf_number(cursor, size - 1 < 8 ? (unsigned)size - 1 : 8);
        if (!run->in_sequence)
            run->dropped = dwarf_is_tombstone(run->now.address);
        break;
    default:
        break;
    }
    if (!cursor->failed)
        cursor->at = end;
}

static void standard(struct run *run, uint8_t opcode, struct cursor *cursor)
{
    const struct dwarf_lines *lines = run->lines;

    switch (opcode) {
    case DW_LNS_copy:
        row(run, false);
        break;
    case DW_LNS_advance_pc:
        run->now.address += cursor_varint(cursor) * lines->least_length;
        break;
    case DW_LNS_advance_line:
        run->now.line += (uint64_t)cursor_sleb128(cursor);
        break;
    case DW_LNS_set_file:
        run->now.file = cursor_varint(cursor);
        break;
    case DW_LNS_const_add_pc:
        run->now.address +=
            (uint64_t)((255 - lines->opcode_base) / lines->line_range) * lines->least_length;
        break;
    case DW_LNS_fixed_advance_pc:
        run->now.address += cursor_u16(cursor);
        break;
    default:
        for (unsigned i = 0; i < lines->operands[opcode]; i++)
            cursor_varint(cursor);
        break;
    }
}

void dwarf_lines_find(struct dwarf_lines *lines, const uint64_t *addresses, size_t count,
                      struct dwarf_row *rows, struct dwarf_budget *budget)
{
    struct run run = {.lines = lines, .addresses = addresses, .count = count, .rows = rows};
    struct cursor cursor = lines->program;

    if (!lines->good || !count)
        return;
    reset(&run);
    while (cursor.at < cursor.end && !cursor.failed && dwarf_budget_step(budget)) {
        uint8_t opcode = *cursor.at++;

        if (opcode >= lines->opcode_base) {
            unsigned special = opcode - lines->opcode_base;

            run.now.address += (uint64_t)(special / lines->line_range) * lines->least_length;
            run.now.line +=
                (uint64_t)(int64_t)(lines->line_base + (int)(special % lines->line_range));
            row(&run, false);
        } else if (opcode == 0) {
            extended(&run, &cursor);
        } else {
            standard(&run, opcode, &cursor);
        }
    }
}

/* ---- paths ---- */

static char *join(const char *directory, const char *name)
{
    if (!directory || !*directory || !strcmp(directory, ".") || *name == '/')
        return xstrdup(name);
    return xasprintf("%s/%s", directory, name);
}

const char *dwarf_lines_path(struct dwarf_lines *lines, uint64_t number)
{
    struct dwarf_line_file *file;
    const char *directory;
    char *inside;

    if (number >= lines->file_count || !lines->files[number].name ||
        !strcmp(lines->files[number].name, "?")) /* Go's word for none */
        return NULL;
    file = &lines->files[number];
    if (file->path)
        return file->path;
    directory =
        file->directory < lines->directory_count ? lines->directories[file->directory] : NULL;
    inside = join(directory, file->name);
    file->path = join(lines->unit->directory, inside);
    free(inside);
    return file->path;
}
