#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "unwind/memo.h"

static struct memos memos;

static void tear_down(void)
{
    memos_free(&memos);
}

TestSuite(memo, .fini = tear_down);

/* A copy of a stack that ends below main: its outermost frame would have a caller. */
Test(memo, the_outermost_frame_has_no_caller_to_look_at)
{
    struct frame frame = {
        .address = 0x1000, .sp = 0x7000, .rule = {.kind = RULE_SP, .cfa = 16}};
    struct memo *memo = memos_get(&memos, 1, 1);

    memo_replace(&memos, memo, 0, &frame, 1);

    cr_assert(eq(sz, memo->count, 1));
    cr_expect(ne(u8, memo->frames[0].rule.flags & RULE_BP_DEAD, 0));
}
