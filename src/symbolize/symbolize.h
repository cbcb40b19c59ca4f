#ifndef FIQ_SYMBOLIZE_SYMBOLIZE_H
#define FIQ_SYMBOLIZE_SYMBOLIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "process/process.h"
#include "profile/profile.h"

/* Where a sample was: a place in a file, so that the same code in two processes is one. */
struct location {
    const struct dso *dso; /* NULL when the address lay in no mapping */
    uint64_t offset; /* in the file; the address itself for kernel, JIT and anonymous code */
    bool is_return;  /* a return address: look up the call, one byte before */
    /* Of a process that writes a jitdump: what lay there at that moment; or, where the dump
     * had not told it yet, a moment at which the sample was taken. */
    const struct jit_function *made;
    uint64_t moment_ns;
};

enum demangle { DEMANGLE_FULL, DEMANGLE_SHORT, DEMANGLE_NONE };

struct symbolizer_options {
    bool inlines, lines;
    enum demangle demangle;
    const char *debug_dir; /* searched before /usr/lib/debug, or NULL */
    bool debuginfod;       /* may ask debuginfod servers */
    bool other_kernel;     /* kernel addresses are another kernel's: they have no names here */
    /* The kernel was booted anew: only its text, between these, is where names are; else 0. */
    uint64_t kernel_text, kernel_text_end;
};

/*
 * Gives names to locations, after sampling.  Opens its own ELF images; belongs to the thread
 * that uses it.  Bounded: an absurd size in a file costs that file its names, not the program
 * its memory.
 */
struct symbolizer;

struct symbolizer *symbolizer_new(const struct symbolizer_options *options);
void symbolizer_free(struct symbolizer *symbolizer);

/* The frames of many locations at once, each outermost first: one, or several where functions
 * were inlined.  For location i they are frames[first[i]] to frames[first[i + 1] - 1]; `first`
 * has count + 1 elements; *frames is allocated for the caller.  Never fails: an unknown place
 * becomes "[file+0x1234]" with `unnamed` set.  Notes about files without names go to the
 * profile (profile_add_note). */
void symbolize(struct symbolizer *symbolizer, const struct location *locations, size_t count,
               struct profile *profile, frame_id **frames, size_t *first);

#endif
