#include <elf.h>
#include <string.h>

#include "unwind/arch.h"

/* DWARF numbers, System V ABI for AMD64, figure 3.36. */
enum { DWARF_RBP = 6, DWARF_RSP = 7, DWARF_RA = 16, WORD = 8 };

/* Bytes at the address; false when fewer are known. */
static bool starts_with(const struct code *code, unsigned from, const void *pattern,
                        unsigned size)
{
    return from + size <= code->after &&
           !memcmp(code->bytes + CODE_BEFORE + from, pattern, size);
}

static bool preceded_by(const struct code *code, const void *pattern, unsigned size)
{
    return size <= code->before && !memcmp(code->bytes + CODE_BEFORE - size, pattern, size);
}

/* int3, int $3 and what else fills the room between functions: none begins with it. */
static bool is_filler(const struct code *code)
{
    static const struct {
        uint8_t bytes[2], size;
    } fillers[] = {{{0xcc}, 1},       {{0xcd, 3}, 2},    {{0x90}, 1},
                   {{0x66, 0x90}, 2}, {{0x66, 0x2e}, 2}, {{0x0f, 0x1f}, 2}};

    for (size_t i = 0; i < sizeof(fillers) / sizeof(fillers[0]); i++)
        if (starts_with(code, 0, fillers[i].bytes, fillers[i].size))
            return true;
    return false;
}

/* mov $15,%rax; syscall: what glibc, musl and Go put there, and debuggers look for.  A sample
 * may be in between, or in the system call; of the first byte before that, none can be seen. */
static bool is_sigreturn(const struct code *code)
{
    static const uint8_t pattern[] = {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05};
    enum { SIZE = sizeof(pattern), SYSCALL = 2 };

    return starts_with(code, 0, pattern, SIZE) ||
           (preceded_by(code, pattern, SIZE - SYSCALL) &&
            starts_with(code, 0, pattern + SIZE - SYSCALL, SYSCALL)) ||
           (preceded_by(code, pattern + 1, SIZE - 1) && is_filler(code));
}

/* As much of it as is known in front of an address. */
static bool in_sigreturn(const struct code *code)
{
    static const uint8_t pattern[CODE_BEFORE] = {0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05};

    return preceded_by(code, pattern, sizeof(pattern));
}

static bool is_end(const struct code *code)
{
    /* glibc's __start_context: mov %rbx,%rsp; mov (%rsp),%rdi; test %rdi,%rdi */
    static const uint8_t context[] = {0x48, 0x89, 0xdc, 0x48, 0x8b,
                                      0x3c, 0x24, 0x48, 0x85, 0xff};
    /* musl's clone: mov %eax,%edi; xor %eax,%eax; mov $60,%al; syscall */
    static const uint8_t thread[] = {0x89, 0xc7, 0x31, 0xc0, 0xb0, 0x3c, 0x0f, 0x05};

    return starts_with(code, 0, context, sizeof(context)) ||
           starts_with(code, 0, thread, sizeof(thread));
}

enum { TRANSFER_SIZE = 5 };

static bool is_transfer(const uint8_t *bytes, bool calls, int32_t *distance)
{
    if (bytes[0] != (calls ? 0xe8 : 0xe9))
        return false;
    memcpy(distance, bytes + 1, sizeof(*distance));
    return true;
}

static bool follows_direct_call(const struct code *code, int32_t *distance)
{
    return code->before >= TRANSFER_SIZE &&
           is_transfer(code->bytes + CODE_BEFORE - TRANSFER_SIZE, true, distance);
}

static bool follows_call(const struct code *code)
{
    const uint8_t *at = code->bytes + CODE_BEFORE;
    int32_t distance;

    if (follows_direct_call(code, &distance))
        return true;
    /* FF /2, with the lengths that its addressing modes have. */
    for (unsigned length = 2; length <= 7 && length <= code->before; length++) {
        const uint8_t *call = at - length;
        uint8_t mode = call[1] >> 6, rm = call[1] & 7;
        unsigned needs = 2;

        if (call[0] != 0xff || (call[1] >> 3 & 7) != 2)
            continue;
        if (mode != 3 && rm == 4) {
            needs++; /* SIB */
            if (mode == 0 && length > 2 && (call[2] & 7) == 5)
                needs += 4;
        } else if (mode == 0 && rm == 5) {
            needs += 4;
        }
        if (mode == 1)
            needs += 1;
        else if (mode == 2)
            needs += 4;
        if (needs == length)
            return true;
    }
    return false;
}

/* An instruction at which the place of the return address is known without CFI. */
static bool prologue_rule(const struct code *code, struct rule *rule)
{
    static const struct {
        uint8_t before[4], before_size, at[7], at_size;
        struct rule rule;
    } known[] = {
        /* push %rbp; with endbr64 before it, or at the endbr64 */
        {{0}, 0, {0x55, 0x48, 0x89, 0xe5}, 4, {RULE_SP, 0, 0, 8}},
        {{0}, 0, {0x55, 0x48, 0x8b, 0xec}, 4, {RULE_SP, 0, 0, 8}},
        {{0}, 0, {0xf3, 0x0f, 0x1e, 0xfa}, 4, {RULE_SP, 0, 0, 8}},
        /* mov %rsp,%rbp after the push */
        {{0x55}, 1, {0x48, 0x89, 0xe5}, 3, {RULE_SP, RULE_BP_SAVED, -16, 16}},
        {{0x55}, 1, {0x48, 0x8b, 0xec}, 3, {RULE_SP, RULE_BP_SAVED, -16, 16}},
        /* ret, ret $n */
        {{0}, 0, {0xc3}, 1, {RULE_SP, 0, 0, 8}},
        {{0}, 0, {0xc2}, 1, {RULE_SP, 0, 0, 8}},
        {{0}, 0, {0xf3, 0xc3}, 2, {RULE_SP, 0, 0, 8}},
        /* PLT stubs, which lld gives no CFI: jmp *x(%rip); push $n; jmp */
        {{0}, 0, {0xff, 0x25}, 2, {RULE_SP, 0, 0, 8}},
        {{0}, 0, {0xf2, 0xff, 0x25}, 3, {RULE_SP, 0, 0, 8}},
        {{0}, 0, {0x68}, 1, {RULE_SP, 0, 0, 8}},
        {{0}, 0, {0xe9}, 1, {RULE_SP, 0, 0, 16}},
        {{0}, 0, {0xff, 0x35}, 2, {RULE_SP, 0, 0, 16}},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (!starts_with(code, 0, known[i].at, known[i].at_size) ||
            !preceded_by(code, known[i].before, known[i].before_size))
            continue;
        *rule = known[i].rule;
        return true;
    }
    return false;
}

/* How an epilogue moves the stack pointer, instruction by instruction. */
struct epilogue {
    int32_t popped; /* bytes between sp and what comes next */
    int32_t bp;     /* where the frame pointer was popped from; -1: not yet */
};

/* pop, or add to the stack pointer; the instruction's size, 0 when it is something else. */
static unsigned step_stack(const uint8_t *at, struct epilogue *epilogue)
{
    int32_t immediate;

    if ((at[0] & 0xf8) == 0x58) {
        if (at[0] == 0x5d)
            epilogue->bp = epilogue->popped;
        epilogue->popped += WORD;
        return at[0] == 0x5c ? 0 : 1; /* not into sp */
    }
    if (at[0] == 0x41 && (at[1] & 0xf8) == 0x58) {
        epilogue->popped += WORD;
        return 2;
    }
    if (at[0] == 0x48 && at[1] == 0x83 && at[2] == 0xc4 && !(at[3] & 0x80)) {
        epilogue->popped += at[3];
        return 4;
    }
    if (at[0] == 0x48 && at[1] == 0x81 && at[2] == 0xc4) {
        memcpy(&immediate, at + 3, sizeof(immediate));
        if (immediate < 0 || immediate > 1 << 24)
            return 0;
        epilogue->popped += immediate;
        return 7;
    }
    return 0;
}

/* What sets the result before the end, and fillers: the instruction's size, or 0. */
static unsigned step_harmless(const uint8_t *at)
{
    unsigned prefix = (at[0] & 0xf8) == 0x48; /* REX.W, any registers */
    uint8_t modrm = at[prefix + 1], to = modrm & 7;

    if (!prefix && at[0] == 0x90)
        return 1;
    if (!prefix && (at[0] & 0xf8) == 0xb8 && at[0] != 0xbc && at[0] != 0xbd)
        return 5; /* mov $n,%r32 */
    /* mov and xor of registers, but not into sp or bp */
    if ((at[prefix] == 0x89 || at[prefix] == 0x31) && modrm >> 6 == 3 && to != 4 && to != 5)
        return prefix + 2;
    return 0;
}

static bool epilogue_rule(const struct code *code, struct rule *rule)
{
    enum { LONGEST = 7 };
    struct epilogue epilogue = {.bp = -1};
    const uint8_t *at = code->bytes + CODE_BEFORE, *end = at + code->after;

    while (end - at >= LONGEST) {
        unsigned size;

        if (at[0] == 0xc3 || (at[0] == 0xf3 && at[1] == 0xc3)) {
            *rule = (struct rule){.kind = RULE_SP, .cfa = epilogue.popped + WORD};
            if (epilogue.bp >= 0 && epilogue.bp - rule->cfa >= INT16_MIN) {
                rule->flags = RULE_BP_SAVED;
                rule->bp = (int16_t)(epilogue.bp - rule->cfa);
            }
            return true;
        }
        size = step_stack(at, &epilogue);
        if (!size)
            size = step_harmless(at);
        if (!size)
            return false;
        at += size;
    }
    return false;
}

/* sp or bp as a base register of DWARF expressions: DW_OP_breg6 or 7, then a signed LEB128
 * of one or two bytes. */
static bool base_and_offset(const uint8_t *bytes, size_t size, size_t *used, uint8_t *reg,
                            int32_t *offset)
{
    enum { OP_BREG0 = 0x70 };

    if (size < 2)
        return false;
    *reg = (uint8_t)(bytes[0] - OP_BREG0);
    if (*reg != DWARF_RBP && *reg != DWARF_RSP)
        return false;
    if (!(bytes[1] & 0x80)) {
        *offset = (bytes[1] & 0x3f) - (bytes[1] & 0x40);
        *used = 2;
        return true;
    }
    if (size < 3 || bytes[2] & 0x80)
        return false;
    *offset = (bytes[1] & 0x7f) + (bytes[2] & 0x3f) * 128 - (bytes[2] & 0x40) * 128;
    *used = 3;
    return true;
}

/* The PLT's CFA as binutils writes it: breg7 8; breg16 0; lit15; and; lit11 (or 6, 9, 10);
 * ge; lit3; shl; plus. */
static bool is_plt(const uint8_t *bytes, size_t size, int32_t *boundary)
{
    if (size != 11 || memcmp(bytes, "\x77\x08\x80\x00\x3f\x1a", 6) != 0 ||
        memcmp(bytes + 7, "\x2a\x33\x24\x22", 4) != 0 || bytes[6] < 0x30 || bytes[6] > 0x3f)
        return false;
    *boundary = bytes[6] - 0x30;
    return true;
}

static struct rule cfa_rule(const struct cfi_rule *cfa, const struct space *space)
{
    const struct rule slow = {.kind = RULE_SLOW};
    uint8_t bytes[16], reg;
    struct rule rule = {0};
    size_t size, used;

    if (cfa->how == CFI_REGISTER) {
        if (cfa->reg != DWARF_RSP && cfa->reg != DWARF_RBP)
            return slow;
        if (cfa->value != (int32_t)cfa->value)
            return slow;
        rule.kind = cfa->reg == DWARF_RSP ? RULE_SP : RULE_BP;
        rule.cfa = (int32_t)cfa->value;
        return rule;
    }
    if (cfa->how != CFI_EXPRESSION || cfa->size > sizeof(bytes))
        return slow;
    size = space_read(space, (uint64_t)cfa->value, bytes, cfa->size);
    if (size != cfa->size)
        return slow;
    if (is_plt(bytes, size, &rule.cfa)) {
        rule.kind = RULE_PLT;
        return rule;
    }
    if (!base_and_offset(bytes, size, &used, &reg, &rule.cfa) || size != used + 1 ||
        bytes[used] != 0x06 /* DW_OP_deref */)
        return slow;
    rule.kind = reg == DWARF_RSP ? RULE_DEREF_SP : RULE_DEREF_BP;
    return rule;
}

static bool add_frame_pointer(const struct cfi_rule *bp, const struct space *space,
                              struct rule *rule)
{
    uint8_t bytes[4], reg;
    int32_t offset;
    size_t used;

    switch (bp->how) {
    case CFI_SAME:
    case CFI_UNDEFINED:
        return true;
    case CFI_OFFSET:
        if (bp->value != (int16_t)bp->value)
            return false;
        rule->flags = RULE_BP_SAVED;
        rule->bp = (int16_t)bp->value;
        return true;
    case CFI_EXPRESSION:
        if (bp->size > sizeof(bytes) ||
            space_read(space, (uint64_t)bp->value, bytes, bp->size) != bp->size ||
            !base_and_offset(bytes, bp->size, &used, &reg, &offset) || used != bp->size ||
            reg != DWARF_RBP)
            return false;
        rule->flags = RULE_BP_AT_BP;
        rule->bp = (int16_t)offset;
        return true;
    default:
        return false;
    }
}

static struct rule rule_of_row(const struct cfi_row *row, const struct space *space)
{
    const struct rule slow = {.kind = RULE_SLOW}, end = {.kind = RULE_END};
    const struct cfi_rule *ra = &row->reg[row->ra], *sp = &row->reg[DWARF_RSP];
    struct rule rule;

    if (ra->how == CFI_UNDEFINED)
        return end;
    if (row->signal || row->ra != DWARF_RA || ra->how != CFI_OFFSET || ra->value != -WORD)
        return slow;
    if (sp->how != CFI_SAME && (sp->how != CFI_VAL_OFFSET || sp->value != 0))
        return slow;
    rule = cfa_rule(&row->cfa, space);
    if (rule.kind == RULE_SLOW || !add_frame_pointer(&row->reg[DWARF_RBP], space, &rule))
        return slow;
    return rule;
}

/* perf_regs.h of x86: AX BX CX DX SI DI BP SP IP FLAGS and segments, R8 from 16.
 * Signal frame: asm/sigcontext.h's registers, 40 bytes into struct ucontext, which the stack
 * pointer leads to in the trampoline. */
const struct arch arch_x86_64 = {
    .machine = EM_X86_64,
    .ip = 8,
    .sp = 7,
    .bp = 6,
    .result = 0,
    .dwarf_sp = DWARF_RSP,
    .dwarf_bp = DWARF_RBP,
    .dwarf_ra = DWARF_RA,
    .perf_of_dwarf = {0, 3, 2, 1, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23, 8},
    .signal_offset = {144, 136, 152, 128, 112, 104, 120, 160, 40, 48, 56, 64, 72, 80, 88, 96,
                      168},
    .scratch = 1u << 0 | 1u << 1 | 1u << 2 | 1u << 4 | 1u << 5 | 0xf00u,
    .is_sigreturn = is_sigreturn,
    .in_sigreturn = in_sigreturn,
    .is_end = is_end,
    .follows_call = follows_call,
    .follows_direct_call = follows_direct_call,
    .is_transfer = is_transfer,
    .transfer_size = TRANSFER_SIZE,
    .prologue_rule = prologue_rule,
    .epilogue_rule = epilogue_rule,
    .code_walk = code_walk_x86_64,
    .code_after_zero = code_after_zero_x86_64,
    .rule_of_row = rule_of_row,
};
