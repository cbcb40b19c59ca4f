#ifndef FIQ_SYMBOLIZE_DWARF_FILE_H
#define FIQ_SYMBOLIZE_DWARF_FILE_H

#include "base/cursor.h"
#include "base/map.h"
#include "elf/lazy_section.h"
#include "symbolize/dwarf_budget.h"

/*
 * The parts of DWARF 2 to 5 that tell which function code belongs to, read by ourselves: libdw
 * takes a second for what five thousand addresses need of a large Rust program (it decodes
 * every attribute of every entry), this reader a twentieth, as it skips entries without code by
 * their size.  Only x86-64's little-endian 8-byte addresses.
 *
 * All input is hostile: every access goes through a bounds-checked cursor, references may lead
 * in circles, and time is limited (dwarf_budget).
 */

enum dwarf_section {
    DWARF_INFO,
    DWARF_ABBREV,
    DWARF_STR,
    DWARF_STR_OFFSETS,
    DWARF_LINE,
    DWARF_LINE_STR,
    DWARF_ARANGES,
    DWARF_RANGES,
    DWARF_RNGLISTS,
    DWARF_ADDR,
    DWARF_SECTIONS
};

/* How an entry is laid out, for all entries with one abbreviation code. */
struct dwarf_attribute {
    uint16_t name, form;
    int32_t size;     /* in bytes when that is always the same; else -1 */
    int64_t constant; /* of DW_FORM_implicit_const */
};

struct dwarf_abbrev {
    uint64_t code; /* 0: unused slot */
    uint16_t tag;
    bool children;
    bool code_holder;      /* subprogram, inlined subroutine: the entries that matter */
    int32_t fixed;         /* bytes of all attributes when that is always the same; else -1 */
    int16_t sibling;       /* index of DW_AT_sibling where only types follow, or -1 */
    uint32_t first, count; /* attributes */
};

struct dwarf_abbrevs {
    struct dwarf_abbrev *list; /* by code - 1 when dense */
    size_t count, room;
    struct dwarf_attribute *attributes;
    size_t attribute_count, attribute_room;
    bool dense;
    struct map by_code; /* when not dense */
};

/* A share of a section: of the whole file, or what a package (.dwp) holds of one unit. */
struct dwarf_share {
    uint64_t offset, size;
};

/* One file with DWARF: the program or its debug file, the common part that dwz split off, a
 * .dwo or .dwp. */
struct dwarf_file {
    struct image *image;
    struct lazy_section sections[DWARF_SECTIONS];
    bool split;                /* .dwo sections */
    struct dwarf_file *common; /* dwz's; DW_FORM_GNU_ref_alt leads there */
    struct dwarf_unit *units;  /* sorted by offset, when all have been listed */
    size_t unit_count, unit_room;
    bool listed;
    struct map abbrevs_at; /* key: offset and layout; value: index */
    struct dwarf_abbrevs **abbrevs;
    size_t abbrevs_count, abbrevs_room;
};

struct dwarf_unit {
    struct dwarf_file *file;
    uint64_t offset, end; /* in .debug_info */
    uint64_t first;       /* of the first entry */
    uint64_t abbrev_offset;
    struct dwarf_abbrevs *abbrevs;
    uint16_t version;
    uint8_t type; /* DW_UT_*, DWARF 5 */
    bool wide;    /* 64-bit DWARF: offsets are 8 bytes */
    uint8_t address_size;
    bool opened;
    bool skeleton;
    bool has_low, has_lines, has_ranges;
    uint16_t language;
    uint64_t low, high; /* of the unit's own range; high 0: none */
    uint64_t ranges;    /* value of DW_AT_ranges */
    uint16_t ranges_form;
    uint64_t lines; /* offset in .debug_line */
    uint64_t str_offsets_base, addr_base, rnglists_base, ranges_base;
    uint64_t dwo_id;
    const char *name, *directory, *dwo_name;
    /* Of a split unit: where addresses and lines are. */
    struct dwarf_unit *main;
    struct dwarf_share abbrev_share, str_offsets_share, rnglists_share;
};

/* Opens the sections that the image has; `split` for .dwo names.  *inflate bounds compressed
 * ones.  An unreadable section is an error, a missing one is not. */
int dwarf_file_open(struct dwarf_file *file, struct image *image, bool split, size_t *inflate,
                    struct error *err);
void dwarf_file_close(struct dwarf_file *file);
bool dwarf_file_has_info(const struct dwarf_file *file);
/* The name of a section that turned out to be damaged when it was inflated, or NULL. */
const char *dwarf_file_damage(const struct dwarf_file *file);

/* The unit header at `offset` of .debug_info; false when there is none. */
bool dwarf_unit_at(struct dwarf_file *file, uint64_t offset, struct dwarf_unit *unit);
/* Reads the first entry: names, bases, ranges.  False when it makes no sense. */
bool dwarf_unit_open(struct dwarf_unit *unit);
/* All unit headers, once. */
void dwarf_file_list(struct dwarf_file *file, struct dwarf_budget *budget);
/* The listed unit that holds the offset, opened; or NULL. */
struct dwarf_unit *dwarf_file_unit(struct dwarf_file *file, uint64_t offset,
                                   struct dwarf_budget *budget);

/* A decoded attribute value. */
struct dwarf_value {
    uint16_t form;
    uint64_t number;     /* constant, offset, index, address */
    const uint8_t *text; /* DW_FORM_string */
};

/* Reads one value; false on unknown forms. */
bool dwarf_value_read(const struct dwarf_unit *unit, const struct dwarf_attribute *attribute,
                      struct cursor *cursor, struct dwarf_value *value);
const struct dwarf_abbrev *dwarf_abbrev(const struct dwarf_unit *unit, uint64_t code);
/* Moves past the attributes of an entry. */
bool dwarf_skip(const struct dwarf_unit *unit, const struct dwarf_abbrev *abbrev,
                struct cursor *cursor);

/* NULL or false when the value is no text, address, … */
const char *dwarf_text(struct dwarf_unit *unit, const struct dwarf_value *value);
bool dwarf_address(struct dwarf_unit *unit, const struct dwarf_value *value, uint64_t *address);
bool dwarf_constant(const struct dwarf_value *value, uint64_t *number);

/* From `offset` of a section, `size` bytes or up to its end; `failed` when it starts outside.
 */
struct cursor dwarf_cursor(struct dwarf_file *file, enum dwarf_section which, uint64_t offset,
                           uint64_t size);
/* A little-endian number of up to 8 bytes. */
uint64_t dwarf_number(struct cursor *cursor, unsigned size);

/* Calls `each` for every range of DW_AT_ranges. */
typedef void dwarf_each_range(uint64_t low, uint64_t high, void *data);
void dwarf_ranges(struct dwarf_unit *unit, const struct dwarf_value *value,
                  dwarf_each_range *each, void *data, struct dwarf_budget *budget);

/* An address that a linker writes for code that it dropped. */
static inline bool dwarf_is_tombstone(uint64_t address)
{
    return address == 0 || address >= UINT64_MAX - 1;
}

#endif
