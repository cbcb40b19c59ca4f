#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "../code_bytes.h"
#include "unwind/code_walk.h"

static struct rule rule;

static bool walk(const void *bytes, size_t size, size_t from)
{
    struct code_bytes code = {bytes, size};

    rule = (struct rule){0};
    return code_walk_x86_64(START + from, read_bytes, &code, &rule);
}
#define WALK(from, ...)                                                                        \
    walk((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), from)

Test(code_walk, what_is_taken_from_the_stack_up_to_the_return_is_the_frame)
{
    /* add $0x28,%rsp; pop %rbx; pop %rbp; pop %r12; ret */
    cr_assert(WALK(0, 0x48, 0x83, 0xc4, 0x28, 0x5b, 0x5d, 0x41, 0x5c, 0xc3));

    cr_expect(eq(u8, rule.kind, RULE_SP));
    cr_expect(eq(i32, rule.cfa, 0x28 + 3 * 8 + 8));
    cr_expect(eq(u8, rule.flags, RULE_BP_SAVED));
    cr_expect(eq(i16, rule.bp, 0x28 + 8 - rule.cfa));
}

Test(code_walk, jumps_are_followed_and_both_ways_of_branches)
{
    /* 0: jne 6; 2: ud2; 4: nop; nop; 6: jmp 10; 8: int3; int3; 10: pop %rax; ret */
    cr_assert(WALK(0, 0x75, 0x04, 0x0f, 0x0b, 0x90, 0x90, 0xeb, 0x02, 0xcc, 0xcc, 0x58, 0xc3));

    cr_expect(eq(i32, rule.cfa, 16));
}

Test(code_walk, a_frame_pointer_leads_on_where_the_stack_pointer_comes_from_it)
{
    /* and $-64,%rsp is long past: call *%rax; lea -0x18(%rbp),%rsp; pop %rbx; pop %r12;
     * pop %r13; pop %rbp; ret */
    cr_assert(
        WALK(0, 0xff, 0xd0, 0x48, 0x8d, 0x65, 0xe8, 0x5b, 0x41, 0x5c, 0x41, 0x5d, 0x5d, 0xc3));

    cr_expect(eq(u8, rule.kind, RULE_BP));
    cr_expect(eq(i32, rule.cfa, 16));
    cr_expect(eq(i16, rule.bp, -16));
}

Test(code_walk, a_prologue_that_is_under_way_makes_the_frame_pointer_itself)
{
    /* push %rbp | mov %rsp,%rbp; sub $0x10,%rsp; leave; ret */
    static const uint8_t code[] = {0x55, 0x48, 0x89, 0xe5, 0x48, 0x83, 0xec, 0x10, 0xc9, 0xc3};

    for (size_t from = 0; from < 2; from++) {
        cr_assert(walk(code, sizeof(code), from));
        cr_expect(eq(u8, rule.kind, RULE_SP));
        cr_expect(eq(i32, rule.cfa, from ? 16 : 8));
    }
    cr_assert(walk(code, sizeof(code), 4));
    cr_expect(eq(u8, rule.kind, RULE_BP));
}

Test(code_walk, operands_of_all_lengths_are_stepped_over)
{
    /* movabs; mov $imm,0x100(%rsp,%rax,8); testb $1,(%rdi); vpxor; pcmpistri $0x1a; vzeroupper;
     * evex load; lock cmpxchg; pop %rcx; ret */
    cr_assert(WALK(0, 0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8,                      /**/
                   0x48, 0xc7, 0x84, 0xc4, 0, 1, 0, 0, 0xc3, 0xc3, 0xc3, 0xc3, /**/
                   0xf6, 0x07, 0x01,                                           /**/
                   0xc5, 0xf1, 0xef, 0xc9,                                     /**/
                   0x66, 0x0f, 0x3a, 0x63, 0xc1, 0x1a,                         /**/
                   0xc5, 0xf8, 0x77,                                           /**/
                   0x62, 0xf1, 0xfe, 0x48, 0x6f, 0x46, 0x01,                   /**/
                   0xf0, 0x0f, 0xb1, 0x0d, 0xc3, 0xc3, 0xc3, 0xc3,             /**/
                   0x59, 0xc3));

    cr_expect(eq(i32, rule.cfa, 16));
}

Test(code_walk, code_that_never_returns_says_nothing)
{
    cr_expect(not(WALK(0, 0xeb, 0xfe)));                   /* jmp . */
    cr_expect(not(WALK(0, 0x0f, 0x0b)));                   /* ud2 */
    cr_expect(not(WALK(0, 0x48, 0x89, 0xc4, 0xc3)));       /* mov %rax,%rsp; ret */
    cr_expect(not(WALK(0, 0x48, 0x83, 0xe4, 0xf0, 0xc3))); /* and $-16,%rsp; ret */
    cr_expect(not(WALK(0, 0x50, 0xc3)));                   /* push %rax; ret */
    cr_expect(not(WALK(0, 0x90)));                         /* its bytes end */
}

/* ---- behind a system call ---- */

static uint64_t after_zero(const void *bytes, size_t size)
{
    struct code_bytes code = {bytes, size};

    return code_after_zero_x86_64(START, read_bytes, &code);
}
#define AFTER_ZERO(...)                                                                        \
    after_zero((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

Test(code_walk, a_new_thread_takes_the_branches_that_a_result_of_0_takes)
{
    /* glibc's clone3: test %rax,%rax; jl 10; je 8; ret; 8: xor %ebp,%ebp; 10: neg %eax */
    cr_expect(eq(
        u64, AFTER_ZERO(0x48, 0x85, 0xc0, 0x7c, 0x05, 0x74, 0x01, 0xc3, 0x31, 0xed, 0xf7, 0xd8),
        START + 8));
    /* cmp $0,%rax; jne (in 32 bits) 12; 10: xor %ebp,%ebp; 12: ret */
    cr_expect(eq(u64,
                 AFTER_ZERO(0x48, 0x83, 0xf8, 0x00, 0x0f, 0x85, 0x02, 0x00, 0x00, 0x00, 0x31,
                            0xed, 0xc3),
                 START + 10));
}

Test(code_walk, a_new_thread_may_be_in_the_midst_of_those_branches)
{
    /* jl 5; je 5; ret; 5: xor %ebp,%ebp */
    cr_expect(
        eq(u64, AFTER_ZERO(0x7c, 0x05, 0x74, 0x01, 0xc3, 0x31, 0xed, 0xf7, 0xd8), START + 5));
}

Test(code_walk, conditions_are_those_of_zero)
{
    static const bool taken[] = {false, true, false, true,  true,  false, true, false,
                                 false, true, true,  false, false, true,  true, false};

    for (uint8_t i = 0; i < 16; i++)
        cr_expect(eq(u64, AFTER_ZERO(0x85, 0xc0, 0x70 | i, 0x01, 0x90, 0x90),
                     START + (taken[i] ? 5 : 4)),
                  "condition %d", i);
}

Test(code_walk, code_that_does_not_look_at_the_result_goes_nowhere)
{
    cr_expect(eq(u64, AFTER_ZERO(0x90, 0x74, 0x01, 0xc3, 0x90), 0));             /* nop */
    cr_expect(eq(u64, AFTER_ZERO(0x48, 0x85, 0xd2, 0x74, 0x01, 0xc3, 0x90), 0)); /* %rdx */
    cr_expect(eq(u64, AFTER_ZERO(0x48, 0x83, 0xf8, 0x01, 0x74, 0x01, 0x90), 0)); /* cmp $1 */
    cr_expect(eq(u64, AFTER_ZERO(0x4d, 0x85, 0xc0, 0x74, 0x01, 0xc3, 0x90), 0)); /* %r8 */
}
