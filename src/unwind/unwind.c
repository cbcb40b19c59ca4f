#include "unwind/unwind.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "unwind/memo.h"
#include "unwind/registers.h"
#include "unwind/rules.h"

enum {
    SCAN_WORDS = 128, /* searched for a return address when all else fails */
    START_WORDS = 32, /* searched for that of the start of a thread of Go's */
    PUSHED_MAX = 32,  /* bytes that it may have pushed since it began anew there */
    ROOT_WORDS = 64,  /* searched for the entry point's when rbp says "outermost" */
    BROKEN_MAX = 256, /* files whose broken stacks are counted */
    PAGE = 4096,
    RECORD_MAX = 0xf000, /* records end at 64 KiB: a copy this long may have been trimmed */
};

struct broken {
    const struct dso *dso;
    uint64_t count;
};

struct unwinder {
    const struct arch *arch;
    struct rules *rules;
    struct memos memos;
    struct frame *frames; /* of the walk that is under way, UNWIND_DEPTH */
    struct broken broken[BROKEN_MAX];
    size_t broken_count;
    bool wants_callchain;
    uint64_t missing; /* the word at which the last stack was cut */
};

/* One stack, from the innermost frame outwards. */
struct walk {
    struct unwinder *unwinder;
    const struct arch *arch;
    struct stack stack;
    uint64_t pc, sp, bp;
    bool bp_known;
    bool interrupted; /* pc is an instruction, not a return address */
    bool result_is_0; /* of a system call that the sample may lie behind */
    bool full;        /* `registers` are followed, too */
    struct registers registers;

    uint64_t *chain;
    size_t room, depth;

    struct memo *memo;
    size_t candidate; /* frames[candidate - 1] is the next that may match */
    size_t head;      /* frames found by walking, in unwinder->frames */
    size_t tail;      /* outermost frames taken from the memo */
    bool by_signal;   /* which interrupted what is on another stack */
    bool left_stack;  /* ended where the code had moved to this stack from another */
};

struct unwinder *unwinder_new(void)
{
    struct unwinder *unwinder = xcalloc(1, sizeof(*unwinder));

    unwinder->arch = &arch_x86_64;
    unwinder->rules = rules_new(unwinder->arch);
    unwinder->frames = xcalloc(UNWIND_DEPTH, sizeof(*unwinder->frames));
    return unwinder;
}

void unwinder_free(struct unwinder *unwinder)
{
    if (!unwinder)
        return;
    rules_free(unwinder->rules);
    memos_free(&unwinder->memos);
    free(unwinder->frames);
    free(unwinder);
}

static uint64_t lookup_address(const struct walk *walk)
{
    return walk->interrupted ? walk->pc : walk->pc - 1;
}

static enum unwind_end cut_at(const struct walk *walk, uint64_t address)
{
    walk->unwinder->missing = address;
    return UNWIND_STACK_CUT;
}

/* Why the word at `address` is not there.  Nothing is below the stack pointer, unless that has
 * left for another stack. */
static enum unwind_end end_at(const struct walk *walk, uint64_t address)
{
    uint64_t high = walk->stack.low + walk->stack.size;
    bool moved = walk->depth && !stack_is_near(&walk->stack, walk->sp);

    if ((address < walk->stack.low && !moved) || address >> 47 || address & 7)
        return UNWIND_NO_RULE;
    /* Code that keeps no mark of the outermost frame, at the very end of its stack. */
    if (walk->stack.whole && address - high < 16)
        return UNWIND_ROOT;
    return cut_at(walk, address);
}

static bool is_return_address(struct walk *walk, uint64_t word, bool must_know)
{
    struct rules *rules = walk->unwinder->rules;
    struct code code;

    if (!word || !rules_executable(rules, word - 1))
        return false;
    code = rules_code(rules, word);
    if (must_know && !code.before)
        code = rules_made_code(rules, word);
    return code.before ? walk->arch->follows_call(&code) : !must_know;
}

static bool plausible_frame_pointer(struct walk *walk)
{
    uint64_t word;

    if (!walk->bp_known || walk->bp < walk->sp || walk->bp & 7 ||
        !stack_load(&walk->stack, walk->bp + 8, &word) || !word)
        return false;
    if (walk->interrupted)
        return is_return_address(walk, word, false);
    return rules_executable(walk->unwinder->rules, word - 1);
}

/* A word on the stack that looks like a return address; its place becomes the rule. */
static bool scan(struct walk *walk, struct rule *rule)
{
    for (int32_t i = 0; i < SCAN_WORDS; i++) {
        uint64_t word;

        if (!stack_load(&walk->stack, walk->sp + (uint64_t)i * 8, &word))
            return false;
        if (!is_return_address(walk, word, true))
            continue;
        *rule = (struct rule){.kind = RULE_SP, .cfa = i * 8 + 8};
        walk->bp_known = false;
        return true;
    }
    return false;
}

static bool may_end(struct rule rule)
{
    return rule.kind == RULE_END || rule.flags & RULE_TOP;
}

/* The return address of an entry point is close by: start-up code that nothing describes. */
static bool entry_is_close(struct walk *walk)
{
    for (uint64_t i = 0; i < ROOT_WORDS; i++) {
        uint64_t word;

        if (!stack_load(&walk->stack, walk->sp + i * 8, &word))
            return false;
        if (word && rules_executable(walk->unwinder->rules, word - 1) &&
            may_end(rules_find(walk->unwinder->rules, word - 1)))
            return true;
    }
    return false;
}

/* The word that a rule from code takes for a return address is one. */
static bool is_confirmed(struct walk *walk, struct rule rule)
{
    uint64_t base = rule.kind == RULE_BP ? walk->bp : walk->sp, word;

    return (rule.kind == RULE_SP || (rule.kind == RULE_BP && walk->bp_known)) &&
           stack_load(&walk->stack, base + (uint64_t)(int64_t)rule.cfa - 8, &word) &&
           is_return_address(walk, word, true);
}

/* Frame pointer zero marks the outermost frame, says the ABI; but in code compiled without
 * frame pointers it may be any number.  The stack's end, or an entry point, confirms it. */
static bool outermost_by_frame_pointer(struct walk *walk)
{
    uint64_t word;

    if (!walk->bp_known || walk->bp)
        return false;
    return entry_is_close(walk) ||
           (walk->stack.whole &&
            !stack_load(&walk->stack, walk->sp + (ROOT_WORDS - 1) * 8, &word));
}

/* What the code at hand says. */
static bool rule_from_code(struct walk *walk, struct rule *rule)
{
    struct code code = rules_code(walk->unwinder->rules, walk->pc);

    /* Trampolines of a run-time (python -X perf) keep no frame pointer, but are short enough
     * to be seen to their end. */
    if (!code.after)
        code = rules_made_code(walk->unwinder->rules, walk->pc);
    if (((walk->interrupted && walk->arch->prologue_rule(&code, rule)) ||
         walk->arch->epilogue_rule(&code, rule)) &&
        is_confirmed(walk, *rule))
        return true;
    *rule = rules_from_code(walk->unwinder->rules, walk->pc);
    return is_confirmed(walk, *rule);
}

/* Whether the program's entry called this frame, which no CFI describes and which never returns
 * (the start of a freestanding program), so that there is no return for the walk through code
 * to find: the first word that looks like a return address leads there, and there alone. */
static bool called_by_entry(struct walk *walk, struct rule *rule)
{
    bool bp_known = walk->bp_known;
    uint64_t word;

    if (scan(walk, rule) &&
        stack_load(&walk->stack, walk->sp + (uint64_t)(int64_t)rule->cfa - 8, &word) &&
        may_end(rules_find(walk->unwinder->rules, word - 1)))
        return true;
    walk->bp_known = bp_known;
    return false;
}

/* A rule for a frame that no CFI describes.  `reusable`: it follows from sp, bp and the words
 * it reads. */
static bool guess(struct walk *walk, struct rule *rule, bool *reusable)
{
    static const struct rule frame_pointer = {
        .kind = RULE_BP, .flags = RULE_BP_SAVED, .bp = -16, .cfa = 16};

    *reusable = !walk->interrupted;
    if (rule_from_code(walk, rule))
        return true;
    *rule = frame_pointer;
    if (plausible_frame_pointer(walk))
        return true;
    return walk->interrupted ? scan(walk, rule) : called_by_entry(walk, rule);
}

/* A thread in its first moment, behind the system call that made it: glibc ends the CFI of
 * clone() there, as the way that returns is the maker's alone. */
static bool is_new_thread(struct walk *walk)
{
    return !walk->depth && walk->result_is_0 &&
           rules_new_thread_at(walk->unwinder->rules, walk->pc);
}

static enum unwind_end end_without_rule(const struct walk *walk)
{
    uint64_t distance = walk->bp - walk->stack.low;

    /* A frame pointer that leads on, past the copy: not a broken stack but a cut one. */
    if (walk->bp_known && !walk->stack.whole && !(walk->bp & 7) &&
        distance + 16 > walk->stack.size && distance < 8 * 1024 * 1024)
        return cut_at(walk, walk->bp + 8);
    return UNWIND_NO_RULE;
}

static bool find_cfa(const struct walk *walk, struct rule rule, uint64_t *cfa,
                     enum unwind_end *end)
{
    uint64_t offset = (uint64_t)(int64_t)rule.cfa;
    uint64_t at;

    switch ((enum rule_kind)rule.kind) {
    case RULE_SP:
        *cfa = walk->sp + offset;
        return true;
    case RULE_BP:
        *cfa = walk->bp + offset;
        *end = UNWIND_NO_RULE;
        return walk->bp_known;
    case RULE_PLT:
        *cfa = walk->sp + ((lookup_address(walk) & 15) >= offset ? 16 : 8);
        return true;
    case RULE_DEREF_BP:
    case RULE_DEREF_SP:
        at = (rule.kind == RULE_DEREF_SP ? walk->sp : walk->bp) + offset;
        *end = end_at(walk, at);
        return (rule.kind == RULE_DEREF_SP || walk->bp_known) &&
               stack_load(&walk->stack, at, cfa);
    case RULE_NONE:
    case RULE_END:
    case RULE_SIGNAL:
    case RULE_SLOW:
    default:
        *end = UNWIND_NO_RULE;
        return false;
    }
}

/* The caller's frame pointer.  False when it lies past the copy. */
static bool find_bp(struct walk *walk, struct rule rule, uint64_t cfa, uint64_t *bp)
{
    uint64_t offset = (uint64_t)(int64_t)rule.bp;

    if (rule.flags & RULE_BP_AT_BP)
        return stack_load(&walk->stack, walk->bp + offset, bp);
    /* What was popped in an epilogue lies below sp and is in its register again, whatever the
     * CFI says. */
    if (!(rule.flags & RULE_BP_SAVED) ||
        (cfa + offset < walk->sp && !(rule.flags & RULE_OTHER_STACK)))
        return true;
    walk->bp_known = true;
    return stack_load(&walk->stack, cfa + offset, bp);
}

static bool step_signal(struct walk *walk, enum unwind_end *end)
{
    uint64_t frame = walk->sp;
    const uint16_t *offset = walk->arch->signal_offset;

    *end = end_at(walk, frame + offset[walk->arch->dwarf_ra]);
    if (!stack_load(&walk->stack, frame + offset[walk->arch->dwarf_ra], &walk->pc) ||
        !stack_load(&walk->stack, frame + offset[walk->arch->dwarf_sp], &walk->sp) ||
        !stack_load(&walk->stack, frame + offset[walk->arch->dwarf_bp], &walk->bp))
        return false;
    walk->interrupted = walk->bp_known = true;
    walk->by_signal = !stack_is_near(&walk->stack, walk->sp);
    return true;
}

/* The caller's frame is on another stack, not just further in on this one. */
static bool leaves_stack(const struct walk *walk, struct rule rule, uint64_t cfa)
{
    return rule.flags & RULE_OTHER_STACK &&
           (!stack_is_near(&walk->stack, cfa) || !stack_is_near(&walk->stack, walk->sp));
}

/* What is missing is on a stack whose frame pointers the kernel followed. */
static bool kernel_knows(const struct walk *walk, struct rule rule)
{
    return rule.flags & RULE_OTHER_STACK ||
           (walk->by_signal && rules_in_go(walk->unwinder->rules, lookup_address(walk)));
}

/* The outermost function of a language need not keep its caller's frame pointer.  In Go's own
 * start of a thread, what is in it is from the thread that made this one. */
static void leave_top(struct walk *walk)
{
    walk->bp_known = rules_in_go(walk->unwinder->rules, lookup_address(walk));
    walk->bp = 0;
}

/* Moves to the caller by sp and bp alone. */
static bool step(struct walk *walk, struct rule rule, enum unwind_end *end)
{
    uint64_t cfa, pc, bp = walk->bp;

    if (rule.kind == RULE_SIGNAL)
        return step_signal(walk, end);
    if (!find_cfa(walk, rule, &cfa, end))
        return false;
    *end = UNWIND_NO_ADVANCE;
    if (cfa <= walk->sp && !leaves_stack(walk, rule, cfa))
        return false;
    if (!stack_load(&walk->stack, cfa - 8, &pc) || !find_bp(walk, rule, cfa, &bp)) {
        walk->left_stack = kernel_knows(walk, rule);
        *end = walk->left_stack ? cut_at(walk, cfa - 8) : end_at(walk, cfa - 8);
        return false;
    }
    walk->pc = pc;
    walk->sp = cfa;
    walk->bp = bp;
    walk->interrupted = false;
    if (rule.flags & RULE_TOP)
        leave_top(walk);
    return true;
}

/* Moves to the caller with all registers. */
static bool step_registers(struct walk *walk, const struct cfi_row *row,
                           const struct space *space, enum unwind_end *end)
{
    struct registers *registers = &walk->registers;
    uint64_t missing, sp = walk->sp;
    bool interrupted = walk->interrupted;

    *end = UNWIND_NO_RULE;
    if (!registers_step(registers, row, space, &walk->stack, walk->arch, &missing)) {
        if (missing)
            *end = end_at(walk, missing);
        return false;
    }
    *end = UNWIND_NO_ADVANCE;
    /* A function that has popped its return address into a register (vfork) is nowhere but at
     * its caller's stack pointer. */
    if (!row->signal && registers->reg[walk->arch->dwarf_sp] < sp + !interrupted)
        return false;
    walk->pc = registers->reg[walk->arch->dwarf_ra];
    walk->sp = registers->reg[walk->arch->dwarf_sp];
    walk->bp = registers->reg[walk->arch->dwarf_bp];
    walk->bp_known = registers->known >> walk->arch->dwarf_bp & 1;
    walk->interrupted = row->signal;
    return true;
}

/* In full mode the registers have to come along. */
static bool step_full(struct walk *walk, struct rule rule, bool guessed, enum unwind_end *end)
{
    const struct space *space;
    const struct cfi_row *row;
    uint64_t missing;

    if (rule.kind == RULE_SIGNAL) {
        *end = end_at(walk, walk->sp);
        return registers_from_signal(&walk->registers, &walk->stack, walk->arch, &missing) &&
               step(walk, rule, end);
    }
    row = guessed ? NULL : rules_row(walk->unwinder->rules, lookup_address(walk), &space);
    if (row)
        return step_registers(walk, row, space, end);
    if (!step(walk, rule, end))
        return false;
    registers_set(&walk->registers, walk->arch, walk->pc, walk->sp, walk->bp, walk->bp_known);
    return true;
}

static void add_frame(struct walk *walk, const struct frame *frame)
{
    walk->chain[walk->depth] = frame->address + (walk->depth != 0);
    walk->depth++;
    walk->unwinder->frames[walk->head++] = *frame;
}

/* The remembered frame that the walk is at. */
static bool matches(struct walk *walk, uint64_t address, size_t *at)
{
    const struct memo *memo = walk->memo;
    const struct frame *frame;
    size_t i = walk->candidate;

    while (i && memo->frames[i - 1].sp < walk->sp)
        i--;
    walk->candidate = i;
    if (!i)
        return false;
    frame = &memo->frames[i - 1];
    *at = i - 1;
    /* The innermost frame's address was no return address. */
    return frame->sp == walk->sp && frame->address == address &&
           ((frame->bp == walk->bp && walk->bp_known) || frame->rule.flags & RULE_BP_DEAD) &&
           i <= memo->usable && (i == memo->count) == (walk->depth == 0);
}

/* Goes on from a remembered frame that is not the innermost. */
static void stand_at(struct walk *walk, const struct frame *frame)
{
    walk->interrupted = frame[1].rule.kind == RULE_SIGNAL;
    walk->pc = frame->address + !walk->interrupted;
    walk->sp = frame->sp;
    walk->bp = frame->bp;
    walk->candidate = (size_t)(frame - walk->memo->frames);
}

/* Takes over remembered frames as far as the stack still holds the same words.  True when
 * that is the whole rest; else the walk stands at the last frame that is certain, with its
 * rule. */
static bool follow_memo(struct walk *walk, size_t at)
{
    const struct memo *memo = walk->memo;
    bool certain = walk->bp_known && memo->frames[at].bp == walk->bp;
    size_t followed = memo_follow(memo, at, certain, &walk->stack, walk->arch);
    const struct frame *last = &memo->frames[at];
    bool all = followed == at && walk->depth + at + 1 <= walk->room;

    if (all) {
        for (size_t i = at + 1; i-- > 0; walk->depth++)
            walk->chain[walk->depth] = memo->frames[i].address + (walk->depth != 0);
        walk->tail = at + 1;
        return true;
    }
    walk->candidate = at;
    /* With all registers, frames are walked one by one. */
    if (walk->full || !followed)
        return false;
    for (size_t i = at; i > at - followed && walk->depth + 1 < walk->room; i--) {
        add_frame(walk, &memo->frames[i]);
        last = &memo->frames[i - 1];
    }
    stand_at(walk, last);
    return false;
}

/* A call at the return address `word` may have called what `rule` is of. */
static bool calls_top(struct walk *walk, uint64_t word)
{
    struct rules *rules = walk->unwinder->rules;
    struct code code = rules_code(rules, word);
    int32_t distance;

    return !walk->arch->follows_direct_call(&code, &distance) ||
           rules_find(rules, word + (uint64_t)(int64_t)distance).flags & RULE_TOP;
}

/* What is the outermost frame to its language was called by the start of the thread, or by the
 * kernel for a signal: its return address says so. */
static bool was_entered(struct walk *walk, struct rule rule)
{
    struct rules *rules = walk->unwinder->rules;
    uint64_t word;

    if (!stack_load(&walk->stack, walk->sp + (uint64_t)(int64_t)rule.cfa - 8, &word) || !word ||
        !rules_executable(rules, word))
        return false;
    return rules_find(rules, word).kind == RULE_SIGNAL ||
           (is_return_address(walk, word, true) && calls_top(walk, word));
}

/* A goroutine has left the thread, and the code gone over to the stack of Go's scheduler, where
 * that begins: below the frame of runtime.mstart0, whose return address is looked for. */
static bool enter_go_start(struct walk *walk)
{
    struct go_start start;
    uint64_t word;

    for (uint64_t at = walk->sp; at < walk->sp + START_WORDS * sizeof(word); at += 8) {
        if (!stack_load(&walk->stack, at, &word))
            return false;
        if (!rules_go_start(walk->unwinder->rules, word, &start))
            continue;
        if (at - walk->sp < start.frame || at - walk->sp - start.frame > PUSHED_MAX)
            return false;
        walk->pc = start.in_mstart0;
        walk->sp = at - start.frame;
        walk->interrupted = false;
        if (walk->full)
            registers_set(&walk->registers, walk->arch, walk->pc, walk->sp, 0, true);
        return true;
    }
    return false;
}

static bool is_outermost(struct walk *walk, struct rule rule)
{
    if (rule.kind == RULE_END)
        return true;
    if (rule.flags & RULE_TOP)
        return !was_entered(walk, rule);
    if (rule.flags & RULE_OTHER_STACK)
        return walk->bp_known && !walk->bp;
    if (rule.kind == RULE_NONE && is_new_thread(walk))
        return true;
    return rule.kind == RULE_NONE && !walk->interrupted && outermost_by_frame_pointer(walk);
}

/* The way on from a frame by `rule`, or by what takes its place where there is none. */
static bool move_on(struct walk *walk, struct frame *frame, enum unwind_end *end)
{
    bool reusable = true, guessed = frame->rule.kind == RULE_NONE;
    bool went;

    if (guessed && !guess(walk, &frame->rule, &reusable)) {
        *end =
            !walk->interrupted && entry_is_close(walk) ? UNWIND_ROOT : end_without_rule(walk);
        return false;
    }
    went =
        walk->full ? step_full(walk, frame->rule, guessed, end) : step(walk, frame->rule, end);
    if (went && !walk->pc)
        *end = UNWIND_ROOT;
    if (!reusable)
        frame->rule.kind = RULE_NONE;
    return went && walk->pc;
}

/* A signal handler returns to the first byte of the trampoline, which nothing calls: the byte
 * before is another function's, unless CFI says that it belongs to this one. */
static bool stands_at_trampoline(struct walk *walk, struct rule rule)
{
    struct rules *rules = walk->unwinder->rules;
    const struct space *space;

    return rule.kind == RULE_SIGNAL && rules_find(rules, walk->pc).kind == RULE_SIGNAL &&
           !rules_row(rules, lookup_address(walk), &space);
}

/* One frame: adds it and moves on.  False at the end. */
static bool walk_frame(struct walk *walk, struct rule rule, enum unwind_end *end)
{
    if (!walk->interrupted)
        walk->interrupted = stands_at_trampoline(walk, rule);
    struct frame frame = {
        .address = lookup_address(walk), .sp = walk->sp, .bp = walk->bp, .rule = rule};
    bool bp_known = walk->bp_known, went = false;

    if (rule.flags & RULE_OTHER_STACK && walk->bp_known && !walk->bp && enter_go_start(walk)) {
        frame.rule.kind = RULE_NONE; /* no return address leads there */
        went = true;
    } else if (is_outermost(walk, rule)) {
        *end = UNWIND_ROOT;
    } else if (rule.kind == RULE_NONE && walk->depth &&
               !rules_executable(walk->unwinder->rules, frame.address)) {
        *end = UNWIND_NO_RULE; /* no code: the frame before was not understood */
        return false;
    } else {
        went = move_on(walk, &frame, end);
    }
    /* An end that depended on words of the stack is none to rely on the next time. */
    if (!bp_known || (!went && rule.kind != RULE_END))
        frame.rule.kind = RULE_NONE;
    add_frame(walk, &frame);
    return went;
}

/* Moves to the caller where sp, bp and the copy are all it takes, which is nearly always.
 * False without having done anything in all other cases. */
static inline bool step_fast(struct walk *walk, struct rule rule, uint64_t address)
{
    const struct stack *stack = &walk->stack;
    uint64_t cfa, pc, bp = walk->bp, slot;

    if ((rule.kind != RULE_SP && rule.kind != RULE_BP) ||
        rule.flags & ~(unsigned)RULE_BP_SAVED || !walk->bp_known || walk->full)
        return false;
    cfa = (rule.kind == RULE_SP ? walk->sp : bp) + (uint64_t)(int64_t)rule.cfa;
    if (cfa <= walk->sp || !stack_load(stack, cfa - 8, &pc) || !pc)
        return false;
    slot = cfa + (uint64_t)(int64_t)rule.bp;
    if (rule.flags & RULE_BP_SAVED && slot >= walk->sp && !stack_load(stack, slot, &bp))
        return false;
    walk->chain[walk->depth] = address + (walk->depth != 0);
    walk->depth++;
    walk->unwinder->frames[walk->head++] =
        (struct frame){.address = address, .sp = walk->sp, .bp = walk->bp, .rule = rule};
    walk->pc = pc;
    walk->sp = cfa;
    walk->bp = bp;
    walk->interrupted = false;
    return true;
}

/* Walks to the end.  False when a frame needs all registers. */
static bool walk_stack(struct walk *walk, enum unwind_end *end)
{
    size_t at;

    *end = UNWIND_FULL;
    while (walk->depth < walk->room) {
        uint64_t address = lookup_address(walk);
        struct rule rule;

        if (matches(walk, address, &at)) {
            if (follow_memo(walk, at)) {
                *end = UNWIND_ROOT;
                return true;
            }
            address = lookup_address(walk);
        }
        rule = rules_find(walk->unwinder->rules, address);
        if (step_fast(walk, rule, address))
            continue;
        if (rule.kind == RULE_SLOW && !walk->full)
            return false;
        if (!walk_frame(walk, rule, end))
            return true;
        *end = UNWIND_FULL;
    }
    return true;
}

static void start(struct walk *walk, const struct sample *sample, bool full)
{
    const struct regs *regs = &sample->regs;

    walk->pc = regs->r[walk->arch->ip];
    walk->sp = regs->r[walk->arch->sp];
    walk->bp = regs->r[walk->arch->bp];
    walk->bp_known = regs->known >> walk->arch->bp & 1;
    walk->result_is_0 = regs->known >> walk->arch->result & 1 && !regs->r[walk->arch->result];
    walk->interrupted = true;
    walk->full = full;
    walk->depth = walk->head = walk->tail = 0;
    walk->by_signal = false;
    walk->candidate = walk->memo->count;
    if (full)
        walk->registers = registers_of_sample(walk->arch, regs);
}

/* ---- the kernel's own chain, for what is on another stack ---- */

/* The first caller in the kernel's chain that is not on the stack we walked; the number of all
 * entries when there is none. */
static size_t first_elsewhere(const struct walk *walk, const struct sample *sample)
{
    size_t i = 0, found = 0, count = sample->callchain_count;

    while (i < count && chain_at(sample, i) != CHAIN_USER)
        i++;
    /* Behind the mark stands the sampled address itself.  Of the callers on our stack the
     * kernel may have missed some, but has them in the same order. */
    for (i += 2; i < count && chain_at(sample, i) < CHAIN_MARKS; i++) {
        size_t at = found;

        while (at < walk->depth && walk->chain[at] != chain_at(sample, i) &&
               walk->chain[at] != chain_at(sample, i) + 1) /* a signal's trampoline */
            at++;
        if (at == walk->depth)
            return i;
        found = at + 1;
    }
    return count;
}

static void follow_callchain(struct walk *walk, const struct sample *sample,
                             enum unwind_end *end)
{
    struct rules *rules = walk->unwinder->rules;
    size_t i = first_elsewhere(walk, sample);

    walk->unwinder->wants_callchain = true;
    for (; i < sample->callchain_count && walk->depth < walk->room; i++) {
        uint64_t address = chain_at(sample, i);

        if (address >= CHAIN_MARKS || !rules_executable(rules, address - 1))
            return;
        walk->chain[walk->depth++] = address;
        if (may_end(rules_find(rules, address - 1))) {
            *end = UNWIND_ROOT;
            return;
        }
    }
}

void unwinder_set_time(struct unwinder *unwinder, uint64_t time_ns)
{
    rules_set_time(unwinder->rules, time_ns);
}

bool unwinder_wants_callchain(const struct unwinder *unwinder)
{
    return unwinder->wants_callchain;
}

uint64_t unwinder_missing(const struct unwinder *unwinder)
{
    return unwinder->missing;
}

static void count_broken(struct unwinder *unwinder, uint64_t address)
{
    const struct dso *dso = rules_dso(unwinder->rules, address);
    size_t i = 0;

    while (i < unwinder->broken_count && unwinder->broken[i].dso != dso)
        i++;
    if (!dso || i == BROKEN_MAX)
        return;
    if (i == unwinder->broken_count)
        unwinder->broken[unwinder->broken_count++] = (struct broken){.dso = dso};
    unwinder->broken[i].count++;
}

/* Only whole stacks are worth remembering: their tail is the same wherever they begin. */
static void remember(struct walk *walk, enum unwind_end end)
{
    struct memo *memo = walk->memo;

    if (end == UNWIND_ROOT && !walk->left_stack)
        memo_replace(&walk->unwinder->memos, memo, walk->tail, walk->unwinder->frames,
                     walk->head);
    else
        memo->count = memo->usable = 0;
}

/* A stack ends at the end of a page.  Less than a full copy may also be that of an event which
 * copied less, or of a record that had no room for more. */
static bool ended_by_itself(const struct sample *sample, const struct arch *arch,
                            size_t stack_copied)
{
    return sample->stack_size < stack_copied && sample->stack_size < RECORD_MAX &&
           !((sample->regs.r[arch->sp] + sample->stack_size) % PAGE);
}

size_t unwind(struct unwinder *unwinder, const struct process *process, pid_t tid,
              const struct sample *sample, size_t stack_copied, uint64_t *chain, size_t room,
              size_t *same, enum unwind_end *end)
{
    const struct arch *arch = unwinder->arch;
    struct walk walk = {.unwinder = unwinder, .arch = arch, .chain = chain};

    rules_enter(unwinder->rules, process);
    unwinder->missing = 0;
    walk.room = room < UNWIND_DEPTH ? room : UNWIND_DEPTH;
    walk.stack = (struct stack){.bytes = sample->stack,
                                .low = sample->regs.r[arch->sp],
                                .size = sample->stack_size,
                                .far = sample->far,
                                .far_count = sample->far_count,
                                .whole = ended_by_itself(sample, arch, stack_copied)};
    walk.memo = memos_get(&unwinder->memos, tid, process_generation(process));
    start(&walk, sample, false);
    if (!walk_stack(&walk, end)) {
        start(&walk, sample, true);
        walk_stack(&walk, end);
    }
    if (walk.left_stack)
        follow_callchain(&walk, sample, end);
    if (*end != UNWIND_STACK_CUT)
        unwinder->missing = 0;
    remember(&walk, *end);
    *same = walk.tail;
    if (walk.depth && (*end == UNWIND_NO_RULE || *end == UNWIND_NO_ADVANCE))
        count_broken(unwinder, chain[walk.depth - 1] - (walk.depth > 1));
    return walk.depth;
}

void unwinder_forget_thread(struct unwinder *unwinder, pid_t tid)
{
    memos_forget(&unwinder->memos, tid);
}

static int most_first(const void *a, const void *b)
{
    const struct broken *one = a, *other = b;

    return one->count < other->count ? 1 : one->count > other->count ? -1 : 0;
}

size_t unwinder_broken(const struct unwinder *unwinder, const struct dso **dsos,
                       uint64_t *counts, size_t room)
{
    struct broken sorted[BROKEN_MAX];
    size_t count = unwinder->broken_count < room ? unwinder->broken_count : room;

    memcpy(sorted, unwinder->broken, sizeof(sorted));
    qsort(sorted, unwinder->broken_count, sizeof(*sorted), most_first);
    for (size_t i = 0; i < count; i++) {
        dsos[i] = sorted[i].dso;
        counts[i] = sorted[i].count;
    }
    return count;
}
