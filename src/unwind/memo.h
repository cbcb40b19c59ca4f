#ifndef FIQ_UNWIND_MEMO_H
#define FIQ_UNWIND_MEMO_H

#include <stddef.h>
#include <sys/types.h>

#include "base/map.h"
#include "unwind/arch.h"
#include "unwind/stack.h"

/* A frame as the walk met it. */
struct frame {
    uint64_t address; /* that was looked up: a return address less one */
    uint64_t sp, bp;
    struct rule rule; /* that led on from here; RULE_NONE: a guess, RULE_SLOW: more than
                         sp and bp went into it */
};

/*
 * The previous stack of each thread, to recognize its outer part in the next.
 *
 * Where (address, sp, bp) of a frame are those of a remembered one, everything outside is the
 * same if the words that the walk read there are the same.  They are compared, nothing is
 * looked up.
 */
struct memo {
    uint64_t generation;  /* of the mappings it was made under */
    struct frame *frames; /* outermost first, so that the tail stays where it is */
    size_t count, room;
    size_t usable; /* frames[0..usable) depend on sp, bp and the compared words alone */
    pid_t tid;
};

struct memos {
    struct map by_tid;
    struct memo *memos;
    size_t count, room;
    size_t frames; /* allocated in all */
    uint32_t *unused;
    size_t unused_count, unused_room;
};

void memos_free(struct memos *memos);

/* The thread's memo, empty when it is new or from other mappings. */
struct memo *memos_get(struct memos *memos, pid_t tid, uint64_t generation);
void memos_forget(struct memos *memos, pid_t tid);

/* How many of frames[0..from) the walk from frames[from] still passes through with the same sp
 * and bp, as the words on the stack are the same.  `from` when it goes to the outermost.
 * `certain`: its bp is that of frames[from], not just of no importance there. */
size_t memo_follow(const struct memo *memo, size_t from, bool certain,
                   const struct stack *stack, const struct arch *arch);

/* Keeps frames[0..tail) and puts `head`, innermost first, inside of them. */
void memo_replace(struct memos *memos, struct memo *memo, size_t tail, const struct frame *head,
                  size_t head_count);

#endif
