#include "unwind/cfi_program.h"

#include <string.h>

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

enum { REMEMBERED_MAX = 16 /* GCC and LLVM nest once */ };

/* What the instructions work on. */
struct machine {
    const struct cfi *cfi;
    const struct cfi_cie *cie;
    const struct cfi_entry *entry; /* whose instructions run */
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
    uint64_t address = cfi_entry_address(machine->entry, cursor);

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
        machine->at =
            cfi_read_pointer(cursor, machine->cie->fde_encoding,
                             cfi_entry_address(machine->entry, cursor), machine->cfi->header);
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

bool cfi_run(const struct cfi *cfi, const struct cfi_entry *cie_entry,
             const struct cfi_cie *cie, const struct cfi_entry *entry,
             const struct cfi_fde *fde, uint64_t pc, struct cfi_row *row)
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
