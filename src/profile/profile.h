#ifndef FIQ_PROFILE_PROFILE_H
#define FIQ_PROFILE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/strings.h"
#include "profile/call_tree.h"

/*
 * What was measured, with names: the only thing that readers make and writers take.
 *
 * A profile has texts, mappings (files), frames, one call tree, and *stacks*: each distinct
 * pair of (node of the tree, label set) with one value per value type.  Process and thread are
 * labels of a stack, never frames; profile/view.h makes frames of them where a user asks.
 * Whoever fills a profile may change it; once handed on it is only read.
 *
 * Everything is known by 32-bit numbers that are never reused.  0 is: the empty text, no
 * mapping, the root node, the empty label set.  Frames count from 0 too, and all are real.
 */
struct profile;

struct profile *profile_new(void);
void profile_free(struct profile *profile);

/* ---- texts ---- */

/* Every text in a profile is clean (base/text.h): valid UTF-8 without control characters.
 * What is not is made so here, so that no writer has to think of it. */
str_id profile_intern(struct profile *profile, const char *text, size_t length);
str_id profile_intern_text(struct profile *profile, const char *text); /* up to its NUL */
/* What stands for a name that is not known: "[libx.so+0x12]", "[0x12]" without a path. */
str_id profile_intern_place(struct profile *profile, const char *path, uint64_t offset);
const char *profile_string(const struct profile *profile, str_id id);
size_t profile_string_length(const struct profile *profile, str_id id);
const struct strings *profile_strings(const struct profile *profile);

/* ---- mappings: the files that the frames lie in ---- */

typedef uint32_t mapping_id;

struct profile_mapping {
    str_id path;     /* "/usr/bin/x", "[kernel.kallsyms]", "[vdso]", "[jit]" */
    str_id build_id; /* lower-case hex, or empty */
    /* Where it was seen in memory first, and the file offset of `start`; zeros when unknown. */
    uint64_t start, limit, offset;
};

/* Interned: the same content gives the same id, from 1. */
mapping_id profile_mapping(struct profile *profile, const struct profile_mapping *mapping);
const struct profile_mapping *profile_mapping_at(const struct profile *profile, mapping_id id);
uint32_t profile_mapping_count(const struct profile *profile); /* ids 1 to count */

/* ---- frames ---- */

enum frame_kind {
    FRAME_NATIVE,
    FRAME_KERNEL,
    FRAME_INLINE, /* inlined into the next outer frame, which has the same address */
    FRAME_JIT,
    FRAME_PYTHON,
    FRAME_MARK, /* not code: "[stack cut]", "[pruned]" */
    FRAME_KINDS
};

struct frame {
    str_id function; /* never empty: "[libx.so+0x1234]" where there is no name */
    str_id file;     /* source file, or empty */
    uint32_t line;   /* of the sampled instruction or call, 0 when unknown */
    mapping_id mapping;
    /* As the program saw it when start of the mapping is known, else in the file; 0 when
     * unknown.  For a caller: the return address. */
    uint64_t address;
    enum frame_kind kind;
    bool unnamed; /* `function` is a place, not a name */
};

/* Interned. */
frame_id profile_frame(struct profile *profile, const struct frame *frame);
/* For a frame of which the caller knows that the profile has not got it, because its function
 * is a new text: quicker where there are very many. */
frame_id profile_new_frame(struct profile *profile, const struct frame *frame);
const struct frame *profile_frame_at(const struct profile *profile, frame_id id);
uint32_t profile_frame_count(const struct profile *profile);

/* ---- labels ---- */

typedef uint32_t label_id;

struct label_set {
    str_id process;   /* name of the process: the comm of its main thread */
    str_id thread;    /* name of the thread */
    str_id command;   /* path or command line of the process, or empty */
    int32_t pid, tid; /* 0 when unknown */
    bool self;        /* a process of fiq itself */
};

label_id profile_labels(struct profile *profile, const struct label_set *labels); /* interned */
const struct label_set *profile_labels_at(const struct profile *profile, label_id id);
uint32_t profile_label_count(const struct profile *profile);

/* ---- values ---- */

enum { PROFILE_VALUES_MAX = 16 };
#define NOT_MEASURED UINT64_MAX /* as a value; is not 0 */

struct value_type {
    str_id name, unit; /* "samples" "count"; "cpu" "nanoseconds" */
};

/* Adds a type of value and returns its index, from 0; an equal one is found again.  Stacks
 * that are there already did not measure it; better add all types before the first, as each
 * later one moves all values.  -1 when there are PROFILE_VALUES_MAX already. */
int profile_value_type(struct profile *profile, const char *name, const char *unit);
const struct value_type *profile_value_types(const struct profile *profile, size_t *count);

/* Gives a type of value, which there is, another name. */
void profile_name_value(struct profile *profile, size_t value, const char *name);

/* Which value is shown when nobody asks: index, 0 unless set. */
void profile_set_default_value(struct profile *profile, size_t value);
size_t profile_default_value(const struct profile *profile);

/* ---- stacks ---- */

typedef uint32_t stack_id;

struct stack {
    node_id node;
    label_id labels;
};

/* The node for `frame` called from the stack `parent`; start at 0.  Reading a format whose
 * stacks share outer frames, keep the nodes of the previous stack. */
node_id profile_child(struct profile *profile, node_id parent, frame_id frame);

/* The same, but 0 when there is none. */
node_id profile_find_child(const struct profile *profile, node_id parent, frame_id frame);

/* Ask for the memory of a node, and for that which profile_add_at() and profile_find_child()
 * will look at: to be called for many of them before the first is looked for. */
void profile_prefetch(const struct profile *profile, node_id node);
void profile_prefetch_stack(const struct profile *profile, node_id node);
void profile_prefetch_child(const struct profile *profile, node_id parent, frame_id frame);

/* Adds values[0..types) to the stack that ends in `node`.  Sums saturate below NOT_MEASURED. */
stack_id profile_add_at(struct profile *profile, node_id node, label_id labels,
                        const uint64_t *values);

/* The same for frames, outermost first. */
stack_id profile_add(struct profile *profile, const frame_id *frames, size_t depth,
                     label_id labels, const uint64_t *values);

/* When all has been added: gives back the memory that only adding needs, of a large profile
 * some hundredths.  Who adds nevertheless makes it anew; until then profile_find_child() and
 * profile_prefetch_child() are not allowed. */
void profile_settle(struct profile *profile);

/* How many nodes there are; the next new one has this number. */
node_id profile_node_count(const struct profile *profile);

/* Nodes, parents before children.  Their `self` is not used: the values are the stacks'. */
const struct call_node *profile_nodes(const struct profile *profile, size_t *count);
const struct stack *profile_stacks(const struct profile *profile, size_t *count);
const uint64_t *profile_values(const struct profile *profile, stack_id stack);

/* Frames of a node, outermost first, into *frames, which grows with xgrow; returns the depth.
 */
size_t profile_path(const struct profile *profile, node_id node, frame_id **frames,
                    size_t *room);

/* Sum of one value over all stacks; what was not measured counts nothing. */
uint64_t profile_total(const struct profile *profile, size_t value);

/* ---- moments: when the samples fell; optional ---- */

struct moment {
    uint64_t time_ns; /* CLOCK_MONOTONIC, or since the start when the format says no more */
    stack_id stack;
};

void profile_add_moment(struct profile *profile, uint64_t time_ns, stack_id stack);
const struct moment *profile_moments(const struct profile *profile, size_t *count);

/* ---- facts ---- */

/* How true the picture is.  Counts of samples unless said otherwise. */
struct quality {
    bool measured;        /* false: the source did not say; then all others are 0 */
    uint64_t complete;    /* stacks that reach their root */
    uint64_t cut;         /* the copied piece of the stack was too short */
    uint64_t broken;      /* no rule to go on */
    uint64_t kernel_only; /* nothing of user space expected: kernel threads, idle */
    uint64_t unnamed;     /* innermost frame without a name */
    uint64_t lost;        /* dropped by the kernel because fiq read too slowly */
    uint64_t throttled;   /* times that the kernel paused the event */
    uint64_t foreign;     /* samples of other processes, dropped unread */
    uint64_t pruned;      /* samples whose innermost frames were folded away to save memory */
    uint64_t unexplained; /* records that could not be decoded */
    uint64_t owed;        /* by the CPU time of the target, at least; 0: not known */
    uint64_t made;        /* of the unnamed: in code that was made at run time */
    uint64_t turns;       /* that the target had on a CPU in that time; 0: not known */
    bool user_only;       /* the kernel's frames were not allowed, or not wanted */
    bool inherited;       /* per-thread events: what lives shorter than a period is missed */
    bool largest_copy;    /* no more of a stack can be copied than was in the end */
};

struct profile_info {
    str_id event;         /* "cpu-clock" */
    str_id command;       /* command line or target of the measurement */
    str_id host;          /* node name, kernel release and processor, for people */
    str_id creator;       /* "fiq 0.1.0" */
    uint64_t started_ns;  /* since the epoch, 0 when unknown */
    uint64_t duration_ns; /* 0 when unknown */
    uint64_t period;      /* of the event: nanoseconds for clocks; 0 when unknown */
    double frequency_hz;  /* asked for; 0 when unknown */
    double effective_hz;  /* a clock's per second of CPU time, others' of wall; 0: unknown */
    struct quality quality;
};

/* To be filled and read in place. */
struct profile_info *profile_info(struct profile *profile);
const struct profile_info *profile_facts(const struct profile *profile);

/* Sentences for the user that belong to the measurement: what could not be seen, and the
 * command that would help.  In order, without repetition. */
void profile_add_note(struct profile *profile, const char *text);
/* The same from a format; cut after a kilobyte. */
PRINTF_LIKE(2, 3)
void profile_note(struct profile *profile, const char *format, ...);
const str_id *profile_notes(const struct profile *profile, size_t *count);

/* ---- whole profiles ---- */

/* Adds all of `from`: value types are matched by name and unit (what one side lacks is not
 * measured there), facts are summed where they are counts and kept where they are equal. */
void profile_merge(struct profile *into, const struct profile *from);

/* Self and total per function name, largest self first; recursion counts once in total. */
struct top_entry {
    str_id function;
    uint64_t self, total;
};

/* All functions; the caller frees *entries. */
size_t profile_top(const struct profile *profile, size_t value, struct top_entry **entries);

/* The quality in one line for people: "98.7 % complete, 1.2 % cut (--stack-size 64K), …";
 * "" when it was not measured.  Truncated to `size`. */
void profile_quality_line(const struct profile *profile, char *line, size_t size);

#endif
