#include "unwind/cfi.h"

#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/xalloc.h"

/* LSB, "DWARF Exception Header Encoding". */
enum {
    PE_ABSPTR = 0x00,
    PE_ULEB128 = 0x01,
    PE_UDATA2 = 0x02,
    PE_UDATA4 = 0x03,
    PE_UDATA8 = 0x04,
    PE_SLEB128 = 0x09,
    PE_SDATA2 = 0x0a,
    PE_SDATA4 = 0x0b,
    PE_SDATA8 = 0x0c,
    PE_FORMAT = 0x0f,
    PE_PCREL = 0x10,
    PE_DATAREL = 0x30,
    PE_ALIGNED = 0x50,
    PE_BASE = 0x70,
    PE_INDIRECT = 0x80,
    PE_OMIT = 0xff
};

/* DWARF 5, table 7.29, and the GNU and vendor additions. */
enum {
    CFA_ADVANCE_LOC = 1, /* the upper two bits */
    CFA_OFFSET,
    CFA_RESTORE,
    CFA_NOP = 0x00,
    CFA_SET_LOC,
    CFA_ADVANCE_LOC1,
    CFA_ADVANCE_LOC2,
    CFA_ADVANCE_LOC4,
    CFA_OFFSET_EXTENDED,
    CFA_RESTORE_EXTENDED,
    CFA_UNDEFINED,
    CFA_SAME_VALUE,
    CFA_REGISTER,
    CFA_REMEMBER_STATE,
    CFA_RESTORE_STATE,
    CFA_DEF_CFA,
    CFA_DEF_CFA_REGISTER,
    CFA_DEF_CFA_OFFSET,
    CFA_DEF_CFA_EXPRESSION,
    CFA_EXPRESSION,
    CFA_OFFSET_EXTENDED_SF,
    CFA_DEF_CFA_SF,
    CFA_DEF_CFA_OFFSET_SF,
    CFA_VAL_OFFSET,
    CFA_VAL_OFFSET_SF,
    CFA_VAL_EXPRESSION,
    CFA_GNU_WINDOW_SAVE = 0x2d,
    CFA_GNU_ARGS_SIZE = 0x2e,
    CFA_GNU_NEGATIVE_OFFSET_EXTENDED = 0x2f
};

enum {
    ENTRY_USUAL = 512,      /* read in one go; most entries are far smaller */
    ENTRY_MAX = 256 * 1024, /* the largest seen, in generated parsers, are some 20 KB */
    REMEMBERED_MAX = 16,    /* GCC and LLVM nest once */
    INDEX_MAX = 4 * 1024 * 1024
};

/* A CIE or FDE read into memory. */
struct entry {
    uint64_t address; /* of its first byte in the space */
    uint8_t *bytes, *allocated;
    size_t size, header; /* all of it; the length field alone */
    bool wide;           /* 64-bit DWARF */
    uint8_t usual[ENTRY_USUAL];
};

struct cie {
    uint64_t code_align;
    int64_t data_align;
    uint8_t ra, fde_encoding;
    bool has_augmentation_size, signal;
    const uint8_t *code; /* in the entry it was parsed from */
    size_t code_size;
};

struct fde {
    uint64_t start, end, cie;
    struct cursor code;
};

static void entry_end(struct entry *entry)
{
    free(entry->allocated);
}

static bool entry_read(const struct cfi *cfi, uint64_t address, struct entry *entry)
{
    size_t got = space_read(cfi->space, address, entry->usual, sizeof(entry->usual));
    struct cursor cursor = cursor_over(entry->usual, got);
    uint64_t length = cursor_u32(&cursor);

    entry->address = address;
    entry->allocated = NULL;
    entry->wide = length == UINT32_MAX;
    if (entry->wide)
        length = cursor_u64(&cursor);
    entry->header = entry->wide ? 12 : 4;
    if (cursor.failed || !length || length > ENTRY_MAX)
        return false;
    entry->size = entry->header + (size_t)length;
    entry->bytes = entry->usual;
    if (entry->size <= got)
        return true;
    entry->bytes = entry->allocated = xalloc(entry->size);
    if (space_read(cfi->space, address, entry->bytes, entry->size) == entry->size)
        return true;
    entry_end(entry);
    return false;
}

static struct cursor entry_cursor(const struct entry *entry)
{
    return (struct cursor){.at = entry->bytes + entry->header,
                           .end = entry->bytes + entry->size};
}

static uint64_t entry_address(const struct entry *entry, const struct cursor *cursor)
{
    return entry->address + (uint64_t)(cursor->at - entry->bytes);
}

static uint64_t read_format(struct cursor *cursor, uint8_t encoding)
{
    switch (encoding & PE_FORMAT) {
    case PE_ABSPTR:
    case PE_UDATA8:
    case PE_SDATA8:
        return cursor_u64(cursor);
    case PE_ULEB128:
        return cursor_varint(cursor);
    case PE_SLEB128:
        return (uint64_t)cursor_sleb128(cursor);
    case PE_UDATA2:
        return cursor_u16(cursor);
    case PE_SDATA2:
        return (uint64_t)(int16_t)cursor_u16(cursor);
    case PE_UDATA4:
        return cursor_u32(cursor);
    case PE_SDATA4:
        return (uint64_t)(int32_t)cursor_u32(cursor);
    default:
        cursor->failed = true;
        return 0;
    }
}

/* A pointer whose field lies at `address`. */
static uint64_t read_pointer(struct cursor *cursor, uint8_t encoding, uint64_t address,
                             uint64_t data_base)
{
    uint64_t base = 0;

    if (encoding == PE_ALIGNED) {
        cursor_skip(cursor, (size_t)(-address & 7));
        return cursor_u64(cursor);
    }
    switch (encoding & PE_BASE) {
    case PE_ABSPTR:
        break;
    case PE_PCREL:
        base = address;
        break;
    case PE_DATAREL:
        base = data_base;
        break;
    default: /* relative to text or function: no toolchain of this machine writes them */
        cursor->failed = true;
        return 0;
    }
    if (encoding & PE_INDIRECT)
        cursor->failed = true; /* would have to read the target's data */
    return base + read_format(cursor, encoding);
}

static void read_augmentation(const struct entry *entry, struct cursor *cursor,
                              const char *letters, struct cie *cie)
{
    size_t size = (size_t)cursor_varint(cursor);
    const uint8_t *data = cursor_bytes(cursor, size);
    struct cursor inner;

    cie->has_augmentation_size = true;
    if (!data)
        return;
    inner = cursor_over(data, size);
    for (const char *letter = letters + 1; *letter; letter++) {
        switch (*letter) {
        case 'R':
            cie->fde_encoding = cursor_u8(&inner);
            break;
        case 'L':
            cursor_u8(&inner);
            break;
        case 'P': {
            uint8_t encoding = cursor_u8(&inner) & (uint8_t)~PE_INDIRECT;

            read_pointer(&inner, encoding, entry_address(entry, &inner), 0);
            break;
        }
        case 'S':
            cie->signal = true;
            break;
        case 'B':
            break;
        default: /* the size lets us skip what we do not know, but not what follows it */
            return;
        }
    }
    if (inner.failed)
        cursor->failed = true;
}

static bool parse_cie(const struct cfi *cfi, const struct entry *entry, struct cie *cie)
{
    struct cursor cursor = entry_cursor(entry);
    uint64_t id = entry->wide ? cursor_u64(&cursor) : cursor_u32(&cursor);
    uint64_t cie_id = !cfi->debug_frame ? 0 : entry->wide ? UINT64_MAX : UINT32_MAX;
    uint8_t version = cursor_u8(&cursor);
    const char *augmentation = cursor_string(&cursor);

    *cie = (struct cie){.fde_encoding = PE_ABSPTR};
    if (id != cie_id || (version != 1 && version != 3 && version != 4))
        return false;
    if (!strcmp(augmentation, "eh")) /* GCC 2 */
        cursor_u64(&cursor);
    if (version == 4 && (cursor_u8(&cursor) != 8 || cursor_u8(&cursor) != 0))
        return false;
    cie->code_align = cursor_varint(&cursor);
    cie->data_align = cursor_sleb128(&cursor);
    uint64_t ra = version == 1 ? cursor_u8(&cursor) : cursor_varint(&cursor);

    if (ra >= CFI_REGISTERS)
        return false;
    cie->ra = (uint8_t)ra;
    if (augmentation[0] == 'z')
        read_augmentation(entry, &cursor, augmentation, cie);
    else if (augmentation[0] && strcmp(augmentation, "eh") != 0)
        return false;
    cie->code = cursor.at;
    cie->code_size = cursor_left(&cursor);
    return !cursor.failed;
}

/* Where the entry's CIE lies; false when it is a CIE itself.  Moves past the pointer. */
static bool cie_of(const struct cfi *cfi, const struct entry *entry, struct cursor *cursor,
                   uint64_t *cie)
{
    uint64_t field = entry_address(entry, cursor);
    uint64_t pointer = entry->wide ? cursor_u64(cursor) : cursor_u32(cursor);

    if (cursor->failed)
        return false;
    if (!cfi->debug_frame) {
        *cie = field - pointer;
        return pointer != 0;
    }
    *cie = cfi->start + pointer;
    return pointer != (entry->wide ? UINT64_MAX : UINT32_MAX);
}

static bool parse_fde(const struct cfi *cfi, const struct entry *entry, const struct cie *cie,
                      struct fde *fde)
{
    struct cursor cursor = entry_cursor(entry);
    uint64_t size;

    if (!cie_of(cfi, entry, &cursor, &fde->cie))
        return false;
    fde->start =
        read_pointer(&cursor, cie->fde_encoding, entry_address(entry, &cursor), cfi->header);
    size = read_format(&cursor, cie->fde_encoding);
    if (cie->has_augmentation_size)
        cursor_skip(&cursor, (size_t)cursor_varint(&cursor));
    fde->code = cursor;
    return !cursor.failed && !__builtin_add_overflow(fde->start, size, &fde->end);
}

/* What the instructions work on. */
struct machine {
    const struct cfi *cfi;
    const struct cie *cie;
    const struct entry *entry; /* whose instructions run */
    struct cfi_row row, initial;
    uint64_t at, pc;
    size_t remembered;
    struct {
        struct cfi_rule cfa, reg[CFI_REGISTERS];
    } stack[REMEMBERED_MAX];
};

static void set_rule(struct machine *machine, uint64_t reg, enum cfi_how how, int64_t value)
{
    if (reg < CFI_REGISTERS) /* vector registers are of no use here */
        machine->row.reg[reg] = (struct cfi_rule){.how = (uint8_t)how, .value = value};
}

static int64_t scaled(const struct machine *machine, int64_t factor)
{
    return (int64_t)((uint64_t)factor * (uint64_t)machine->cie->data_align);
}

static void set_expression(struct machine *machine, struct cursor *cursor,
                           struct cfi_rule *rule, enum cfi_how how)
{
    uint64_t size = cursor_varint(cursor);
    uint64_t address = entry_address(machine->entry, cursor);

    cursor_skip(cursor, (size_t)size);
    if (size > UINT16_MAX)
        cursor->failed = true;
    if (rule)
        *rule = (struct cfi_rule){
            .how = (uint8_t)how, .size = (uint16_t)size, .value = (int64_t)address};
}

static void set_register_expression(struct machine *machine, struct cursor *cursor,
                                    enum cfi_how how)
{
    uint64_t reg = cursor_varint(cursor);

    set_expression(machine, cursor, reg < CFI_REGISTERS ? &machine->row.reg[reg] : NULL, how);
}

static void set_cfa(struct machine *machine, struct cursor *cursor, uint64_t reg,
                    int64_t offset)
{
    if (reg >= CFI_REGISTERS)
        cursor->failed = true;
    machine->row.cfa =
        (struct cfi_rule){.how = CFI_REGISTER, .reg = (uint8_t)reg, .value = offset};
}

/* Half of it may be changed only where it is a register and an offset. */
static int64_t cfa_offset(const struct machine *machine, struct cursor *cursor)
{
    if (machine->row.cfa.how != CFI_REGISTER)
        cursor->failed = true;
    return machine->row.cfa.value;
}

static void restore(struct machine *machine, uint64_t reg)
{
    if (reg < CFI_REGISTERS)
        machine->row.reg[reg] = machine->initial.reg[reg];
}

static void remember(struct machine *machine, struct cursor *cursor)
{
    if (machine->remembered == REMEMBERED_MAX) {
        cursor->failed = true;
        return;
    }
    machine->stack[machine->remembered].cfa = machine->row.cfa;
    memcpy(machine->stack[machine->remembered].reg, machine->row.reg, sizeof(machine->row.reg));
    machine->remembered++;
}

static void recall(struct machine *machine, struct cursor *cursor)
{
    if (!machine->remembered) {
        cursor->failed = true;
        return;
    }
    machine->remembered--;
    machine->row.cfa = machine->stack[machine->remembered].cfa;
    memcpy(machine->row.reg, machine->stack[machine->remembered].reg, sizeof(machine->row.reg));
}

static void advance(struct machine *machine, uint64_t delta)
{
    machine->at += delta * machine->cie->code_align;
}

static void set_in_register(struct machine *machine, uint64_t reg, uint64_t other)
{
    if (other < CFI_REGISTERS)
        set_rule(machine, reg, CFI_REGISTER, 0);
    else
        set_rule(machine, reg, CFI_UNDEFINED, 0);
    if (reg < CFI_REGISTERS && other < CFI_REGISTERS)
        machine->row.reg[reg].reg = (uint8_t)other;
}

/* The instructions whose opcode fills the byte. */
static void execute_extended(struct machine *machine, struct cursor *cursor, uint8_t opcode)
{
    uint64_t reg;

    switch (opcode) {
    case CFA_NOP:
        break;
    case CFA_SET_LOC:
        machine->at = read_pointer(cursor, machine->cie->fde_encoding,
                                   entry_address(machine->entry, cursor), machine->cfi->header);
        break;
    case CFA_ADVANCE_LOC1:
        advance(machine, cursor_u8(cursor));
        break;
    case CFA_ADVANCE_LOC2:
        advance(machine, cursor_u16(cursor));
        break;
    case CFA_ADVANCE_LOC4:
        advance(machine, cursor_u32(cursor));
        break;
    case CFA_OFFSET_EXTENDED:
        reg = cursor_varint(cursor);
        set_rule(machine, reg, CFI_OFFSET, scaled(machine, (int64_t)cursor_varint(cursor)));
        break;
    case CFA_OFFSET_EXTENDED_SF:
        reg = cursor_varint(cursor);
        set_rule(machine, reg, CFI_OFFSET, scaled(machine, cursor_sleb128(cursor)));
        break;
    case CFA_GNU_NEGATIVE_OFFSET_EXTENDED:
        reg = cursor_varint(cursor);
        set_rule(machine, reg, CFI_OFFSET, scaled(machine, -(int64_t)cursor_varint(cursor)));
        break;
    case CFA_VAL_OFFSET:
        reg = cursor_varint(cursor);
        set_rule(machine, reg, CFI_VAL_OFFSET, scaled(machine, (int64_t)cursor_varint(cursor)));
        break;
    case CFA_VAL_OFFSET_SF:
        reg = cursor_varint(cursor);
        set_rule(machine, reg, CFI_VAL_OFFSET, scaled(machine, cursor_sleb128(cursor)));
        break;
    case CFA_RESTORE_EXTENDED:
        restore(machine, cursor_varint(cursor));
        break;
    case CFA_UNDEFINED:
        set_rule(machine, cursor_varint(cursor), CFI_UNDEFINED, 0);
        break;
    case CFA_SAME_VALUE:
        set_rule(machine, cursor_varint(cursor), CFI_SAME, 0);
        break;
    case CFA_REGISTER:
        reg = cursor_varint(cursor);
        set_in_register(machine, reg, cursor_varint(cursor));
        break;
    case CFA_REMEMBER_STATE:
        remember(machine, cursor);
        break;
    case CFA_RESTORE_STATE:
        recall(machine, cursor);
        break;
    case CFA_DEF_CFA:
        reg = cursor_varint(cursor);
        set_cfa(machine, cursor, reg, (int64_t)cursor_varint(cursor));
        break;
    case CFA_DEF_CFA_SF:
        reg = cursor_varint(cursor);
        set_cfa(machine, cursor, reg, scaled(machine, cursor_sleb128(cursor)));
        break;
    case CFA_DEF_CFA_REGISTER:
        set_cfa(machine, cursor, cursor_varint(cursor), cfa_offset(machine, cursor));
        break;
    case CFA_DEF_CFA_OFFSET:
        cfa_offset(machine, cursor);
        machine->row.cfa.value = (int64_t)cursor_varint(cursor);
        break;
    case CFA_DEF_CFA_OFFSET_SF:
        cfa_offset(machine, cursor);
        machine->row.cfa.value = scaled(machine, cursor_sleb128(cursor));
        break;
    case CFA_DEF_CFA_EXPRESSION:
        set_expression(machine, cursor, &machine->row.cfa, CFI_EXPRESSION);
        break;
    case CFA_EXPRESSION:
        set_register_expression(machine, cursor, CFI_EXPRESSION);
        break;
    case CFA_VAL_EXPRESSION:
        set_register_expression(machine, cursor, CFI_VAL_EXPRESSION);
        break;
    case CFA_GNU_ARGS_SIZE: /* matters to exceptions only */
        cursor_varint(cursor);
        break;
    default:
        cursor->failed = true;
    }
}

/* Runs until the row that holds for machine->pc. */
static bool execute(struct machine *machine, struct cursor cursor)
{
    while (!cursor.failed && cursor_left(&cursor) && machine->at <= machine->pc) {
        uint8_t byte = cursor_u8(&cursor);
        uint8_t low = byte & 0x3f;

        switch (byte >> 6) {
        case CFA_ADVANCE_LOC:
            advance(machine, low);
            break;
        case CFA_OFFSET:
            set_rule(machine, low, CFI_OFFSET,
                     scaled(machine, (int64_t)cursor_varint(&cursor)));
            break;
        case CFA_RESTORE:
            restore(machine, low);
            break;
        default:
            execute_extended(machine, &cursor, low);
        }
    }
    return !cursor.failed;
}

static bool run(const struct cfi *cfi, const struct entry *cie_entry, const struct cie *cie,
                const struct entry *entry, const struct fde *fde, uint64_t pc,
                struct cfi_row *row)
{
    struct machine machine;

    machine.cfi = cfi;
    machine.cie = cie;
    machine.entry = cie_entry;
    machine.at = fde->start;
    machine.pc = pc;
    machine.remembered = 0;
    machine.row = (struct cfi_row){.ra = cie->ra, .signal = cie->signal};
    machine.row.cfa.how = CFI_UNDEFINED;
    machine.initial = machine.row;
    if (!execute(&machine, cursor_over(cie->code, cie->code_size)))
        return false;
    machine.initial = machine.row;
    machine.entry = entry;
    machine.at = fde->start;
    if (!execute(&machine, fde->code))
        return false;
    *row = machine.row;
    return true;
}

/* Bytes of a fixed-size pointer in the search table; 0 for other encodings. */
static unsigned table_pointer_size(uint8_t encoding)
{
    if (encoding & PE_INDIRECT)
        return 0;
    if ((encoding & PE_BASE) != PE_DATAREL && (encoding & PE_BASE) != PE_ABSPTR)
        return 0;
    switch (encoding & PE_FORMAT) {
    case PE_UDATA2:
    case PE_SDATA2:
        return 2;
    case PE_UDATA4:
    case PE_SDATA4:
        return 4;
    case PE_ABSPTR:
    case PE_UDATA8:
    case PE_SDATA8:
        return 8;
    default:
        return 0;
    }
}

bool cfi_from_header(struct cfi *cfi, const struct space *space, uint64_t header,
                     uint64_t *eh_frame)
{
    uint8_t bytes[32];
    struct cursor cursor = cursor_over(bytes, space_read(space, header, bytes, sizeof(bytes)));
    uint8_t version = cursor_u8(&cursor);
    uint8_t frame_encoding = cursor_u8(&cursor);
    uint8_t count_encoding = cursor_u8(&cursor);
    uint8_t table_encoding = cursor_u8(&cursor);

    *cfi = (struct cfi){.space = space, .header = header, .table_encoding = table_encoding};
    *eh_frame = 0;
    if (version != 1 || frame_encoding == PE_OMIT)
        return false;
    *eh_frame = read_pointer(&cursor, frame_encoding, header + 4, header);
    if (cursor.failed)
        *eh_frame = 0;
    if (count_encoding == PE_OMIT || !table_pointer_size(table_encoding))
        return false;
    cfi->table_count =
        read_pointer(&cursor, count_encoding, header + (uint64_t)(cursor.at - bytes), header);
    cfi->table = header + (uint64_t)(cursor.at - bytes);
    return !cursor.failed && cfi->table_count && cfi->table_count < INDEX_MAX;
}

static bool table_place(const struct cfi *cfi, uint64_t i, struct cfi_place *place)
{
    uint8_t bytes[16];
    unsigned size = 2 * table_pointer_size(cfi->table_encoding);
    struct cursor cursor =
        cursor_over(bytes, space_read(cfi->space, cfi->table + i * size, bytes, size));

    place->start = read_pointer(&cursor, cfi->table_encoding, 0, cfi->header);
    place->fde = read_pointer(&cursor, cfi->table_encoding, 0, cfi->header);
    return !cursor.failed;
}

/* The last entry that starts at or before pc. */
static bool search_table(const struct cfi *cfi, uint64_t pc, struct cfi_place *found)
{
    uint64_t low = 0, high = cfi->table_count;
    struct cfi_place place;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;

        if (!table_place(cfi, middle, &place))
            return false;
        if (place.start <= pc) {
            *found = place;
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low > 0;
}

static bool search_index(const struct cfi *cfi, uint64_t pc, struct cfi_place *found)
{
    size_t low = 0, high = cfi->index_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (cfi->index[middle].start <= pc)
            low = middle + 1;
        else
            high = middle;
    }
    if (low)
        *found = cfi->index[low - 1];
    return low > 0;
}

static bool cie_read(const struct cfi *cfi, uint64_t address, struct entry *entry,
                     struct cie *cie)
{
    if (!entry_read(cfi, address, entry))
        return false;
    if (parse_cie(cfi, entry, cie))
        return true;
    entry_end(entry);
    return false;
}

static bool fde_cie(const struct cfi *cfi, const struct entry *entry, uint64_t *cie)
{
    struct cursor cursor = entry_cursor(entry);

    return cie_of(cfi, entry, &cursor, cie);
}

/* Reads FDE and CIE; `row` may be NULL when only the extent is wanted. */
static bool evaluate(const struct cfi *cfi, uint64_t address, uint64_t pc, struct fde *fde,
                     struct cfi_row *row)
{
    struct entry entry, cie_entry;
    struct cie cie;
    uint64_t cie_address;
    bool good = false;

    if (!entry_read(cfi, address, &entry))
        return false;
    if (fde_cie(cfi, &entry, &cie_address) && cie_read(cfi, cie_address, &cie_entry, &cie)) {
        good = parse_fde(cfi, &entry, &cie, fde) && pc >= fde->start && pc < fde->end;
        if (good && row)
            good = run(cfi, &cie_entry, &cie, &entry, fde, pc, row);
        entry_end(&cie_entry);
    }
    entry_end(&entry);
    return good;
}

static bool find(const struct cfi *cfi, uint64_t pc, struct cfi_place *place)
{
    if (cfi->table_count)
        return search_table(cfi, pc, place);
    return search_index(cfi, pc, place);
}

bool cfi_row_at(const struct cfi *cfi, uint64_t pc, struct cfi_row *row)
{
    struct cfi_place place;
    struct fde fde;

    return find(cfi, pc, &place) && evaluate(cfi, place.fde, pc, &fde, row);
}

bool cfi_extent(const struct cfi *cfi, uint64_t pc, uint64_t *from, uint64_t *to)
{
    struct cfi_place place;
    struct fde fde;

    if (!find(cfi, pc, &place) || !evaluate(cfi, place.fde, pc, &fde, NULL))
        return false;
    *from = fde.start;
    *to = fde.end;
    return true;
}

static int by_start(const void *a, const void *b)
{
    const struct cfi_place *one = a, *other = b;

    if (one->start != other->start)
        return one->start < other->start ? -1 : 1;
    return one->fde < other->fde ? -1 : one->fde > other->fde;
}

/* Adds the FDE to the index; keeps what it learned of the CIE, as neighbours share it. */
static void index_entry(struct cfi *cfi, const struct entry *entry, size_t *room,
                        uint64_t *known, struct cie *cie)
{
    struct entry cie_entry;
    uint64_t address;
    struct fde fde;

    if (!fde_cie(cfi, entry, &address))
        return;
    if (address != *known) {
        *known = UINT64_MAX;
        if (!cie_read(cfi, address, &cie_entry, cie))
            return;
        entry_end(&cie_entry);
        *known = address;
    }
    /* What was dropped by the linker's garbage collection keeps address 0. */
    if (!parse_fde(cfi, entry, cie, &fde) || fde.start == fde.end || !fde.start)
        return;
    cfi->index = xgrow(cfi->index, room, cfi->index_count + 1, sizeof(*cfi->index));
    cfi->index[cfi->index_count++] =
        (struct cfi_place){.start = fde.start, .fde = entry->address};
}

/* The length of the entry at `address`, its length field included; 0 at the end. */
static uint64_t entry_length(const struct cfi *cfi, uint64_t address)
{
    uint8_t bytes[12];
    struct cursor cursor =
        cursor_over(bytes, space_read(cfi->space, address, bytes, sizeof(bytes)));
    uint64_t length = cursor_u32(&cursor);

    if (cursor.failed)
        return 0;
    if (length != UINT32_MAX)
        return length + 4;
    length = cursor_u64(&cursor);
    return cursor.failed || length > UINT64_MAX - 12 ? 0 : length + 12;
}

void cfi_from_section(struct cfi *cfi, const struct space *space, uint64_t start, uint64_t size,
                      bool debug_frame)
{
    uint64_t known = UINT64_MAX, at = 0;
    size_t room = 0;
    struct cie cie;

    *cfi =
        (struct cfi){.space = space, .start = start, .size = size, .debug_frame = debug_frame};
    while (at < size && cfi->index_count < INDEX_MAX) {
        uint64_t length = entry_length(cfi, start + at);
        struct entry entry;

        if (!length || length > size - at)
            break;
        if (length > 4 && entry_read(cfi, start + at, &entry)) {
            index_entry(cfi, &entry, &room, &known, &cie);
            entry_end(&entry);
        }
        at += length;
    }
    if (cfi->index_count)
        qsort(cfi->index, cfi->index_count, sizeof(*cfi->index), by_start);
}

void cfi_end(struct cfi *cfi)
{
    free(cfi->index);
    *cfi = (struct cfi){0};
}
