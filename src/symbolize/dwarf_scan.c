#include "symbolize/dwarf_scan.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "base/search.h"
#include "base/xalloc.h"

enum {
    DEPTH_MAX = 1 << 14,
    NODES_MAX = 1 << 24,
    REFERENCES_MAX = 16,
    NOT_WANTED = -2 /* in place of a node: in a function without any wanted address */
};

/* What an entry of code says of itself. */
struct code_entry {
    struct dwarf_value low, high, ranges;
    uint64_t call_file;
    uint32_t call_line;
};

/* A node in the making: it becomes one with the first address that it covers, or when what was
 * inlined into it may cover one. */
struct candidate {
    struct dwarf_scan *scan;
    struct dwarf_node node;
    dwarf_node_id id;
};

/* Whether `node` lies around the new one; outer entries come first in the file. */
static bool is_around(const struct dwarf_scan *scan, dwarf_node_id node, dwarf_node_id inner)
{
    while (inner != (dwarf_node_id)DWARF_NO_NODE) {
        inner = scan->nodes[inner].parent;
        if (inner == node)
            return true;
    }
    return false;
}

/* False when there are too many. */
static bool make_node(struct candidate *candidate)
{
    struct dwarf_scan *scan = candidate->scan;

    if (candidate->id != (dwarf_node_id)DWARF_NO_NODE)
        return true;
    if (scan->node_count >= NODES_MAX)
        return false;
    scan->nodes =
        xgrow(scan->nodes, &scan->node_room, scan->node_count + 1, sizeof(*scan->nodes));
    candidate->id = (dwarf_node_id)scan->node_count;
    scan->nodes[scan->node_count++] = candidate->node;
    return true;
}

static void cover(uint64_t low, uint64_t high, void *data)
{
    struct candidate *candidate = data;
    struct dwarf_scan *scan = candidate->scan;
    size_t at;

    if (low > scan->addresses[scan->count - 1] || high <= scan->addresses[0])
        return;
    at = first_from(scan->addresses, scan->count, low);
    for (; at < scan->count && scan->addresses[at] < high; at++) {
        dwarf_node_id present = scan->innermost[at];

        if (!make_node(candidate))
            return;
        if (present == (dwarf_node_id)DWARF_NO_NODE || is_around(scan, present, candidate->id))
            scan->innermost[at] = candidate->id;
        if (!dwarf_budget_step(scan->budget))
            return;
    }
}

static bool read_code_entry(const struct dwarf_unit *unit, const struct dwarf_abbrev *abbrev,
                            struct cursor *cursor, struct code_entry *entry)
{
    const struct dwarf_attribute *attributes = unit->abbrevs->attributes + abbrev->first;
    struct dwarf_value value;

    *entry = (struct code_entry){0};
    for (uint32_t i = 0; i < abbrev->count; i++) {
        if (!dwarf_value_read(unit, &attributes[i], cursor, &value))
            return false;
        switch (attributes[i].name) {
        case DW_AT_low_pc:
            entry->low = value;
            break;
        case DW_AT_high_pc:
            entry->high = value;
            break;
        case DW_AT_ranges:
            entry->ranges = value;
            break;
        case DW_AT_call_file:
            entry->call_file = value.number;
            break;
        case DW_AT_call_line:
            entry->call_line = (uint32_t)value.number;
            break;
        default:
            break;
        }
    }
    return true;
}

static void cover_entry(struct candidate *candidate, const struct code_entry *entry)
{
    struct dwarf_unit *unit = candidate->scan->unit;
    uint64_t low, high;

    if (entry->ranges.form) {
        dwarf_ranges(unit, &entry->ranges, cover, candidate, candidate->scan->budget);
        return;
    }
    if (!entry->low.form || !entry->high.form || !dwarf_address(unit, &entry->low, &low) ||
        dwarf_is_tombstone(low))
        return;
    if (!dwarf_address(unit, &entry->high, &high)) {
        if (!dwarf_constant(&entry->high, &high) || __builtin_add_overflow(low, high, &high))
            return;
    }
    if (low < high)
        cover(low, high, candidate);
}

/* An entry that holds code, whose attributes start at the cursor.  Gives the node that its
 * children lie in. */
static bool visit(struct dwarf_scan *scan, const struct dwarf_abbrev *abbrev, uint64_t offset,
                  dwarf_node_id around, struct cursor *cursor, dwarf_node_id *inside)
{
    struct candidate candidate = {.scan = scan, .id = (dwarf_node_id)DWARF_NO_NODE};
    struct code_entry entry;

    if (!read_code_entry(scan->unit, abbrev, cursor, &entry))
        return false;
    if (around == (dwarf_node_id)NOT_WANTED)
        around = (dwarf_node_id)DWARF_NO_NODE;
    candidate.node = (struct dwarf_node){.parent = around,
                                         .inlined = abbrev->tag == DW_TAG_inlined_subroutine,
                                         .entry = offset,
                                         .call_file = entry.call_file,
                                         .call_line = entry.call_line};
    cover_entry(&candidate, &entry);
    /* Calls may lie in one whose own range is empty (gcc -gstrict-dwarf, DWARF 2). */
    if (candidate.node.inlined && abbrev->children)
        make_node(&candidate);
    *inside = around;
    if (candidate.id != (dwarf_node_id)DWARF_NO_NODE)
        *inside = candidate.id;
    else if (!candidate.node.inlined)
        *inside = (dwarf_node_id)NOT_WANTED;
    return true;
}

/* What was inlined into a function that holds no wanted address holds none either. */
static bool is_wanted(const struct dwarf_abbrev *abbrev, dwarf_node_id around)
{
    return abbrev->code_holder &&
           (abbrev->tag != DW_TAG_inlined_subroutine || around != (dwarf_node_id)NOT_WANTED);
}

/* To the entry behind the subtree, when the entry says where that is. */
static bool skip_subtree(struct dwarf_scan *scan, const struct dwarf_abbrev *abbrev,
                         const uint8_t *unit_start, struct cursor *cursor)
{
    const struct dwarf_attribute *attributes = scan->unit->abbrevs->attributes + abbrev->first;
    struct cursor at = *cursor;
    struct dwarf_value value = {0};
    const uint8_t *target;

    for (int i = 0; i <= abbrev->sibling; i++)
        if (!dwarf_value_read(scan->unit, &attributes[i], &at, &value))
            return false;
    if (value.form == DW_FORM_ref_addr || value.number > (uint64_t)(at.end - unit_start))
        return false;
    target = unit_start + value.number;
    if (target <= cursor->at)
        return false; /* backwards: a circle */
    cursor->at = target;
    return true;
}

static uint64_t next_code(struct cursor *cursor)
{
    if (cursor->at < cursor->end && *cursor->at < 0x80)
        return *cursor->at++;
    return cursor_varint(cursor);
}

static bool skip_entry(const struct dwarf_unit *unit, const struct dwarf_abbrev *abbrev,
                       struct cursor *cursor)
{
    if (abbrev->fixed >= 0 && (size_t)abbrev->fixed <= cursor_left(cursor)) {
        cursor->at += abbrev->fixed;
        return true;
    }
    return dwarf_skip(unit, abbrev, cursor);
}

static void walk(struct dwarf_scan *scan, struct cursor cursor, const uint8_t *unit_start,
                 dwarf_node_id *around)
{
    struct dwarf_unit *unit = scan->unit;
    size_t depth = 0;

    around[0] = (dwarf_node_id)DWARF_NO_NODE;
    while (cursor.at < cursor.end && dwarf_budget_step(scan->budget)) {
        uint64_t offset = unit->offset + (uint64_t)(cursor.at - unit_start);
        uint64_t code = next_code(&cursor);
        const struct dwarf_abbrev *abbrev;
        dwarf_node_id inside = around[depth];

        if (!code) {
            if (!depth || !--depth)
                return;
            continue;
        }
        abbrev = dwarf_abbrev(unit, code);
        if (!abbrev || cursor.failed)
            return;
        if (is_wanted(abbrev, around[depth])) {
            if (!visit(scan, abbrev, offset, around[depth], &cursor, &inside))
                return;
        } else if (abbrev->children && abbrev->sibling >= 0 &&
                   skip_subtree(scan, abbrev, unit_start, &cursor)) {
            continue;
        } else if (!skip_entry(unit, abbrev, &cursor)) {
            return;
        }
        if (!abbrev->children)
            continue;
        if (++depth >= DEPTH_MAX)
            return;
        around[depth] = inside;
    }
}

void dwarf_scan_unit(struct dwarf_scan *scan)
{
    struct dwarf_unit *unit = scan->unit;
    struct cursor cursor =
        dwarf_cursor(unit->file, DWARF_INFO, unit->offset, unit->end - unit->offset);
    const uint8_t *start = cursor.at;
    dwarf_node_id *around;

    for (size_t i = 0; i < scan->count; i++)
        scan->innermost[i] = (dwarf_node_id)DWARF_NO_NODE;
    if (cursor.failed || !scan->count)
        return;
    around = xalloc(DEPTH_MAX * sizeof(*around));
    cursor_skip(&cursor, (size_t)(unit->first - unit->offset));
    walk(scan, cursor, start, around);
    free(around);
}

/* ---- names ---- */

struct names {
    const char *linkage, *plain;
    struct dwarf_value origin;
};

static bool read_names(struct dwarf_unit *unit, uint64_t offset, struct names *names)
{
    struct cursor cursor = dwarf_cursor(unit->file, DWARF_INFO, offset, unit->end - offset);
    const struct dwarf_abbrev *abbrev = dwarf_abbrev(unit, cursor_varint(&cursor));
    const struct dwarf_attribute *attributes;
    struct dwarf_value value;

    if (cursor.failed || !abbrev)
        return false;
    attributes = unit->abbrevs->attributes + abbrev->first;
    for (uint32_t i = 0; i < abbrev->count; i++) {
        if (!dwarf_value_read(unit, &attributes[i], &cursor, &value))
            return false;
        switch (attributes[i].name) {
        case DW_AT_linkage_name:
        case DW_AT_MIPS_linkage_name:
            names->linkage = dwarf_text(unit, &value);
            break;
        case DW_AT_name:
            names->plain = dwarf_text(unit, &value);
            break;
        case DW_AT_abstract_origin:
        case DW_AT_specification:
            names->origin = value;
            break;
        default:
            break;
        }
    }
    return true;
}

/* The unit and offset that a reference leads to. */
static struct dwarf_unit *follow(struct dwarf_unit *unit, const struct dwarf_value *reference,
                                 uint64_t *offset, struct dwarf_budget *budget)
{
    switch (reference->form) {
    case DW_FORM_ref1:
    case DW_FORM_ref2:
    case DW_FORM_ref4:
    case DW_FORM_ref8:
    case DW_FORM_ref_udata:
        if (__builtin_add_overflow(unit->offset, reference->number, offset) ||
            *offset < unit->first || *offset >= unit->end)
            return NULL;
        return unit;
    case DW_FORM_ref_addr:
        *offset = reference->number;
        if (*offset >= unit->first && *offset < unit->end)
            return unit;
        return dwarf_file_unit(unit->file, *offset, budget);
    case DW_FORM_GNU_ref_alt:
    case DW_FORM_ref_sup4:
    case DW_FORM_ref_sup8:
        *offset = reference->number;
        return unit->file->common ? dwarf_file_unit(unit->file->common, *offset, budget) : NULL;
    default:
        return NULL;
    }
}

const char *dwarf_entry_name(struct dwarf_unit *unit, uint64_t offset,
                             struct dwarf_budget *budget)
{
    const char *plain = NULL;

    for (unsigned i = 0; i < REFERENCES_MAX && unit; i++) {
        struct names names = {0};

        if (!read_names(unit, offset, &names))
            break;
        if (names.linkage && *names.linkage)
            return names.linkage;
        if (!plain && names.plain && *names.plain)
            plain = names.plain;
        if (!names.origin.form)
            break;
        unit = follow(unit, &names.origin, &offset, budget);
    }
    return plain;
}
