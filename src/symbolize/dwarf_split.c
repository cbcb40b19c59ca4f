#include "symbolize/dwarf_split.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"

struct dwarf_split_file {
    int fd;
    size_t inflate; /* what compressed sections might take before it was opened */
    struct image *image;
    struct dwarf_file file;
    struct lazy_section index; /* .debug_cu_index of a package */
};

void dwarf_splits_init(struct dwarf_splits *splits, const struct debug_file_search *search,
                       size_t *inflate)
{
    *splits = (struct dwarf_splits){.search = search, .inflate = inflate};
}

static void close_file(struct dwarf_split_file *file)
{
    if (!file)
        return;
    dwarf_file_close(&file->file);
    lazy_section_close(&file->index);
    image_close(file->image);
    if (file->fd >= 0)
        close(file->fd);
    free(file);
}

void dwarf_splits_close(struct dwarf_splits *splits)
{
    close_file(splits->object);
    close_file(splits->package);
    free(splits->missing);
    *splits = (struct dwarf_splits){0};
}

/* Takes the descriptor unless it returns NULL. */
static struct dwarf_split_file *open_file(struct dwarf_splits *splits, int fd, const char *path)
{
    struct dwarf_split_file *file = xcalloc(1, sizeof(*file));

    file->fd = -1;
    file->inflate = *splits->inflate;
    if (image_open(&file->image, fd, path, NULL) ||
        dwarf_file_open(&file->file, file->image, true, splits->inflate, NULL)) {
        *splits->inflate = file->inflate;
        close_file(file);
        return NULL;
    }
    lazy_section_open(&file->index, file->image, ".debug_cu_index", splits->inflate, NULL);
    /* The descriptor is needed as long as sections are read by pieces. */
    file->fd = fd;
    return file;
}

/* ---- packages ---- */

/* Section numbers of .debug_cu_index: GNU's version 2, and DWARF 5. */
enum { COLUMN_INFO = 1, COLUMN_ABBREV = 3, COLUMN_STR_OFFSETS = 6, COLUMN_RNGLISTS = 8 };

struct index_header {
    uint32_t version, columns, units, slots;
};

static struct cursor index_cursor(struct dwarf_split_file *file, uint64_t offset)
{
    const uint8_t *bytes = lazy_section_bytes(&file->index, 0, file->index.size);

    if (!bytes || offset > file->index.size)
        return (struct cursor){.failed = true};
    return cursor_over(bytes + offset, file->index.size - (size_t)offset);
}

static bool read_index_header(struct dwarf_split_file *file, struct index_header *header)
{
    struct cursor cursor = index_cursor(file, 0);

    header->version = cursor_u32(&cursor) & 0xffff;
    header->columns = cursor_u32(&cursor);
    header->units = cursor_u32(&cursor);
    header->slots = cursor_u32(&cursor);
    return !cursor.failed && (header->version == 2 || header->version == 5) &&
           header->columns <= 16 && header->slots && !(header->slots & (header->slots - 1)) &&
           header->slots <= file->index.size / 12;
}

/* The row of a unit, from 1; 0 when it is not there. */
static uint32_t find_row(struct dwarf_split_file *file, const struct index_header *header,
                         uint64_t id)
{
    uint32_t mask = header->slots - 1;
    uint32_t slot = (uint32_t)id & mask;
    uint32_t step = ((uint32_t)(id >> 32) & mask) | 1;

    for (uint32_t i = 0; i < header->slots; i++) {
        struct cursor key = index_cursor(file, 16 + 8 * (uint64_t)slot);
        struct cursor row =
            index_cursor(file, 16 + 8 * (uint64_t)header->slots + 4 * (uint64_t)slot);
        uint64_t found = cursor_u64(&key);
        uint32_t number = cursor_u32(&row);

        if (key.failed || row.failed || !number)
            return 0;
        if (found == id)
            return number <= header->units ? number : 0;
        slot = (slot + step) & mask;
    }
    return 0;
}

static void take_share(struct dwarf_unit *unit, uint32_t column, uint64_t *info,
                       struct dwarf_share share, uint32_t version)
{
    if (column == COLUMN_INFO)
        *info = share.offset;
    else if (column == COLUMN_ABBREV)
        unit->abbrev_share = share;
    else if (column == COLUMN_STR_OFFSETS)
        unit->str_offsets_share = share;
    else if (column == COLUMN_RNGLISTS && version == 5)
        unit->rnglists_share = share;
}

static bool find_in_package(struct dwarf_split_file *file, uint64_t id, struct dwarf_unit *unit)
{
    struct index_header header;
    struct dwarf_unit shares = {0};
    uint64_t info = UINT64_MAX;
    uint64_t tables;
    uint32_t row;

    if (!read_index_header(file, &header))
        return false;
    row = find_row(file, &header, id);
    if (!row)
        return false;
    tables = 16 + 12 * (uint64_t)header.slots;
    for (uint32_t i = 0; i < header.columns; i++) {
        uint64_t cell = 4 * (header.columns * (uint64_t)(row - 1) + i);
        struct cursor column = index_cursor(file, tables + 4 * (uint64_t)i);
        struct cursor offset = index_cursor(file, tables + 4 * (uint64_t)header.columns + cell);
        struct cursor size = index_cursor(
            file, tables + 4 * (uint64_t)header.columns * (1 + header.units) + cell);
        struct dwarf_share share;
        uint32_t number = cursor_u32(&column);

        share.offset = cursor_u32(&offset);
        share.size = cursor_u32(&size);
        if (column.failed || offset.failed || size.failed)
            return false;
        take_share(&shares, number, &info, share, header.version);
    }
    if (!dwarf_unit_at(&file->file, info, unit))
        return false;
    unit->abbrev_share = shares.abbrev_share;
    unit->str_offsets_share = shares.str_offsets_share;
    unit->rnglists_share = shares.rnglists_share;
    return true;
}

/* ---- .dwo ---- */

static bool find_in_object(struct dwarf_split_file *file, uint64_t id, struct dwarf_unit *unit)
{
    uint64_t offset = 0;

    while (dwarf_unit_at(&file->file, offset, unit)) {
        /* Before DWARF 5 the identity is an attribute of the unit. */
        if (unit->type != DW_UT_split_type && dwarf_unit_open(unit) && unit->dwo_id == id)
            return true;
        offset = unit->end;
    }
    return false;
}

static void close_object(struct dwarf_splits *splits)
{
    if (splits->object)
        *splits->inflate = splits->object->inflate;
    close_file(splits->object);
    splits->object = NULL;
}

/* The unit that is looked for in objects. */
struct wanted {
    struct dwarf_splits *splits;
    uint64_t id;
    struct dwarf_unit *unit;
};

static const char *judge_object(int fd, const char *path, void *data)
{
    const struct wanted *wanted = data;
    struct dwarf_split_file *file = open_file(wanted->splits, fd, path);

    if (!file)
        return "no object with DWARF";
    if (find_in_object(file, wanted->id, wanted->unit)) {
        wanted->splits->object = file;
        return NULL;
    }
    *wanted->splits->inflate = file->inflate;
    file->fd = -1;
    close_file(file);
    return "another version of the unit";
}

/* `path` is freed. */
static bool try_object(struct wanted *wanted, char *path)
{
    bool found = debug_file_look_inside(wanted->splits->search, path, judge_object, wanted);

    free(path);
    return found;
}

/* Where the compiler wrote it; and beside the program, where it may have been moved to. */
static bool find_object(struct dwarf_splits *splits, const struct dwarf_unit *skeleton,
                        struct dwarf_unit *unit)
{
    const char *name = skeleton->dwo_name;
    const char *program = splits->search->program_path;
    const char *slash = program ? strrchr(program, '/') : NULL;
    const char *base = strrchr(name, '/');
    struct wanted wanted = {.splits = splits, .id = skeleton->dwo_id, .unit = unit};

    close_object(splits);
    if (*name == '/' || !skeleton->directory) {
        if (try_object(&wanted, xstrdup(name)))
            return true;
    } else if (try_object(&wanted, xasprintf("%s/%s", skeleton->directory, name))) {
        return true;
    }
    return slash && try_object(&wanted, xasprintf("%.*s/%s", (int)(slash - program), program,
                                                  base ? base + 1 : name));
}

static const char *judge_package(int fd, const char *path, void *data)
{
    struct dwarf_splits *splits = data;

    splits->package = open_file(splits, fd, path);
    return splits->package ? NULL : "no package of DWARF";
}

static void look_for_package(struct dwarf_splits *splits)
{
    char *path;

    if (splits->looked)
        return;
    splits->looked = true;
    if (!splits->search->program_path)
        return;
    path = xasprintf("%s.dwp", splits->search->program_path);
    debug_file_look_inside(splits->search, path, judge_package, splits);
    free(path);
}

bool dwarf_splits_find(struct dwarf_splits *splits, struct dwarf_unit *skeleton,
                       struct dwarf_unit *unit)
{
    bool found;

    look_for_package(splits);
    found = splits->package && find_in_package(splits->package, skeleton->dwo_id, unit);
    if (!found)
        found = find_object(splits, skeleton, unit);
    if (!found) {
        if (!splits->missing)
            splits->missing =
                xasprintf("%s: its debugging information is split off, and %s was not found: "
                          "inlined calls are missing",
                          splits->search->program_path ? splits->search->program_path : "",
                          skeleton->dwo_name);
        return false;
    }
    unit->main = skeleton;
    return dwarf_unit_open(unit);
}
