#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "unwind/expression.h"

/* Memory: the word at an address is the address times three; none above 0x10000. */
static bool load(void *data, uint64_t address, uint64_t *word)
{
    (void)data;
    *word = address * 3;
    return address < 0x10000;
}

static bool evaluate(const char *bytes, size_t size, uint64_t *result)
{
    static const uint64_t reg[17] = {[6] = 0x100, [7] = 0x200, [16] = 0x40000b};
    const struct expression_input input = {
        .reg = reg, .known = 1u << 6 | 1u << 7 | 1u << 16, .reg_count = 17, .load = load};

    return expression_evaluate((const uint8_t *)bytes, size, &input, NULL, result);
}

#define GIVES(text, expected)                                                                  \
    do {                                                                                       \
        uint64_t result = 0;                                                                   \
        cr_expect(evaluate(text, sizeof(text) - 1, &result));                                  \
        cr_expect(eq(u64, result, expected));                                                  \
    } while (0)
#define FAILS(text)                                                                            \
    do {                                                                                       \
        uint64_t result = 0;                                                                   \
        cr_expect(not(evaluate(text, sizeof(text) - 1, &result)));                             \
    } while (0)

Test(expression, plt_cfa_depends_on_the_place_in_the_stub)
{
    /* rsp + 8 + ((rip & 15) >= 11) << 3, as linkers write it */
    GIVES("\x77\x08\x80\x00\x3f\x1a\x3b\x2a\x33\x24\x22", 0x210);
}

Test(expression, realigned_stack_reads_its_cfa_from_the_frame)
{
    GIVES("\x76\x78\x06", (0x100 - 8) * 3);
}

Test(expression, constants_of_all_sizes)
{
    GIVES("\x08\xff", 0xff);
    GIVES("\x09\xff", UINT64_MAX);
    GIVES("\x0a\xff\xff", 0xffff);
    GIVES("\x0b\xfe\xff", UINT64_MAX - 1);
    GIVES("\x0c\xff\xff\xff\xff", 0xffffffff);
    GIVES("\x0d\xff\xff\xff\xff", UINT64_MAX);
    GIVES("\x10\x80\x01", 128);
    GIVES("\x11\x7f", UINT64_MAX);
    GIVES("\x4f", 31);
}

Test(expression, operators_follow_dwarf)
{
    GIVES("\x35\x33\x1c", 2);                /* 5 - 3 */
    GIVES("\x11\x7a\x32\x1b", (uint64_t)-3); /* -6 / 2, signed */
    GIVES("\x37\x34\x1d", 3);                /* 7 % 4 */
    GIVES("\x11\x78\x31\x26", (uint64_t)-4); /* -8 >> 1, arithmetic */
    GIVES("\x31\x08\x40\x24", 0);            /* shifted by its width */
    GIVES("\x31\x32\x33\x17", 2);            /* 1 2 3 rot: 3 1 2 */
    GIVES("\x31\x32\x16", 1);                /* swap */
    GIVES("\x35\x36\x15\x01", 5);            /* pick 1 */
    GIVES("\x11\x7f\x31\x2d", 1);            /* -1 < 1 */
    GIVES("\x11\x7f\x19", 1);                /* abs */
    GIVES("\x31\x23\x05", 6);                /* plus_uconst */
}

Test(expression, branches_go_where_they_say)
{
    GIVES("\x31\x28\x01\x00\x96\x37", 7); /* taken, over a nop */
    GIVES("\x35\x2f\x01\x00\x36", 5);     /* skip over lit6 */
}

Test(expression, what_cannot_be_computed_fails)
{
    FAILS("");
    FAILS("\x22");                                     /* nothing to add */
    FAILS("\x31\x30\x1b");                             /* division by zero */
    FAILS("\x73\x00");                                 /* rbx is not known */
    FAILS("\x92\x7f\x00");                             /* no such register */
    FAILS("\x0e\xff\xff\xff\xff\x00\x00\x00\x00\x06"); /* no such memory */
    FAILS("\x31\x2f\xfc\xff");                         /* jumps before the start */
    FAILS("\x31\x2f\x10\x00");                         /* and past the end */
    FAILS("\xff");
}

Test(expression, a_loop_ends)
{
    FAILS("\x2f\xfd\xff");
    FAILS("\x31\x2f\xfc\xff"); /* pushes, too */
    FAILS("\x31\x12\x2f\xfc\xff");
}
