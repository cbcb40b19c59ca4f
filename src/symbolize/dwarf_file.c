#include "symbolize/dwarf_file.h"

#include <dwarf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/xalloc.h"

enum {
    ABBREVS_MAX = 1 << 20,
    ATTRIBUTES_MAX = 1 << 22,
    UNITS_MAX = 1 << 22,
};

/* ---- sections ---- */

static const char *const section_names[DWARF_SECTIONS] = {
    [DWARF_INFO] = ".debug_info",         [DWARF_ABBREV] = ".debug_abbrev",
    [DWARF_STR] = ".debug_str",           [DWARF_STR_OFFSETS] = ".debug_str_offsets",
    [DWARF_LINE] = ".debug_line",         [DWARF_LINE_STR] = ".debug_line_str",
    [DWARF_ARANGES] = ".debug_aranges",   [DWARF_RANGES] = ".debug_ranges",
    [DWARF_RNGLISTS] = ".debug_rnglists", [DWARF_ADDR] = ".debug_addr",
};

/* A section of a .dwo with the unit of a type and nothing else: DWARF 5 has these in
 * .debug_info.dwo, too.  gcc gives each a section of its own, clang puts all units into one. */
static bool is_type_alone(struct lazy_section *section)
{
    enum { HEADER = 4 + 8 + 3 };
    uint64_t size = section->size < HEADER ? section->size : HEADER;
    const uint8_t *bytes = lazy_section_bytes(section, 0, size);
    struct cursor cursor = bytes ? cursor_over(bytes, (size_t)size) : (struct cursor){0};
    uint64_t length = cursor_u32(&cursor);
    uint64_t header = 4;

    if (length == 0xffffffff) {
        length = cursor_u64(&cursor);
        header += 8;
    }
    if (section->size - header > length) /* other units follow */
        return false;
    return cursor_u16(&cursor) >= 5 && cursor_u8(&cursor) == DW_UT_split_type;
}

static int open_section(struct dwarf_file *file, enum dwarf_section which, size_t *inflate,
                        struct error *err)
{
    struct lazy_section *section = &file->sections[which];
    bool grouped = which == DWARF_INFO && file->split &&
                   !image_has_section(file->image, ".debug_cu_index");
    Elf_Scn *at = NULL;
    char name[40];
    int failed;

    snprintf(name, sizeof(name), "%s%s", section_names[which], file->split ? ".dwo" : "");
    failed = lazy_section_open_next(section, file->image, name, &at, inflate, err);
    while (!failed && grouped && is_type_alone(section)) {
        lazy_section_close(section);
        failed = lazy_section_open_next(section, file->image, name, &at, inflate, err);
    }
    return failed;
}

int dwarf_file_open(struct dwarf_file *file, struct image *image, bool split, size_t *inflate,
                    struct error *err)
{
    *file = (struct dwarf_file){.image = image, .split = split};
    for (enum dwarf_section i = 0; i < DWARF_SECTIONS; i++) {
        int failed = open_section(file, i, inflate, err);

        if (failed && failed != -ENOENT) {
            dwarf_file_close(file);
            return failed;
        }
    }
    return 0;
}

static void free_abbrevs(struct dwarf_abbrevs *abbrevs)
{
    map_free(&abbrevs->by_code);
    free(abbrevs->list);
    free(abbrevs->attributes);
    free(abbrevs);
}

void dwarf_file_close(struct dwarf_file *file)
{
    for (size_t i = 0; i < DWARF_SECTIONS; i++)
        lazy_section_close(&file->sections[i]);
    for (size_t i = 0; i < file->abbrevs_count; i++)
        free_abbrevs(file->abbrevs[i]);
    free(file->abbrevs);
    map_free(&file->abbrevs_at);
    free(file->units);
    *file = (struct dwarf_file){0};
}

bool dwarf_file_has_info(const struct dwarf_file *file)
{
    return file->sections[DWARF_INFO].size && file->sections[DWARF_ABBREV].size;
}

const char *dwarf_file_damage(const struct dwarf_file *file)
{
    for (size_t i = 0; i < DWARF_SECTIONS; i++)
        if (file->sections[i].damaged)
            return section_names[i];
    return NULL;
}

struct cursor dwarf_cursor(struct dwarf_file *file, enum dwarf_section which, uint64_t offset,
                           uint64_t size)
{
    struct lazy_section *section = &file->sections[which];
    const uint8_t *bytes;

    if (offset > section->size)
        return (struct cursor){.failed = true};
    if (size > section->size - offset)
        size = section->size - offset;
    bytes = lazy_section_bytes(section, offset, size);
    return bytes ? cursor_over(bytes, (size_t)size) : (struct cursor){.failed = true};
}

/* ---- abbreviations ---- */

/* Bytes of a form in a unit of this layout; -1 when they differ from value to value. */
static int form_size(uint16_t form, unsigned version, bool wide)
{
    switch (form) {
    case DW_FORM_flag_present:
    case DW_FORM_implicit_const:
        return 0;
    case DW_FORM_data1:
    case DW_FORM_ref1:
    case DW_FORM_flag:
    case DW_FORM_strx1:
    case DW_FORM_addrx1:
        return 1;
    case DW_FORM_data2:
    case DW_FORM_ref2:
    case DW_FORM_strx2:
    case DW_FORM_addrx2:
        return 2;
    case DW_FORM_strx3:
    case DW_FORM_addrx3:
        return 3;
    case DW_FORM_data4:
    case DW_FORM_ref4:
    case DW_FORM_ref_sup4:
    case DW_FORM_strx4:
    case DW_FORM_addrx4:
        return 4;
    case DW_FORM_addr:
    case DW_FORM_data8:
    case DW_FORM_ref8:
    case DW_FORM_ref_sig8:
    case DW_FORM_ref_sup8:
        return 8;
    case DW_FORM_data16:
        return 16;
    case DW_FORM_strp:
    case DW_FORM_line_strp:
    case DW_FORM_strp_sup:
    case DW_FORM_sec_offset:
    case DW_FORM_GNU_ref_alt:
    case DW_FORM_GNU_strp_alt:
        return wide ? 8 : 4;
    case DW_FORM_ref_addr:
        return version <= 2 ? 8 : wide ? 8 : 4;
    default:
        return -1;
    }
}

/* Entries under which there is never code: their siblings are reached in one step. */
static bool holds_types_only(uint16_t tag)
{
    return tag == DW_TAG_enumeration_type || tag == DW_TAG_subroutine_type ||
           tag == DW_TAG_array_type || tag == DW_TAG_union_type || tag == DW_TAG_call_site ||
           tag == DW_TAG_GNU_call_site;
}

static bool read_attributes(struct dwarf_abbrevs *abbrevs, struct dwarf_abbrev *abbrev,
                            struct cursor *cursor, unsigned version, bool wide)
{
    abbrev->first = (uint32_t)abbrevs->attribute_count;
    for (;;) {
        uint64_t name = cursor_varint(cursor);
        uint64_t form = cursor_varint(cursor);
        struct dwarf_attribute attribute = {.name = (uint16_t)name, .form = (uint16_t)form};

        if (form == DW_FORM_implicit_const)
            attribute.constant = cursor_sleb128(cursor);
        if (cursor->failed || name > UINT16_MAX || form > UINT16_MAX ||
            abbrevs->attribute_count >= ATTRIBUTES_MAX)
            return false;
        if (!name && !form)
            break;
        attribute.size = form_size(attribute.form, version, wide);
        if (attribute.size < 0 || abbrev->fixed < 0 || abbrev->fixed > 1 << 20)
            abbrev->fixed = -1;
        else
            abbrev->fixed += attribute.size;
        if (attribute.name == DW_AT_sibling && holds_types_only(abbrev->tag) &&
            abbrev->count < INT16_MAX)
            abbrev->sibling = (int16_t)abbrev->count;
        abbrevs->attributes = xgrow(abbrevs->attributes, &abbrevs->attribute_room,
                                    abbrevs->attribute_count + 1, sizeof(*abbrevs->attributes));
        abbrevs->attributes[abbrevs->attribute_count++] = attribute;
        abbrev->count++;
    }
    return true;
}

static struct dwarf_abbrevs *read_abbrevs(struct cursor *cursor, unsigned version, bool wide)
{
    struct dwarf_abbrevs *abbrevs = xcalloc(1, sizeof(*abbrevs));
    uint64_t code;

    abbrevs->dense = true;
    /* Never NULL: entries without attributes point into it, too. */
    abbrevs->attributes =
        xgrow(NULL, &abbrevs->attribute_room, 1, sizeof(*abbrevs->attributes));
    while ((code = cursor_varint(cursor)) && !cursor->failed && abbrevs->count < ABBREVS_MAX) {
        struct dwarf_abbrev abbrev = {.code = code, .sibling = -1};

        abbrev.tag = (uint16_t)cursor_varint(cursor);
        abbrev.children = cursor_u8(cursor) != 0;
        abbrev.code_holder =
            abbrev.tag == DW_TAG_subprogram || abbrev.tag == DW_TAG_inlined_subroutine;
        if (!read_attributes(abbrevs, &abbrev, cursor, version, wide))
            break;
        if (code != abbrevs->count + 1)
            abbrevs->dense = false;
        abbrevs->list =
            xgrow(abbrevs->list, &abbrevs->room, abbrevs->count + 1, sizeof(*abbrevs->list));
        abbrevs->list[abbrevs->count++] = abbrev;
    }
    for (size_t i = 0; !abbrevs->dense && i < abbrevs->count; i++)
        map_set(&abbrevs->by_code, abbrevs->list[i].code, (uint32_t)i);
    return abbrevs;
}

const struct dwarf_abbrev *dwarf_abbrev(const struct dwarf_unit *unit, uint64_t code)
{
    const struct dwarf_abbrevs *abbrevs = unit->abbrevs;
    uint32_t index;

    if (abbrevs->dense)
        return code - 1 < abbrevs->count ? &abbrevs->list[code - 1] : NULL;
    index = map_get(&abbrevs->by_code, code);
    return index == UINT32_MAX ? NULL : &abbrevs->list[index];
}

/* A table's size stands nowhere: as much as most need, then all there is. */
static struct dwarf_abbrevs *abbrevs_at(struct dwarf_unit *unit, uint64_t offset)
{
    enum { MOST_TABLES = 16 * 1024 };
    struct cursor cursor = dwarf_cursor(unit->file, DWARF_ABBREV, offset, MOST_TABLES);
    struct dwarf_abbrevs *abbrevs = read_abbrevs(&cursor, unit->version, unit->wide);

    if (!cursor.failed)
        return abbrevs;
    free_abbrevs(abbrevs);
    cursor =
        dwarf_cursor(unit->file, DWARF_ABBREV, offset, unit->file->sections[DWARF_ABBREV].size);
    return read_abbrevs(&cursor, unit->version, unit->wide);
}

/* The table at the unit's offset; shared by units of one layout. */
static struct dwarf_abbrevs *abbrevs_of(struct dwarf_unit *unit)
{
    struct dwarf_file *file = unit->file;
    uint64_t offset = unit->abbrev_share.offset + unit->abbrev_offset;
    uint64_t key = offset << 8 | (uint64_t)(unit->version & 0x7f) << 1 | unit->wide;
    uint32_t *index = map_at(&file->abbrevs_at, key);

    if (*index == UINT32_MAX) {
        *index = (uint32_t)file->abbrevs_count;
        file->abbrevs = xgrow(file->abbrevs, &file->abbrevs_room, file->abbrevs_count + 1,
                              sizeof(*file->abbrevs));
        file->abbrevs[file->abbrevs_count++] = abbrevs_at(unit, offset);
    }
    return file->abbrevs[*index];
}

/* ---- values ---- */

uint64_t dwarf_number(struct cursor *cursor, unsigned size)
{
    uint64_t number = 0;
    const uint8_t *bytes = cursor_bytes(cursor, size);

    for (unsigned i = 0; bytes && i < size; i++)
        number |= (uint64_t)bytes[i] << (8 * i);
    return number;
}

static void skip_block(struct cursor *cursor, uint64_t size)
{
    if (size > cursor_left(cursor))
        cursor->failed = true;
    else
        cursor_skip(cursor, (size_t)size);
}

bool dwarf_value_read(const struct dwarf_unit *unit, const struct dwarf_attribute *attribute,
                      struct cursor *cursor, struct dwarf_value *value)
{
    uint16_t form = attribute->form;
    int size;

    if (form == DW_FORM_indirect) {
        uint64_t actual = cursor_varint(cursor);

        if (actual > UINT16_MAX || actual == DW_FORM_indirect ||
            actual == DW_FORM_implicit_const)
            return false;
        form = (uint16_t)actual;
    }
    *value = (struct dwarf_value){.form = form};
    size = form_size(form, unit->version, unit->wide);
    switch (form) {
    case DW_FORM_flag_present:
        value->number = 1;
        break;
    case DW_FORM_implicit_const:
        value->number = (uint64_t)attribute->constant;
        break;
    case DW_FORM_data16:
        skip_block(cursor, 16);
        break;
    case DW_FORM_string:
        value->text = cursor->at;
        cursor_string(cursor);
        break;
    case DW_FORM_sdata:
        value->number = (uint64_t)cursor_sleb128(cursor);
        break;
    case DW_FORM_udata:
    case DW_FORM_ref_udata:
    case DW_FORM_strx:
    case DW_FORM_addrx:
    case DW_FORM_loclistx:
    case DW_FORM_rnglistx:
    case DW_FORM_GNU_addr_index:
    case DW_FORM_GNU_str_index:
        value->number = cursor_varint(cursor);
        break;
    case DW_FORM_block1:
        skip_block(cursor, cursor_u8(cursor));
        break;
    case DW_FORM_block2:
        skip_block(cursor, cursor_u16(cursor));
        break;
    case DW_FORM_block4:
        skip_block(cursor, cursor_u32(cursor));
        break;
    case DW_FORM_block:
    case DW_FORM_exprloc:
        skip_block(cursor, cursor_varint(cursor));
        break;
    default:
        if (size < 0)
            return false;
        value->number = dwarf_number(cursor, (unsigned)size);
        break;
    }
    return !cursor->failed;
}

bool dwarf_skip(const struct dwarf_unit *unit, const struct dwarf_abbrev *abbrev,
                struct cursor *cursor)
{
    const struct dwarf_attribute *attributes = unit->abbrevs->attributes + abbrev->first;
    struct dwarf_value value;

    if (abbrev->fixed >= 0) {
        cursor_skip(cursor, (size_t)abbrev->fixed);
        return !cursor->failed;
    }
    for (uint32_t i = 0; i < abbrev->count; i++) {
        if (attributes[i].size >= 0 && (size_t)attributes[i].size <= cursor_left(cursor))
            cursor->at += attributes[i].size;
        else if (!dwarf_value_read(unit, &attributes[i], cursor, &value))
            return false;
    }
    return true;
}

static bool offset_from_table(struct dwarf_unit *unit, uint64_t index, uint64_t *offset)
{
    unsigned size = unit->wide ? 8 : 4;
    uint64_t at;
    struct cursor cursor;

    if (__builtin_mul_overflow(index, size, &at) ||
        __builtin_add_overflow(at, unit->str_offsets_base + unit->str_offsets_share.offset,
                               &at))
        return false;
    cursor = dwarf_cursor(unit->file, DWARF_STR_OFFSETS, at, size);
    *offset = dwarf_number(&cursor, size);
    return !cursor.failed;
}

const char *dwarf_text(struct dwarf_unit *unit, const struct dwarf_value *value)
{
    struct dwarf_file *file = unit->file;
    uint64_t offset;

    switch (value->form) {
    case DW_FORM_string:
        return (const char *)value->text;
    case DW_FORM_strp:
        return lazy_section_string(&file->sections[DWARF_STR], value->number);
    case DW_FORM_line_strp:
        return lazy_section_string(&file->sections[DWARF_LINE_STR], value->number);
    case DW_FORM_GNU_strp_alt:
    case DW_FORM_strp_sup:
        return file->common
                   ? lazy_section_string(&file->common->sections[DWARF_STR], value->number)
                   : NULL;
    case DW_FORM_strx:
    case DW_FORM_strx1:
    case DW_FORM_strx2:
    case DW_FORM_strx3:
    case DW_FORM_strx4:
    case DW_FORM_GNU_str_index:
        return offset_from_table(unit, value->number, &offset)
                   ? lazy_section_string(&file->sections[DWARF_STR], offset)
                   : NULL;
    default:
        return NULL;
    }
}

bool dwarf_address(struct dwarf_unit *unit, const struct dwarf_value *value, uint64_t *address)
{
    struct dwarf_unit *owner = unit->main ? unit->main : unit;
    struct cursor cursor;
    uint64_t at;

    switch (value->form) {
    case DW_FORM_addr:
        *address = value->number;
        return true;
    case DW_FORM_addrx:
    case DW_FORM_addrx1:
    case DW_FORM_addrx2:
    case DW_FORM_addrx3:
    case DW_FORM_addrx4:
    case DW_FORM_GNU_addr_index:
        if (__builtin_mul_overflow(value->number, 8, &at) ||
            __builtin_add_overflow(at, owner->addr_base, &at))
            return false;
        cursor = dwarf_cursor(owner->file, DWARF_ADDR, at, 8);
        *address = cursor_u64(&cursor);
        return !cursor.failed;
    default:
        return false;
    }
}

bool dwarf_constant(const struct dwarf_value *value, uint64_t *number)
{
    *number = value->number;
    switch (value->form) {
    case DW_FORM_data1:
    case DW_FORM_data2:
    case DW_FORM_data4:
    case DW_FORM_data8:
    case DW_FORM_udata:
    case DW_FORM_sdata:
    case DW_FORM_implicit_const:
        return true;
    default:
        return false;
    }
}

/* ---- units ---- */

bool dwarf_unit_at(struct dwarf_file *file, uint64_t offset, struct dwarf_unit *unit)
{
    enum { HEADER_MAX = 48 };
    struct cursor cursor = dwarf_cursor(file, DWARF_INFO, offset, HEADER_MAX);
    const uint8_t *start = cursor.at;
    uint64_t length = cursor_u32(&cursor);

    *unit = (struct dwarf_unit){.file = file, .offset = offset, .type = DW_UT_compile};
    if (length == 0xffffffff) {
        unit->wide = true;
        length = cursor_u64(&cursor);
    } else if (length >= 0xfffffff0) {
        return false;
    }
    if (cursor.failed || !length ||
        __builtin_add_overflow(offset + (unit->wide ? 12 : 4), length, &unit->end) ||
        unit->end > file->sections[DWARF_INFO].size)
        return false;
    unit->version = cursor_u16(&cursor);
    if (unit->version >= 5) {
        unit->type = cursor_u8(&cursor);
        unit->address_size = cursor_u8(&cursor);
        unit->abbrev_offset = dwarf_number(&cursor, unit->wide ? 8 : 4);
    } else {
        unit->abbrev_offset = dwarf_number(&cursor, unit->wide ? 8 : 4);
        unit->address_size = cursor_u8(&cursor);
    }
    if (unit->type == DW_UT_skeleton || unit->type == DW_UT_split_compile)
        unit->dwo_id = cursor_u64(&cursor);
    else if (unit->type == DW_UT_type || unit->type == DW_UT_split_type)
        cursor_skip(&cursor, 8 + (unit->wide ? 8 : 4));
    unit->first = offset + (uint64_t)(cursor.at - start);
    return !cursor.failed && unit->version >= 2 && unit->version <= 5 &&
           unit->address_size == 8 && unit->first < unit->end;
}

static void take_unit_attribute(struct dwarf_unit *unit, uint16_t name,
                                const struct dwarf_value *value, struct dwarf_value *low,
                                struct dwarf_value *high)
{
    switch (name) {
    case DW_AT_low_pc:
        *low = *value;
        break;
    case DW_AT_high_pc:
        *high = *value;
        break;
    case DW_AT_ranges:
        unit->has_ranges = true;
        unit->ranges = value->number;
        unit->ranges_form = value->form;
        break;
    case DW_AT_stmt_list:
        unit->has_lines = true;
        unit->lines = value->number;
        break;
    case DW_AT_language:
        unit->language = (uint16_t)value->number;
        break;
    case DW_AT_str_offsets_base:
        unit->str_offsets_base = value->number;
        break;
    case DW_AT_addr_base:
    case DW_AT_GNU_addr_base:
        unit->addr_base = value->number;
        break;
    case DW_AT_rnglists_base:
        unit->rnglists_base = value->number;
        break;
    case DW_AT_GNU_ranges_base:
        unit->ranges_base = value->number;
        break;
    case DW_AT_GNU_dwo_id:
        unit->dwo_id = value->number;
        break;
    default:
        break;
    }
}

static void take_unit_text(struct dwarf_unit *unit, uint16_t name,
                           const struct dwarf_value *value)
{
    if (name == DW_AT_name)
        unit->name = dwarf_text(unit, value);
    else if (name == DW_AT_comp_dir)
        unit->directory = dwarf_text(unit, value);
    else if (name == DW_AT_dwo_name || name == DW_AT_GNU_dwo_name)
        unit->dwo_name = dwarf_text(unit, value);
}

/* Twice over the attributes: texts and addresses need the bases, which may come later. */
bool dwarf_unit_open(struct dwarf_unit *unit)
{
    struct cursor cursor, start;
    const struct dwarf_abbrev *abbrev;
    const struct dwarf_attribute *attributes;
    struct dwarf_value value, low = {0}, high = {0};

    if (unit->opened)
        return unit->abbrevs != NULL;
    unit->opened = true;
    /* Units of a .dwo have their tables right behind the header of the section. */
    if (unit->file->split && unit->version >= 5) {
        unit->str_offsets_base = unit->wide ? 16 : 8;
        unit->rnglists_base = unit->wide ? 20 : 12;
    }
    unit->abbrevs = abbrevs_of(unit);
    cursor = dwarf_cursor(unit->file, DWARF_INFO, unit->first,
                          unit->end - unit->first < 4096 ? unit->end - unit->first : 4096);
    abbrev = dwarf_abbrev(unit, cursor_varint(&cursor));
    if (!abbrev || cursor.failed) {
        unit->abbrevs = NULL;
        return false;
    }
    start = cursor;
    attributes = unit->abbrevs->attributes + abbrev->first;
    for (uint32_t i = 0; i < abbrev->count; i++) {
        if (!dwarf_value_read(unit, &attributes[i], &cursor, &value))
            return false;
        take_unit_attribute(unit, attributes[i].name, &value, &low, &high);
    }
    cursor = start;
    for (uint32_t i = 0; i < abbrev->count; i++) {
        dwarf_value_read(unit, &attributes[i], &cursor, &value);
        take_unit_text(unit, attributes[i].name, &value);
    }
    unit->has_low = low.form && dwarf_address(unit, &low, &unit->low);
    if (unit->has_low && high.form && !dwarf_address(unit, &high, &unit->high)) {
        uint64_t length;

        if (!dwarf_constant(&high, &length) ||
            __builtin_add_overflow(unit->low, length, &unit->high))
            unit->high = 0;
    }
    unit->skeleton = unit->dwo_name != NULL && !unit->file->split;
    return true;
}

void dwarf_file_list(struct dwarf_file *file, struct dwarf_budget *budget)
{
    uint64_t offset = 0;
    struct dwarf_unit unit;

    if (file->listed)
        return;
    file->listed = true;
    while (offset < file->sections[DWARF_INFO].size && file->unit_count < UNITS_MAX &&
           dwarf_budget_unit(budget)) {
        uint64_t end;
        bool good = dwarf_unit_at(file, offset, &unit);

        end = unit.end;
        if (good) {
            file->units = xgrow(file->units, &file->unit_room, file->unit_count + 1,
                                sizeof(*file->units));
            file->units[file->unit_count++] = unit;
        }
        /* An unknown version is passed over; a length that makes no sense ends the list. */
        if (end <= offset)
            break;
        offset = end;
    }
}

struct dwarf_unit *dwarf_file_unit(struct dwarf_file *file, uint64_t offset,
                                   struct dwarf_budget *budget)
{
    size_t low = 0;
    size_t high;

    dwarf_file_list(file, budget);
    high = file->unit_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (file->units[middle].end <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == file->unit_count || offset < file->units[low].first)
        return NULL;
    return dwarf_unit_open(&file->units[low]) ? &file->units[low] : NULL;
}

/* ---- ranges ---- */

struct ranges_walk {
    struct dwarf_unit *unit; /* whose list it is */
    dwarf_each_range *each;
    void *data;
    struct dwarf_budget *budget;
    uint64_t base;
};

static void emit(struct ranges_walk *walk, uint64_t low, uint64_t high)
{
    if (low < high && !dwarf_is_tombstone(low))
        walk->each(low, high, walk->data);
}

/* .debug_ranges: pairs, relative to a base that pairs may set. */
static void walk_old(struct ranges_walk *walk, struct cursor cursor)
{
    for (;;) {
        uint64_t low = cursor_u64(&cursor);
        uint64_t high = cursor_u64(&cursor);

        if (cursor.failed || (!low && !high) || !dwarf_budget_step(walk->budget))
            return;
        if (low == UINT64_MAX)
            walk->base = high;
        else if (walk->base < UINT64_MAX - 1)
            emit(walk, walk->base + low, walk->base + high);
    }
}

static uint64_t indexed(struct ranges_walk *walk, uint64_t index, struct cursor *cursor)
{
    struct dwarf_value value = {.form = DW_FORM_addrx, .number = index};
    uint64_t address = 0;

    if (!dwarf_address(walk->unit, &value, &address))
        cursor->failed = true;
    return address;
}

static void walk_new(struct ranges_walk *walk, struct cursor cursor)
{
    for (;;) {
        uint8_t kind = cursor_u8(&cursor);
        uint64_t low = 0;
        uint64_t high = 0;

        switch (kind) {
        case DW_RLE_base_addressx:
            walk->base = indexed(walk, cursor_varint(&cursor), &cursor);
            break;
        case DW_RLE_startx_endx:
            low = indexed(walk, cursor_varint(&cursor), &cursor);
            high = indexed(walk, cursor_varint(&cursor), &cursor);
            break;
        case DW_RLE_startx_length:
            low = indexed(walk, cursor_varint(&cursor), &cursor);
            high = low + cursor_varint(&cursor);
            break;
        case DW_RLE_offset_pair:
            low = walk->base + cursor_varint(&cursor);
            high = walk->base + cursor_varint(&cursor);
            break;
        case DW_RLE_base_address:
            walk->base = cursor_u64(&cursor);
            break;
        case DW_RLE_start_end:
            low = cursor_u64(&cursor);
            high = cursor_u64(&cursor);
            break;
        case DW_RLE_start_length:
            low = cursor_u64(&cursor);
            high = low + cursor_varint(&cursor);
            break;
        default: /* DW_RLE_end_of_list */
            return;
        }
        if (cursor.failed || !dwarf_budget_step(walk->budget))
            return;
        if (kind != DW_RLE_offset_pair || walk->base < UINT64_MAX - 1)
            emit(walk, low, high);
    }
}

static void walk_section(struct ranges_walk *walk, struct dwarf_file *file,
                         enum dwarf_section which, uint64_t offset)
{
    /* Lists end by themselves, and their length stands nowhere: the section is read whole,
     * which costs once. */
    uint64_t size = file->sections[which].size;
    struct cursor cursor;

    if (offset > size || !lazy_section_bytes(&file->sections[which], 0, size))
        return;
    cursor = dwarf_cursor(file, which, offset, size - offset);
    if (which == DWARF_RANGES)
        walk_old(walk, cursor);
    else
        walk_new(walk, cursor);
}

void dwarf_ranges(struct dwarf_unit *unit, const struct dwarf_value *value,
                  dwarf_each_range *each, void *data, struct dwarf_budget *budget)
{
    struct dwarf_unit *owner = unit->main ? unit->main : unit;
    struct ranges_walk walk = {unit, each, data, budget, owner->has_low ? owner->low : 0};
    uint64_t offset = value->number;

    if (unit->version < 5) {
        /* Those of a .dwo lie in the program, relative to what its skeleton says. */
        if (unit->main)
            offset += unit->main->ranges_base;
        walk_section(&walk, owner->file, DWARF_RANGES, offset);
        return;
    }
    if (value->form == DW_FORM_rnglistx) {
        unsigned size = unit->wide ? 8 : 4;
        uint64_t base = unit->rnglists_base + unit->rnglists_share.offset;
        uint64_t at;
        struct cursor cursor;

        if (__builtin_mul_overflow(offset, size, &at) || __builtin_add_overflow(at, base, &at))
            return;
        cursor = dwarf_cursor(unit->file, DWARF_RNGLISTS, at, size);
        offset = base + dwarf_number(&cursor, size);
        if (cursor.failed)
            return;
    }
    walk_section(&walk, unit->file, DWARF_RNGLISTS, offset);
}
