#include "unwind/expression.h"

#include "base/cursor.h"

/* DWARF 5, table 7.9. */
enum {
    OP_ADDR = 0x03,
    OP_DEREF = 0x06,
    OP_CONST1U = 0x08,
    OP_CONST1S,
    OP_CONST2U,
    OP_CONST2S,
    OP_CONST4U,
    OP_CONST4S,
    OP_CONST8U,
    OP_CONST8S,
    OP_CONSTU,
    OP_CONSTS,
    OP_DUP,
    OP_DROP,
    OP_OVER,
    OP_PICK,
    OP_SWAP,
    OP_ROT,
    OP_ABS = 0x19,
    OP_AND,
    OP_DIV,
    OP_MINUS,
    OP_MOD,
    OP_MUL,
    OP_NEG,
    OP_NOT,
    OP_OR,
    OP_PLUS,
    OP_PLUS_UCONST,
    OP_SHL,
    OP_SHR,
    OP_SHRA,
    OP_XOR,
    OP_BRA,
    OP_EQ,
    OP_GE,
    OP_GT,
    OP_LE,
    OP_LT,
    OP_NE,
    OP_SKIP,
    OP_LIT0,
    OP_LIT31 = 0x4f,
    OP_BREG0 = 0x70,
    OP_BREG31 = 0x8f,
    OP_BREGX = 0x92,
    OP_DEREF_SIZE = 0x94,
    OP_NOP = 0x96
};

enum { STEPS_MAX = 1000, STACK_MAX = 64 };

struct evaluation {
    const struct expression_input *input;
    struct cursor cursor;
    const uint8_t *start;
    uint64_t stack[STACK_MAX];
    unsigned depth;
    bool failed;
};

static void push(struct evaluation *e, uint64_t value)
{
    if (e->depth == STACK_MAX)
        e->failed = true;
    else
        e->stack[e->depth++] = value;
}

static uint64_t pop(struct evaluation *e)
{
    if (!e->depth) {
        e->failed = true;
        return 0;
    }
    return e->stack[--e->depth];
}

static void pick(struct evaluation *e, unsigned index)
{
    if (index >= e->depth)
        e->failed = true;
    else
        push(e, e->stack[e->depth - 1 - index]);
}

static void push_register(struct evaluation *e, uint64_t reg, int64_t offset)
{
    if (reg >= e->input->reg_count || !(e->input->known >> reg & 1))
        e->failed = true;
    else
        push(e, e->input->reg[reg] + (uint64_t)offset);
}

static void dereference(struct evaluation *e, unsigned size)
{
    uint64_t word;

    if (!size || size > 8 || !e->input->load(e->input->data, pop(e), &word))
        e->failed = true;
    else
        push(e, size == 8 ? word : word & ((UINT64_C(1) << (8 * size)) - 1));
}

static void branch(struct evaluation *e, int16_t offset)
{
    int64_t target = (e->cursor.at - e->start) + offset;

    if (target < 0 || target > e->cursor.end - e->start)
        e->failed = true;
    else
        e->cursor.at = e->start + target;
}

static void divide(struct evaluation *e, int64_t a, int64_t b)
{
    if (!b || (a == INT64_MIN && b == -1))
        e->failed = true;
    else
        push(e, (uint64_t)(a / b));
}

static uint64_t shift_right_signed(int64_t value, uint64_t by)
{
    return (uint64_t)(by > 63 ? value >> 63 : value >> by);
}

static void binary(struct evaluation *e, uint8_t op)
{
    uint64_t b = pop(e), a = pop(e);
    int64_t signed_a = (int64_t)a, signed_b = (int64_t)b;

    switch (op) {
    case OP_AND:
        push(e, a & b);
        break;
    case OP_DIV:
        divide(e, signed_a, signed_b);
        break;
    case OP_MINUS:
        push(e, a - b);
        break;
    case OP_MOD:
        if (!b)
            e->failed = true;
        else
            push(e, a % b);
        break;
    case OP_MUL:
        push(e, a * b);
        break;
    case OP_OR:
        push(e, a | b);
        break;
    case OP_PLUS:
        push(e, a + b);
        break;
    case OP_SHL:
        push(e, b > 63 ? 0 : a << b);
        break;
    case OP_SHR:
        push(e, b > 63 ? 0 : a >> b);
        break;
    case OP_SHRA:
        push(e, shift_right_signed(signed_a, b));
        break;
    case OP_XOR:
        push(e, a ^ b);
        break;
    case OP_EQ:
        push(e, signed_a == signed_b);
        break;
    case OP_GE:
        push(e, signed_a >= signed_b);
        break;
    case OP_GT:
        push(e, signed_a > signed_b);
        break;
    case OP_LE:
        push(e, signed_a <= signed_b);
        break;
    case OP_LT:
        push(e, signed_a < signed_b);
        break;
    case OP_NE:
        push(e, signed_a != signed_b);
        break;
    default:
        e->failed = true;
    }
}

static void rotate(struct evaluation *e)
{
    uint64_t first = pop(e), second = pop(e), third = pop(e);

    push(e, first);
    push(e, third);
    push(e, second);
}

static void swap(struct evaluation *e)
{
    uint64_t first = pop(e), second = pop(e);

    push(e, first);
    push(e, second);
}

/* Constants and what is left of the table after ranges and operators. */
static void step_other(struct evaluation *e, uint8_t op)
{
    struct cursor *cursor = &e->cursor;
    int64_t value;
    uint64_t reg;

    switch (op) {
    case OP_ADDR:
    case OP_CONST8U:
    case OP_CONST8S:
        push(e, cursor_u64(cursor));
        break;
    case OP_CONST1U:
        push(e, cursor_u8(cursor));
        break;
    case OP_CONST1S:
        push(e, (uint64_t)(int8_t)cursor_u8(cursor));
        break;
    case OP_CONST2U:
        push(e, cursor_u16(cursor));
        break;
    case OP_CONST2S:
        push(e, (uint64_t)(int16_t)cursor_u16(cursor));
        break;
    case OP_CONST4U:
        push(e, cursor_u32(cursor));
        break;
    case OP_CONST4S:
        push(e, (uint64_t)(int32_t)cursor_u32(cursor));
        break;
    case OP_CONSTU:
        push(e, cursor_varint(cursor));
        break;
    case OP_CONSTS:
        push(e, (uint64_t)cursor_sleb128(cursor));
        break;
    case OP_DUP:
        pick(e, 0);
        break;
    case OP_DROP:
        pop(e);
        break;
    case OP_OVER:
        pick(e, 1);
        break;
    case OP_PICK:
        pick(e, cursor_u8(cursor));
        break;
    case OP_SWAP:
        swap(e);
        break;
    case OP_ROT:
        rotate(e);
        break;
    case OP_ABS:
        value = (int64_t)pop(e);
        push(e, value < 0 ? -(uint64_t)value : (uint64_t)value);
        break;
    case OP_NEG:
        push(e, -pop(e));
        break;
    case OP_NOT:
        push(e, ~pop(e));
        break;
    case OP_PLUS_UCONST:
        push(e, pop(e) + cursor_varint(cursor));
        break;
    case OP_SKIP:
        branch(e, (int16_t)cursor_u16(cursor));
        break;
    case OP_BRA:
        value = (int16_t)cursor_u16(cursor);
        if (pop(e))
            branch(e, (int16_t)value);
        break;
    case OP_BREGX:
        reg = cursor_varint(cursor);
        push_register(e, reg, cursor_sleb128(cursor));
        break;
    case OP_DEREF:
        dereference(e, 8);
        break;
    case OP_DEREF_SIZE:
        dereference(e, cursor_u8(cursor));
        break;
    case OP_NOP:
        break;
    default:
        binary(e, op);
    }
}

bool expression_evaluate(const uint8_t *bytes, size_t size,
                         const struct expression_input *input, const uint64_t *first,
                         uint64_t *result)
{
    struct evaluation e = {.input = input, .cursor = cursor_over(bytes, size), .start = bytes};

    if (first)
        push(&e, *first);
    for (unsigned steps = 0; cursor_left(&e.cursor) && !e.failed; steps++) {
        uint8_t op = cursor_u8(&e.cursor);

        if (op >= OP_LIT0 && op <= OP_LIT31)
            push(&e, (uint64_t)(op - OP_LIT0));
        else if (op >= OP_BREG0 && op <= OP_BREG31)
            push_register(&e, (uint64_t)(op - OP_BREG0), cursor_sleb128(&e.cursor));
        else
            step_other(&e, op);
        if (e.cursor.failed || steps == STEPS_MAX)
            return false;
    }
    *result = pop(&e);
    return !e.failed;
}
