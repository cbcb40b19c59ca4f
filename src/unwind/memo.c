#include "unwind/memo.h"

#include <stdlib.h>

#include "base/xalloc.h"

/* 4 MB in all: 1700 threads of 75 frames. */
enum { FRAMES_MAX = 128 * 1024 };

void memos_free(struct memos *memos)
{
    for (size_t i = 0; i < memos->count; i++)
        free(memos->memos[i].frames);
    free(memos->memos);
    free(memos->unused);
    map_free(&memos->by_tid);
    *memos = (struct memos){0};
}

static uint32_t unused_memo(struct memos *memos)
{
    if (memos->unused_count)
        return memos->unused[--memos->unused_count];
    memos->memos = xgrow(memos->memos, &memos->room, memos->count + 1, sizeof(*memos->memos));
    memos->memos[memos->count] = (struct memo){0};
    return (uint32_t)memos->count++;
}

static void release(struct memos *memos, struct memo *memo)
{
    memos->frames -= memo->room;
    free(memo->frames);
    *memo = (struct memo){0};
}

struct memo *memos_get(struct memos *memos, pid_t tid, uint64_t generation)
{
    uint32_t i = map_get(&memos->by_tid, (uint64_t)tid);
    struct memo *memo;

    if (i == UINT32_MAX) {
        i = unused_memo(memos);
        map_set(&memos->by_tid, (uint64_t)tid, i);
    }
    memo = &memos->memos[i];
    if (memo->generation != generation)
        memo->count = memo->usable = 0;
    memo->generation = generation;
    memo->tid = tid;
    return memo;
}

void memos_forget(struct memos *memos, pid_t tid)
{
    uint32_t i = map_get(&memos->by_tid, (uint64_t)tid);

    if (i == UINT32_MAX)
        return;
    release(memos, &memos->memos[i]);
    map_remove(&memos->by_tid, (uint64_t)tid);
    memos->unused = xgrow(memos->unused, &memos->unused_room, memos->unused_count + 1,
                          sizeof(*memos->unused));
    memos->unused[memos->unused_count++] = i;
}

static bool cfa_unchanged(const struct frame *frame, uint64_t cfa, const struct stack *stack)
{
    uint64_t offset = (uint64_t)(int64_t)frame->rule.cfa;

    switch ((enum rule_kind)frame->rule.kind) {
    case RULE_SP:
    case RULE_BP:
    case RULE_PLT:
        return true; /* follows from sp, bp and address */
    case RULE_DEREF_BP:
        return stack_holds(stack, frame->bp + offset, cfa);
    case RULE_DEREF_SP:
        return stack_holds(stack, frame->sp + offset, cfa);
    case RULE_NONE:
    case RULE_END:
    case RULE_SIGNAL:
    case RULE_SLOW:
    default:
        return false;
    }
}

/* The frame holds its caller's bp; what lies below sp was popped already. */
static bool bp_is_saved(const struct frame *frame, const struct frame *caller)
{
    return frame->rule.flags & RULE_BP_SAVED &&
           (caller->sp + (uint64_t)(int64_t)frame->rule.bp >= frame->sp ||
            frame->rule.flags & RULE_OTHER_STACK);
}

static bool bp_unchanged(const struct frame *frame, const struct frame *caller,
                         const struct stack *stack)
{
    uint64_t offset = (uint64_t)(int64_t)frame->rule.bp;

    if (frame->rule.flags & RULE_BP_AT_BP)
        return stack_holds(stack, frame->bp + offset, caller->bp);
    return !bp_is_saved(frame, caller) || stack_holds(stack, caller->sp + offset, caller->bp);
}

/* The step from a frame to its caller would read the same words as before. */
static bool same_step(const struct frame *frame, const struct frame *caller,
                      const struct stack *stack, const struct arch *arch)
{
    if (frame->rule.kind == RULE_SIGNAL)
        return stack_holds(stack, frame->sp + arch->signal_offset[arch->dwarf_ra],
                           caller->address) &&
               stack_holds(stack, frame->sp + arch->signal_offset[arch->dwarf_sp],
                           caller->sp) &&
               stack_holds(stack, frame->sp + arch->signal_offset[arch->dwarf_bp], caller->bp);
    return stack_holds(stack, caller->sp - 8, caller->address + 1) &&
           cfa_unchanged(frame, caller->sp, stack) && bp_unchanged(frame, caller, stack);
}

/* Whether the caller's bp is that of the memo, if the frame's was `certain`. */
static bool bp_certain(const struct frame *frame, const struct frame *caller, bool certain)
{
    if (frame->rule.kind == RULE_SIGNAL || frame->rule.flags & RULE_BP_AT_BP ||
        bp_is_saved(frame, caller))
        return true;
    return certain && frame->bp == caller->bp;
}

size_t memo_follow(const struct memo *memo, size_t from, bool certain,
                   const struct stack *stack, const struct arch *arch)
{
    size_t i = from, last = from;

    while (i && same_step(&memo->frames[i], &memo->frames[i - 1], stack, arch)) {
        certain = bp_certain(&memo->frames[i], &memo->frames[i - 1], certain);
        i--;
        if (certain)
            last = i;
    }
    return i ? from - last : from;
}

static bool depends_on_sp_and_bp_alone(struct rule rule)
{
    return rule.kind != RULE_NONE && rule.kind != RULE_SLOW;
}

/* Nothing outside of the frame reads bp, unless it has been loaded from the stack before.
 * `caller` is NULL where the stack ends. */
static bool bp_is_dead(const struct frame *frame, const struct frame *caller)
{
    const struct rule *rule = &frame->rule;

    if (rule->kind == RULE_END)
        return true;
    if (rule->kind == RULE_BP || rule->kind == RULE_DEREF_BP || rule->flags & RULE_BP_AT_BP)
        return false;
    return rule->kind == RULE_SIGNAL || !caller || bp_is_saved(frame, caller) ||
           caller->rule.flags & RULE_BP_DEAD;
}

static void make_room(struct memos *memos, struct memo *memo, size_t needed)
{
    size_t before = memo->room;

    if (needed <= before)
        return;
    memo->frames = xgrow(memo->frames, &memo->room, needed, sizeof(*memo->frames));
    memos->frames += memo->room - before;
}

/* Many threads or deep ones: better start anew than grow without end. */
static void release_others(struct memos *memos, const struct memo *keep)
{
    for (size_t i = 0; i < memos->count; i++)
        if (&memos->memos[i] != keep)
            release(memos, &memos->memos[i]);
}

void memo_replace(struct memos *memos, struct memo *memo, size_t tail, const struct frame *head,
                  size_t head_count)
{
    make_room(memos, memo, tail + head_count);
    if (memos->frames > FRAMES_MAX)
        release_others(memos, memo);
    for (size_t i = tail; i < tail + head_count; i++) {
        struct frame *frame = &memo->frames[i];

        *frame = head[head_count - 1 - (i - tail)];
        frame->rule.flags &= (uint8_t)~RULE_BP_DEAD;
        if (bp_is_dead(frame, i ? frame - 1 : NULL))
            frame->rule.flags |= RULE_BP_DEAD;
    }
    memo->count = tail + head_count;
    if (memo->usable > tail)
        memo->usable = tail;
    while (memo->usable < memo->count &&
           depends_on_sp_and_bp_alone(memo->frames[memo->usable].rule))
        memo->usable++;
}
