#include "symbolize/dwarf.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "base/search.h"
#include "base/xalloc.h"
#include "symbolize/dwarf_line.h"
#include "symbolize/dwarf_scan.h"
#include "symbolize/dwarf_split.h"

/* What compressed sections of all files of one program may take in memory together. */
static const size_t inflate_limit = (size_t)640 << 20;

struct dwarf {
    struct dwarf_file file;
    struct dwarf_file common;
    struct debug_file common_file;
    struct dwarf_splits splits;
    struct dwarf_budget budget;
    struct dwarf_options options;
    size_t inflate;
    char *missing;
    struct dwarf_frame *frames;
    size_t frame_count, frame_room;
    char **texts; /* paths that frames point to, and names of files that are closed again */
    size_t text_count, text_room;
};

/* An address and the unit that it lies in. */
struct job {
    uint64_t unit; /* offset in .debug_info */
    size_t index;
};

enum { NO_UNIT = -1 }; /* as an offset */

static void open_common(struct dwarf *dwarf, struct image *image)
{
    struct error err = {0};

    if (!image_has_section(image, ".gnu_debugaltlink"))
        return;
    if (!debug_file_find_common(&dwarf->common_file, image, dwarf->options.debug_path,
                                dwarf->options.search)) {
        dwarf->missing =
            xasprintf("%s: the file with its common debugging information "
                      "(.gnu_debugaltlink) is missing: inlined calls may lack names",
                      image_name(image));
        return;
    }
    if (!dwarf_file_open(&dwarf->common, dwarf->common_file.image, false, &dwarf->inflate,
                         &err))
        dwarf->file.common = &dwarf->common;
}

int dwarf_open(struct dwarf **result, struct image *image, const struct dwarf_options *options,
               struct error *err)
{
    struct dwarf *dwarf;
    int failed;

    *result = NULL;
    dwarf = xcalloc(1, sizeof(*dwarf));
    dwarf->options = *options;
    dwarf->inflate = inflate_limit;
    failed = dwarf_file_open(&dwarf->file, image, false, &dwarf->inflate, err);
    if (failed || !dwarf_file_has_info(&dwarf->file)) {
        dwarf_close(dwarf);
        return failed;
    }
    open_common(dwarf, image);
    dwarf_splits_init(&dwarf->splits, options->search, &dwarf->inflate);
    *result = dwarf;
    return 0;
}

void dwarf_close(struct dwarf *dwarf)
{
    if (!dwarf)
        return;
    dwarf_splits_close(&dwarf->splits);
    dwarf_file_close(&dwarf->file);
    dwarf_file_close(&dwarf->common);
    debug_file_close(&dwarf->common_file);
    for (size_t i = 0; i < dwarf->text_count; i++)
        free(dwarf->texts[i]);
    free(dwarf->texts);
    free(dwarf->frames);
    free(dwarf->missing);
    free(dwarf);
}

const struct dwarf_frame *dwarf_frames(const struct dwarf *dwarf)
{
    return dwarf->frames;
}

bool dwarf_gave_up(const struct dwarf *dwarf)
{
    return dwarf->budget.spent;
}

const char *dwarf_missing(const struct dwarf *dwarf)
{
    return dwarf->missing ? dwarf->missing : dwarf->splits.missing;
}

/* ---- which unit an address lies in ---- */

struct search {
    const uint64_t *addresses;
    size_t count;
    uint64_t *units; /* for each address */
    size_t left;
    uint64_t unit; /* whose ranges are being looked at */
    struct dwarf_budget *budget;
};

static void claim(uint64_t low, uint64_t high, void *data)
{
    struct search *search = data;

    if (low > search->addresses[search->count - 1] || high <= search->addresses[0])
        return;
    for (size_t at = first_from(search->addresses, search->count, low);
         at < search->count && search->addresses[at] < high; at++) {
        if (search->units[at] == (uint64_t)NO_UNIT) {
            search->units[at] = search->unit;
            search->left--;
        }
        if (!dwarf_budget_step(search->budget))
            return;
    }
}

/* One set of .debug_aranges: the ranges of one unit. */
static bool read_set(struct search *search, struct cursor *cursor, struct map *indexed)
{
    const uint8_t *start = cursor->at;
    uint64_t length = cursor_u32(cursor);
    bool wide = length == 0xffffffff;
    struct cursor set;
    size_t header;

    if (wide)
        length = cursor_u64(cursor);
    if (cursor->failed || length > cursor_left(cursor))
        return false;
    set = cursor_over(cursor->at, (size_t)length);
    cursor_skip(cursor, (size_t)length);
    cursor_u16(&set); /* version */
    search->unit = dwarf_number(&set, wide ? 8 : 4);
    if (cursor_u8(&set) != 8 || cursor_u8(&set) != 0)
        return true;
    header = (size_t)(set.at - start);
    cursor_skip(&set, (16 - header % 16) % 16);
    map_set(indexed, search->unit, 1);
    while (cursor_left(&set) >= 16 && dwarf_budget_step(search->budget)) {
        uint64_t low = cursor_u64(&set);
        uint64_t size = cursor_u64(&set);
        uint64_t high;

        if (!low && !size)
            break;
        if (!dwarf_is_tombstone(low) && !__builtin_add_overflow(low, size, &high))
            claim(low, high, search);
    }
    return true;
}

static void search_aranges(struct search *search, struct dwarf_file *file, struct map *indexed)
{
    struct cursor cursor =
        dwarf_cursor(file, DWARF_ARANGES, 0, file->sections[DWARF_ARANGES].size);

    while (!cursor.failed && cursor_left(&cursor) > 4 && dwarf_budget_step(search->budget))
        if (!read_set(search, &cursor, indexed))
            break;
}

/* Units that .debug_aranges does not list tell their ranges themselves. */
static void search_units(struct search *search, struct dwarf_file *file,
                         const struct map *indexed)
{
    dwarf_file_list(file, search->budget);
    for (size_t i = 0; i < file->unit_count && search->left; i++) {
        struct dwarf_unit *unit = &file->units[i];
        struct dwarf_value ranges;

        if (unit->type == DW_UT_type || map_get(indexed, unit->offset) != UINT32_MAX ||
            !dwarf_budget_unit(search->budget) || !dwarf_unit_open(unit))
            continue;
        search->unit = unit->offset;
        ranges = (struct dwarf_value){.form = unit->ranges_form, .number = unit->ranges};
        if (unit->has_ranges)
            dwarf_ranges(unit, &ranges, claim, search, search->budget);
        else if (unit->has_low && unit->low < unit->high && !dwarf_is_tombstone(unit->low))
            claim(unit->low, unit->high, search);
    }
}

static int by_unit(const void *a, const void *b)
{
    const struct job *left = a;
    const struct job *right = b;

    if (left->unit != right->unit)
        return left->unit < right->unit ? -1 : 1;
    return (left->index > right->index) - (left->index < right->index);
}

/* The addresses that lie in a unit, in the order of units. */
static size_t plan(struct dwarf *dwarf, const uint64_t *addresses, size_t count,
                   struct job *jobs)
{
    struct search search = {.addresses = addresses,
                            .count = count,
                            .units = xalloc(count * sizeof(*search.units)),
                            .left = count,
                            .budget = &dwarf->budget};
    struct map indexed = {0};
    size_t job_count = 0;

    for (size_t i = 0; i < count; i++)
        search.units[i] = (uint64_t)NO_UNIT;
    search_aranges(&search, &dwarf->file, &indexed);
    if (search.left)
        search_units(&search, &dwarf->file, &indexed);
    for (size_t i = 0; i < count; i++)
        if (search.units[i] != (uint64_t)NO_UNIT)
            jobs[job_count++] = (struct job){search.units[i], i};
    if (job_count)
        qsort(jobs, job_count, sizeof(*jobs), by_unit);
    free(search.units);
    map_free(&indexed);
    return job_count;
}

/* ---- one unit ---- */

/* The addresses of one unit and all that was found out about them. */
struct unit_work {
    struct dwarf *dwarf;
    struct dwarf_unit *lines_unit;
    struct dwarf_scan scan;
    struct dwarf_lines lines;
    struct dwarf_row *rows;
    const char **names; /* of the scan's nodes, when asked for */
    bool *named;
    const char **paths; /* of the line table's files, kept by `dwarf` */
};

static const char *keep_text(struct dwarf *dwarf, const char *text)
{
    dwarf->texts =
        xgrow(dwarf->texts, &dwarf->text_room, dwarf->text_count + 1, sizeof(*dwarf->texts));
    dwarf->texts[dwarf->text_count++] = xstrdup(text);
    return dwarf->texts[dwarf->text_count - 1];
}

static const char *node_name(struct unit_work *work, dwarf_node_id id)
{
    struct dwarf_unit *unit = work->scan.unit;
    const char *name;

    if (!work->named[id]) {
        work->named[id] = true;
        name = dwarf_entry_name(unit, work->scan.nodes[id].entry, &work->dwarf->budget);
        work->names[id] = name && unit->main ? keep_text(work->dwarf, name) : name;
    }
    return work->names[id];
}

static const char *file_path(struct unit_work *work, uint64_t number)
{
    const char *path;

    if (number >= work->lines.file_count)
        return NULL;
    if (work->paths[number])
        return work->paths[number];
    path = dwarf_lines_path(&work->lines, number);
    if (!path)
        return NULL;
    work->paths[number] = keep_text(work->dwarf, path);
    return work->paths[number];
}

static struct dwarf_frame *add_frame(struct dwarf *dwarf)
{
    dwarf->frames = xgrow(dwarf->frames, &dwarf->frame_room, dwarf->frame_count + 1,
                          sizeof(*dwarf->frames));
    dwarf->frames[dwarf->frame_count] = (struct dwarf_frame){0};
    return &dwarf->frames[dwarf->frame_count++];
}

/* From the innermost call outwards: where each is in its source is told by the one inside. */
static void chain_of(struct unit_work *work, size_t index, struct dwarf_chain *chain)
{
    struct dwarf *dwarf = work->dwarf;
    const struct dwarf_row *row = &work->rows[index];
    uint64_t file = row->file;
    uint32_t line = row->line;
    dwarf_node_id id = work->scan.innermost[index];

    *chain = (struct dwarf_chain){.first = (uint32_t)dwarf->frame_count};
    if (id == (dwarf_node_id)DWARF_NO_NODE && row->known) {
        struct dwarf_frame *frame = add_frame(dwarf);

        frame->path = file_path(work, file);
        frame->line = line;
        chain->count = 1;
        chain->complete = true;
        return;
    }
    while (id != (dwarf_node_id)DWARF_NO_NODE && !chain->complete) {
        const struct dwarf_node *node = &work->scan.nodes[id];
        struct dwarf_frame *frame = add_frame(dwarf);

        frame->path = dwarf->options.lines ? file_path(work, file) : NULL;
        frame->line = dwarf->options.lines ? line : 0;
        frame->name = node_name(work, id);
        file = node->call_file;
        line = node->call_line;
        chain->complete = !node->inlined;
        chain->count++;
        id = node->parent;
    }
}

static void work_on(struct unit_work *work, const struct job *jobs, size_t count,
                    struct dwarf_chain *chains)
{
    struct dwarf_budget *budget = &work->dwarf->budget;

    dwarf_scan_unit(&work->scan);
    if (dwarf_lines_open(&work->lines, work->lines_unit, budget) && work->dwarf->options.lines)
        dwarf_lines_find(&work->lines, work->scan.addresses, count, work->rows, budget);
    work->names = xcalloc(work->scan.node_count, sizeof(*work->names));
    work->named = xcalloc(work->scan.node_count, sizeof(*work->named));
    work->paths = xcalloc(work->lines.file_count, sizeof(*work->paths));
    for (size_t i = 0; i < count; i++)
        chain_of(work, i, &chains[jobs[i].index]);
    dwarf_lines_close(&work->lines);
    free(work->names);
    free(work->named);
    free(work->paths);
    free(work->scan.nodes);
}

/* jobs[0..count) all lie in the unit at one offset. */
static void resolve_unit(struct dwarf *dwarf, const uint64_t *all, const struct job *jobs,
                         size_t count, struct dwarf_chain *chains)
{
    struct dwarf_unit unit, split;
    uint64_t *addresses;
    struct unit_work work = {.dwarf = dwarf, .lines_unit = &unit};

    if (!dwarf_unit_at(&dwarf->file, jobs->unit, &unit) || !dwarf_unit_open(&unit))
        return;
    addresses = xalloc(count * sizeof(*addresses));
    for (size_t i = 0; i < count; i++)
        addresses[i] = all[jobs[i].index];
    work.scan = (struct dwarf_scan){.unit = &unit,
                                    .addresses = addresses,
                                    .count = count,
                                    .innermost = xalloc(count * sizeof(dwarf_node_id)),
                                    .budget = &dwarf->budget};
    work.rows = xcalloc(count, sizeof(*work.rows));
    if (unit.skeleton && dwarf_splits_find(&dwarf->splits, &unit, &split))
        work.scan.unit = &split;
    work_on(&work, jobs, count, chains);
    free(work.scan.innermost);
    free(work.rows);
    free(addresses);
}

/* Sections are inflated as they are read: only now is it known whether that went well. */
static void note_damage(struct dwarf *dwarf)
{
    const char *section = dwarf_file_damage(&dwarf->file);

    if (section && !dwarf->missing)
        dwarf->missing = xasprintf("%s: %s cannot be inflated: inlined calls and lines are "
                                   "missing",
                                   image_name(dwarf->file.image), section);
}

void dwarf_find(struct dwarf *dwarf, const uint64_t *addresses, size_t count,
                struct dwarf_chain *chains)
{
    struct job *jobs = xalloc(count * sizeof(*jobs));
    size_t job_count;

    dwarf->frame_count = 0;
    dwarf_budget_begin(&dwarf->budget, &dwarf->options.limits);
    for (size_t i = 0; i < count; i++)
        chains[i] = (struct dwarf_chain){0};
    job_count = count ? plan(dwarf, addresses, count, jobs) : 0;
    for (size_t at = 0, end; at < job_count && dwarf_budget_unit(&dwarf->budget); at = end) {
        for (end = at + 1; end < job_count && jobs[end].unit == jobs[at].unit; end++)
            ;
        resolve_unit(dwarf, addresses, jobs + at, end - at, chains);
    }
    note_damage(dwarf);
    free(jobs);
}

struct dwarf_split_count dwarf_count_splits(struct dwarf *dwarf)
{
    struct dwarf_file *file = &dwarf->file;
    struct dwarf_split_count count = {0};

    dwarf_budget_begin(&dwarf->budget, &dwarf->options.limits);
    dwarf_file_list(file, &dwarf->budget);
    for (size_t i = 0; i < file->unit_count && dwarf_budget_unit(&dwarf->budget); i++) {
        struct dwarf_unit unit = file->units[i], split;

        if (!dwarf_unit_open(&unit) || !unit.skeleton)
            continue;
        count.units++;
        if (dwarf_splits_find(&dwarf->splits, &unit, &split))
            continue;
        count.missing++;
        count.missing_version = unit.version;
    }
    return count;
}
