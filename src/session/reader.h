#ifndef FIQ_SESSION_READER_H
#define FIQ_SESSION_READER_H

#include "capture/capture.h"
#include "process/process.h"
#include "session/gather.h"
#include "unwind/unwind.h"

/*
 * From records to gathered stacks: follows processes, unwinds samples, keeps what belongs to
 * the target.  The same for live rings and for a recorded file.  One thread at a time; several
 * may exist.
 */
struct reader;

struct reader_options {
    size_t max_nodes;
    bool timestamps;
    bool everything;      /* the whole machine: no sample is foreign */
    bool no_children;     /* forks are not followed */
    bool recorded;        /* from a file: /proc says nothing of these processes */
    pid_t self;           /* label samples of this process as fiq's own; 0: none */
    pid_t awaited;        /* ignore this process until it execs: it is our own stub; 0: none */
    uint64_t period;      /* weight of a sample that does not bring its own */
    uint32_t stack_bytes; /* asked for */
};

struct reader *reader_new(const struct reader_options *options);
void reader_free(struct reader *reader);

struct processes *reader_processes(struct reader *reader);
const struct unwinder *reader_unwinder(const struct reader *reader);

/* For capture_drain(). */
void reader_take_record(const struct record *record, void *reader);
/* For what perfdata_read() hands on: from now on samples are of this event, weigh `period`
 * unless they say, and had `stack_bytes` of stack asked for. */
void reader_set_event(struct reader *reader, uint32_t event, uint64_t period,
                      uint32_t stack_bytes);

/* Whether a tracked process has forked since the last call. */
bool reader_saw_fork(struct reader *reader);

/* When a sample had the name that a perf map told (CLOCK_MONOTONIC; 0: never).  Its lines have
 * no time but that of the reading, so that it has to be soon. */
uint64_t reader_map_used_ns(const struct reader *reader);

/* A stack of which more ought to be copied the next time: the word at `missing` was not. */
struct cut_stack {
    pid_t pid, tid;
    uint64_t sp, missing;
};

/* The last stacks that were cut since the previous call, at most CUT_STACKS; returns how
 * many. */
enum { CUT_STACKS = 16 };
size_t reader_cut_stacks(struct reader *reader, struct cut_stack stacks[CUT_STACKS]);

/* How many samples were of 32-bit programs, whose stacks are not unwound. */
uint64_t reader_samples_of_32_bits(const struct reader *reader);

void reader_set_stack_bytes(struct reader *reader, uint32_t stack_bytes);

/* What has been gathered, for a look; and its replacement by an empty one: the old one is
 * returned and belongs to the caller. */
struct gather *reader_gathered(struct reader *reader);
struct gather *reader_hand_over(struct reader *reader);

#endif
