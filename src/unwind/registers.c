#include "unwind/registers.h"

#include "unwind/expression.h"

enum { EXPRESSION_MAX = 512 };

struct registers registers_of_sample(const struct arch *arch, const struct regs *regs)
{
    struct registers registers = {0};

    for (unsigned i = 0; i < CFI_REGISTERS; i++) {
        unsigned perf = arch->perf_of_dwarf[i];

        if (!(regs->known >> perf & 1))
            continue;
        registers.reg[i] = regs->r[perf];
        registers.known |= 1u << i;
    }
    return registers;
}

/* Loads for expressions, keeping the address that failed. */
struct memory {
    const struct stack *stack;
    uint64_t *missing;
};

static bool load(void *data, uint64_t address, uint64_t *word)
{
    struct memory *memory = data;

    if (stack_load(memory->stack, address, word))
        return true;
    *memory->missing = address;
    return false;
}

static bool evaluate(const struct registers *registers, const struct cfi_rule *rule,
                     const struct space *space, struct memory *memory, const uint64_t *cfa,
                     uint64_t *result)
{
    uint8_t bytes[EXPRESSION_MAX];
    struct expression_input input = {.reg = registers->reg,
                                     .known = registers->known,
                                     .reg_count = CFI_REGISTERS,
                                     .load = load,
                                     .data = memory};

    return rule->size <= sizeof(bytes) &&
           space_read(space, (uint64_t)rule->value, bytes, rule->size) == rule->size &&
           expression_evaluate(bytes, rule->size, &input, cfa, result);
}

static bool find_cfa(const struct registers *registers, const struct cfi_row *row,
                     const struct space *space, struct memory *memory, uint64_t *cfa)
{
    if (row->cfa.how == CFI_EXPRESSION)
        return evaluate(registers, &row->cfa, space, memory, NULL, cfa);
    if (row->cfa.how != CFI_REGISTER || !(registers->known >> row->cfa.reg & 1))
        return false;
    *cfa = registers->reg[row->cfa.reg] + (uint64_t)row->cfa.value;
    return true;
}

static bool restore(const struct registers *from, unsigned i, const struct cfi_row *row,
                    const struct space *space, struct memory *memory, uint64_t cfa, uint64_t sp,
                    uint64_t *value)
{
    const struct cfi_rule *rule = &row->reg[i];
    uint64_t address = cfa + (uint64_t)rule->value;

    switch ((enum cfi_how)rule->how) {
    case CFI_SAME:
        *value = from->reg[i];
        return from->known >> i & 1;
    case CFI_UNDEFINED:
        return false;
    case CFI_VAL_OFFSET:
        *value = address;
        return true;
    case CFI_REGISTER:
        *value = from->reg[rule->reg];
        return from->known >> rule->reg & 1;
    case CFI_VAL_EXPRESSION:
        return evaluate(from, rule, space, memory, &cfa, value);
    case CFI_EXPRESSION:
        if (!evaluate(from, rule, space, memory, &cfa, &address))
            return false;
        break;
    case CFI_OFFSET:
        break;
    }
    /* What was popped in an epilogue lies below sp and is in its register again, whatever
     * the CFI says. */
    if (address < sp && rule->how == CFI_OFFSET && from->known >> i & 1) {
        *value = from->reg[i];
        return true;
    }
    return load(memory, address, value);
}

bool registers_step(struct registers *registers, const struct cfi_row *row,
                    const struct space *space, const struct stack *stack,
                    const struct arch *arch, uint64_t *missing)
{
    struct memory memory = {.stack = stack, .missing = missing};
    struct registers caller = {0};
    uint64_t cfa, sp = registers->reg[arch->dwarf_sp];

    *missing = 0;
    if (!find_cfa(registers, row, space, &memory, &cfa))
        return false;
    for (unsigned i = 0; i < CFI_REGISTERS; i++) {
        if (arch->scratch >> i & 1 && row->reg[i].how == CFI_SAME && !row->signal)
            continue; /* the callee may have overwritten it */
        if (restore(registers, i, row, space, &memory, cfa, sp, &caller.reg[i]))
            caller.known |= 1u << i;
    }
    if (row->reg[arch->dwarf_sp].how == CFI_SAME) {
        caller.reg[arch->dwarf_sp] = cfa;
        caller.known |= 1u << arch->dwarf_sp;
    }
    if (row->ra != arch->dwarf_ra) {
        caller.reg[arch->dwarf_ra] = caller.reg[row->ra];
        caller.known &= ~(1u << arch->dwarf_ra);
        caller.known |= (caller.known >> row->ra & 1) << arch->dwarf_ra;
    }
    *registers = caller;
    return caller.known >> arch->dwarf_ra & caller.known >> arch->dwarf_sp & 1;
}

bool registers_from_signal(struct registers *registers, const struct stack *stack,
                           const struct arch *arch, uint64_t *missing)
{
    uint64_t frame = registers->reg[arch->dwarf_sp];

    for (unsigned i = 0; i < CFI_REGISTERS; i++) {
        *missing = frame + arch->signal_offset[i];
        if (!stack_load(stack, *missing, &registers->reg[i]))
            return false;
    }
    registers->known = (1u << CFI_REGISTERS) - 1;
    return true;
}

void registers_set(struct registers *registers, const struct arch *arch, uint64_t pc,
                   uint64_t sp, uint64_t bp, bool bp_known)
{
    registers->reg[arch->dwarf_ra] = pc;
    registers->reg[arch->dwarf_sp] = sp;
    registers->reg[arch->dwarf_bp] = bp;
    registers->known =
        1u << arch->dwarf_ra | 1u << arch->dwarf_sp | (uint32_t)bp_known << arch->dwarf_bp;
}
