#include <string.h>

#include "unwind/code_walk.h"

enum {
    INSN_MAX = 15,
    STEPS_MAX = 2000, /* instructions in all */
    BRANCHES_MAX = 64,
    SEEN = 1024, /* a power of two: places already visited */
    OFFSET_MAX = 1 << 24,
    RAX = 0,
    RSP = 4,
    RBP = 5,
    REX_W = 8,
    REX_R = 4,
    REX_B = 1
};

/* What follows an opcode (Intel SDM, volume 2, appendix A):
 *
 * .  nothing              m  ModRM              b  8 bits         z  32 bits, 16 with prefix 66
 * B  ModRM, 8 bits        Z  ModRM, as z        w  16 bits        e  24 bits
 * q  32 bits, 64 with REX.W, 16 with prefix 66  d  32 bits        o  64 bits
 * g  ModRM and for test 8 bits                  G  the same as z
 * P  a prefix   R  REX   V v  VEX   X  EVEX     0 8 A  another map   !  no such instruction */
static const char one_byte[] = "mmmmbz!!mmmmbz!0mmmmbz!!mmmmbz!!"
                               "mmmmbzP!mmmmbzP!mmmmbzP!mmmmbzP!"
                               "RRRRRRRRRRRRRRRR................"
                               "!!XmPPPPzZbB....bbbbbbbbbbbbbbbb"
                               "BZ!Bmmmmmmmmmmmm..........!....."
                               "oooo....bz......bbbbbbbbqqqqqqqq"
                               "BBw.vVBZe.w..b!.mmmm!!!.mmmmmmmm"
                               "bbbbbbbbdd!b....P.PP..gG......mm";
static const char two_bytes[] = "mmmm!.....!.!m.Bmmmmmmmmmmmmmmmm"
                                "mmmm!!!!mmmmmmmm......!.8!A!!!!!"
                                "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm"
                                "mmmmmmmmmmmmmmmmBBBBmmm.mm!!mmmm"
                                "ddddddddddddddddmmmmmmmmmmmmmmmm"
                                "...mBm!!...mBmmmmmmmmmmmmmBmmmmm"
                                "mmBmBBBm........mmmmmmmmmmmmmmmm"
                                "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm";

struct insn {
    unsigned size;
    unsigned map; /* 1: one byte, 2: 0F; 0: something that does nothing to the stack pointer */
    uint8_t opcode, rex, modrm, sib;
    int32_t displacement;
    int64_t immediate;
};

struct bytes {
    const uint8_t *at, *end;
    bool failed;
};

static uint8_t take(struct bytes *bytes)
{
    if (bytes->at == bytes->end) {
        bytes->failed = true;
        return 0;
    }
    return *bytes->at++;
}

static int64_t take_signed(struct bytes *bytes, unsigned size)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < size; i++)
        value |= (uint64_t)take(bytes) << 8 * i;
    if (size && size < 8 && value >> (8 * size - 1))
        value |= ~UINT64_C(0) << 8 * size;
    return (int64_t)value;
}

static void take_modrm(struct bytes *bytes, struct insn *insn)
{
    unsigned mod, rm, base = 0;

    insn->modrm = take(bytes);
    mod = insn->modrm >> 6;
    rm = insn->modrm & 7;
    if (mod == 3)
        return;
    if (rm == 4) {
        insn->sib = take(bytes);
        base = insn->sib & 7;
    }
    if (mod == 1)
        insn->displacement = (int32_t)take_signed(bytes, 1);
    else if (mod == 2 || rm == 5 || (rm == 4 && base == 5))
        insn->displacement = (int32_t)take_signed(bytes, 4);
}

/* Prefixes VEX and EVEX; which map the opcode is of. */
static unsigned take_vex(struct bytes *bytes, char kind)
{
    unsigned map = 1;

    if (kind == 'v') { /* C4 */
        map = take(bytes) & 31;
        take(bytes);
    } else if (kind == 'V') { /* C5 */
        take(bytes);
    } else {
        map = take(bytes) & 7;
        take(bytes);
        take(bytes);
    }
    return map;
}

static void take_vector(struct bytes *bytes, struct insn *insn, char kind)
{
    unsigned map = take_vex(bytes, kind);
    uint8_t opcode = take(bytes);

    insn->map = 0;
    if (map == 1 && opcode == 0x77)
        return; /* vzeroupper */
    take_modrm(bytes, insn);
    if (map == 3 || (map == 1 && two_bytes[opcode] == 'B'))
        take(bytes);
}

static void take_operands(struct bytes *bytes, struct insn *insn, char kind, unsigned word)
{
    bool has_modrm = strchr("mBZgG", kind) != NULL;

    if (has_modrm)
        take_modrm(bytes, insn);
    if ((kind == 'g' || kind == 'G') && (insn->modrm & 0x30))
        return; /* not test */
    switch (kind) {
    case 'b':
    case 'B':
    case 'g':
        insn->immediate = take_signed(bytes, 1);
        break;
    case 'z':
    case 'Z':
    case 'G':
        insn->immediate = take_signed(bytes, word);
        break;
    case 'w':
        insn->immediate = take_signed(bytes, 2);
        break;
    case 'e':
        insn->immediate = take_signed(bytes, 3);
        break;
    case 'q':
        insn->immediate = take_signed(bytes, insn->rex & REX_W ? 8 : word);
        break;
    case 'd':
        insn->immediate = take_signed(bytes, 4);
        break;
    case 'o':
        insn->immediate = take_signed(bytes, 8);
        break;
    case '!':
        bytes->failed = true;
        break;
    default:
        break;
    }
}

static bool decode(const uint8_t *code, size_t size, struct insn *insn)
{
    struct bytes bytes = {code, code + (size < INSN_MAX ? size : INSN_MAX), false};
    unsigned word = 4;
    uint8_t byte;
    char kind;

    *insn = (struct insn){.map = 1};
    do {
        byte = take(&bytes);
        kind = one_byte[byte];
        if (byte == 0x66)
            word = 2;
    } while (kind == 'P' && !bytes.failed);
    if (kind == 'R') {
        insn->rex = byte;
        byte = take(&bytes);
        kind = one_byte[byte];
    }
    if (kind == '0') {
        insn->map = 2;
        byte = take(&bytes);
        kind = two_bytes[byte];
    }
    insn->opcode = byte;
    if (kind == '8' || kind == 'A') {
        insn->map = 0;
        take(&bytes);
        kind = kind == '8' ? 'm' : 'B';
    }
    if (kind == 'v' || kind == 'V' || kind == 'X')
        take_vector(&bytes, insn, kind);
    else if (kind == 'P' || kind == 'R')
        bytes.failed = true; /* prefixes in an order that none uses */
    else
        take_operands(&bytes, insn, kind, word);
    insn->size = (unsigned)(bytes.at - code);
    return !bytes.failed;
}

/* ---- what instructions do ---- */

/* The stack pointer and the place of the caller's frame pointer, as offsets from the stack
 * pointer or the frame pointer at the start. */
struct state {
    uint64_t pc;
    bool from_bp;
    bool bp_set;   /* the frame pointer is sp at the start + bp_at */
    bool bp_saved; /* the caller's lies at `saved` */
    int32_t offset, bp_at, saved;
};

enum step { STEP_ON, STEP_JUMP, STEP_BRANCH, STEP_RETURN, STEP_STOP };

static unsigned reg_of(const struct insn *insn)
{
    return (insn->modrm >> 3 & 7) + (insn->rex & REX_R ? 8u : 0);
}

/* The register that ModRM names, or 16 for memory. */
static unsigned rm_of(const struct insn *insn)
{
    return insn->modrm >> 6 == 3 ? (insn->modrm & 7) + (insn->rex & REX_B ? 8u : 0) : 16;
}

static bool is_usual(int64_t offset)
{
    return offset >= -OFFSET_MAX && offset <= OFFSET_MAX;
}

static enum step move(struct state *state, int64_t by)
{
    if (!is_usual(by))
        return STEP_STOP;
    state->offset += (int32_t)by;
    return is_usual(state->offset) ? STEP_ON : STEP_STOP;
}

/* bp = sp + by */
static enum step bp_from_sp(struct state *state, int64_t by)
{
    if (!is_usual(by))
        return STEP_STOP;
    state->bp_set = !state->from_bp && !state->bp_saved;
    state->bp_at = state->offset + (int32_t)by;
    return STEP_ON;
}

static enum step pop(struct state *state, unsigned reg)
{
    if (reg == RSP)
        return STEP_STOP;
    if (reg == RBP) {
        state->bp_saved = true;
        state->saved = state->offset;
        state->bp_set = false;
    }
    return move(state, 8);
}

/* sp = bp + by */
static enum step sp_from_bp(struct state *state, int64_t by)
{
    if (state->bp_saved)
        return STEP_STOP; /* that is the caller's */
    if (state->bp_set) {
        state->offset = state->bp_at;
    } else {
        state->offset = 0;
        state->from_bp = true;
    }
    return move(state, by);
}

static enum step step_arithmetic(struct state *state, const struct insn *insn)
{
    if (rm_of(insn) != RSP || reg_of(insn) % 8 == 7) /* 7: cmp */
        return STEP_ON;
    if (reg_of(insn) % 8 == 0)
        return move(state, insn->immediate);
    return reg_of(insn) % 8 == 5 ? move(state, -insn->immediate) : STEP_STOP;
}

static enum step step_lea(struct state *state, const struct insn *insn)
{
    unsigned mod = insn->modrm >> 6, rm = insn->modrm & 7;
    bool plain = !(insn->rex & REX_B) && mod != 3;

    if (reg_of(insn) == RBP && plain && rm == 4 && insn->sib == 0x24)
        return bp_from_sp(state, insn->displacement);
    if (reg_of(insn) != RSP)
        return STEP_ON;
    if (plain && rm == 4 && insn->sib == 0x24)
        return move(state, insn->displacement);
    return plain && rm == 5 && mod ? sp_from_bp(state, insn->displacement) : STEP_STOP;
}

static enum step step_mov(struct state *state, unsigned to, unsigned from)
{
    if (to == RSP)
        return from == RBP ? sp_from_bp(state, 0) : STEP_STOP;
    return to == RBP && from == RSP ? bp_from_sp(state, 0) : STEP_ON;
}

/* push, jmp, call of group 5 */
static enum step step_group(struct state *state, const struct insn *insn)
{
    switch (insn->modrm >> 3 & 7) {
    case 6:
        return move(state, -8);
    case 4:
    case 5:
        return STEP_STOP;
    default:
        return STEP_ON;
    }
}

static enum step step_one_byte(struct state *state, const struct insn *insn)
{
    uint8_t opcode = insn->opcode;

    if ((opcode & 0xf8) == 0x58)
        return pop(state, (opcode & 7u) + (insn->rex & REX_B ? 8u : 0));
    if ((opcode & 0xf8) == 0x50)
        return move(state, -8);
    if ((opcode & 0xf0) == 0x70 || (opcode & 0xfc) == 0xe0)
        return STEP_BRANCH;
    switch (opcode) {
    case 0x68:
    case 0x6a:
    case 0x9c:
        return move(state, -8);
    case 0x9d:
        return move(state, 8);
    case 0x8f:
        return rm_of(insn) == 16 ? move(state, 8) : pop(state, rm_of(insn));
    case 0x81:
    case 0x83:
        return step_arithmetic(state, insn);
    case 0x8d:
        return step_lea(state, insn);
    case 0x89:
        return step_mov(state, rm_of(insn), reg_of(insn));
    case 0x8b:
        return step_mov(state, reg_of(insn), rm_of(insn));
    case 0xc9:
        return sp_from_bp(state, 0) == STEP_ON ? pop(state, RBP) : STEP_STOP;
    case 0xe9:
    case 0xeb:
        return STEP_JUMP;
    case 0xc2:
    case 0xc3:
        return STEP_RETURN;
    case 0xc8: /* enter */
    case 0xca:
    case 0xcb:
    case 0xcc: /* int3 */
    case 0xcf:
    case 0xf4: /* hlt */
        return STEP_STOP;
    case 0xff:
        return step_group(state, insn);
    default:
        return STEP_ON;
    }
}

static enum step step(struct state *state, const struct insn *insn)
{
    if (insn->map == 1)
        return step_one_byte(state, insn);
    if (insn->map == 2 && (insn->opcode & 0xf0) == 0x80)
        return STEP_BRANCH;
    return insn->map == 2 && insn->opcode == 0x0b /* ud2 */ ? STEP_STOP : STEP_ON;
}

/* ---- the walk ---- */

struct walk {
    code_read_fn *read;
    void *data;
    struct state waiting[BRANCHES_MAX]; /* the other ways of branches, the nearest first */
    size_t first, count;
    uint64_t seen[SEEN];
    unsigned steps;
};

static bool is_seen(struct walk *walk, uint64_t pc)
{
    uint64_t *place = &walk->seen[pc & (SEEN - 1)];

    if (*place == pc)
        return true;
    *place = pc;
    return false;
}

static void wait(struct walk *walk, const struct state *state, uint64_t pc)
{
    if (walk->count == BRANCHES_MAX)
        return;
    walk->waiting[walk->count] = *state;
    walk->waiting[walk->count++].pc = pc;
}

static bool rule_of(const struct state *state, struct rule *rule)
{
    int32_t cfa = state->offset + 8, bp = state->saved - cfa;

    if (cfa < 8 || (state->bp_saved && (bp < INT16_MIN || bp > INT16_MAX)))
        return false;
    *rule = (struct rule){.kind = state->from_bp ? RULE_BP : RULE_SP, .cfa = cfa};
    if (state->bp_saved) {
        rule->flags = RULE_BP_SAVED;
        rule->bp = (int16_t)bp;
    }
    return true;
}

/* endbr64: after a call that does not return, the next function begins. */
static bool is_function_start(const struct insn *insn)
{
    return insn->map == 2 && insn->opcode == 0x1e && insn->modrm == 0xfa;
}

/* Straight on, until it returns or leads nowhere. */
static bool follow(struct walk *walk, struct state *state, struct rule *rule)
{
    uint64_t came_from_call = 0;

    while (walk->steps++ < STEPS_MAX && !is_seen(walk, state->pc)) {
        uint8_t code[INSN_MAX];
        struct insn insn;
        uint64_t next;

        if (!decode(code, walk->read(walk->data, state->pc, code, sizeof(code)), &insn))
            return false;
        next = state->pc + insn.size;
        if (came_from_call == state->pc && is_function_start(&insn))
            return false;
        came_from_call = insn.map == 1 && insn.opcode == 0xe8 ? next : 0;
        switch (step(state, &insn)) {
        case STEP_RETURN:
            return rule_of(state, rule);
        case STEP_BRANCH:
            wait(walk, state, next + (uint64_t)insn.immediate);
            break;
        case STEP_JUMP:
            next += (uint64_t)insn.immediate;
            break;
        case STEP_STOP:
            return false;
        case STEP_ON:
        default:
            break;
        }
        state->pc = next;
    }
    return false;
}

bool code_walk_x86_64(uint64_t pc, code_read_fn *read, void *data, struct rule *rule)
{
    struct walk walk = {.read = read, .data = data};
    struct state state = {.pc = pc};

    while (!follow(&walk, &state, rule)) {
        if (walk.first == walk.count || walk.steps >= STEPS_MAX)
            return false;
        state = walk.waiting[walk.first++];
    }
    return true;
}

/* ---- behind a system call ---- */

/* test %rax,%rax or %eax,%eax; cmp $0 of the same */
static bool looks_at_result(const struct insn *insn)
{
    bool tests = insn->opcode == 0x85 && reg_of(insn) == RAX && rm_of(insn) == RAX;
    bool compares =
        insn->opcode == 0x83 && reg_of(insn) % 8 == 7 && rm_of(insn) == RAX && !insn->immediate;

    return insn->map == 1 && (tests || compares);
}

/* By its condition, when the flags are those of 0 (Intel SDM, volume 1, appendix B): zero and
 * parity are set, carry, sign and overflow are not. */
static bool is_taken_at_zero(const struct insn *insn)
{
    enum { SET = 1 << 4 /* e */ | 1 << 6 /* be */ | 1 << 10 /* p */ | 1 << 14 /* le */ };
    unsigned condition = insn->opcode & 15u;
    bool holds = SET >> (condition & ~1u) & 1;

    return condition & 1 ? !holds : holds;
}

static bool is_conditional(const struct insn *insn)
{
    return (insn->map == 1 && (insn->opcode & 0xf0) == 0x70) ||
           (insn->map == 2 && (insn->opcode & 0xf0) == 0x80);
}

uint64_t code_after_zero_x86_64(uint64_t pc, code_read_fn *read, void *data)
{
    uint64_t start = pc;

    for (unsigned steps = 0; steps < BRANCHES_MAX; steps++) {
        uint8_t code[INSN_MAX];
        struct insn insn;

        if (!decode(code, read(data, pc, code, sizeof(code)), &insn) ||
            (!is_conditional(&insn) && (steps || !looks_at_result(&insn))))
            break;
        pc += insn.size;
        if (is_conditional(&insn) && is_taken_at_zero(&insn))
            pc += (uint64_t)insn.immediate;
    }
    return pc == start ? 0 : pc;
}
