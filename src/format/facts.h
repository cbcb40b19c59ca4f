#ifndef FIQ_FORMAT_FACTS_H
#define FIQ_FORMAT_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profile/profile.h"

/* "native", "kernel", …; FRAME_KINDS when the name is none of them. */
const char *frame_kind_name(enum frame_kind kind);
enum frame_kind frame_kind_named(const char *name, size_t length);

/* What the path of a mapping says about the code in it: kernel, JIT, Python or native. */
enum frame_kind frame_kind_of_path(const char *path);

/* Whether a function's text is a place and not a name: "[libx.so+0x12]", "[unknown]". */
bool is_place(const char *text, size_t length);

/* The stack for samples without any frame, so that they show: "[no frames]". */
node_id no_frames(struct profile *profile);

/* Deeper stacks are cut: what shows them, pprof among others, takes time by their square. */
enum { STACK_DEPTH_MAX = 1 << 16 };
void note_cut_stacks(struct profile *profile, const char *name, uint64_t count);

/* The nanoseconds of one sample, when the event is a clock; else 0. */
uint64_t clock_period(const struct profile *profile);

/* The index of the value type with that name, or -1. */
int value_named(const struct profile *profile, const char *name);

#endif
