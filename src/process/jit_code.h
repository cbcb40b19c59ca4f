#ifndef FIQ_PROCESS_JIT_CODE_H
#define FIQ_PROCESS_JIT_CODE_H

#include <stdbool.h>
#include <stdint.h>

#include "process/jit_home.h"

/*
 * The functions that a run-time makes while it runs, as its jit-PID.dump tells of them
 * (tools/perf/Documentation/jitdump-specification.txt of the kernel), or its perf-PID.map:
 * which one lay at an address at a moment, since addresses are used again.  A map has no times;
 * that of a line is when the map was last seen without it.
 *
 * The file is read on as it grows, by one thread.  A function that was given out stays as and
 * where it is until jit_code_free(), for any thread.
 */
struct jit_code;

struct jit_function {
    uint64_t address, size;
    uint64_t loaded_at; /* its address before it was moved; the other records speak of that */
    uint64_t time_ns;   /* from when on it lay here, CLOCK_MONOTONIC */
    uint64_t load;      /* offset of its record, or line, in the file */
    uint64_t debug;     /* ... of its lines', 0: none */
    uint64_t unwinding; /* ... of its CFI's, 0: none */
    uint32_t number;    /* in the order of the file, from 1 */
};

/* Never fails: of a file that is no jitdump no function is known.  The descriptor stays the
 * caller's and must stay open. */
struct jit_code *jit_code_open(int fd);
/* The perf map in a process's home, which stays the caller's, as soon as it is there.  Of one
 * whose writer holds lines back no function is known: it tells the order, but not when. */
struct jit_code *jit_code_open_map(const struct jit_home *home);
void jit_code_free(struct jit_code *code);

/* The function at `address` at `time_ns`, or NULL; UINT64_MAX: the latest. */
const struct jit_function *jit_code_find(struct jit_code *code, uint64_t address,
                                         uint64_t time_ns);

/* Whether all that was made up to a moment has been told by now.  Run-times that write their
 * dump in large pieces (V8) tell long afterwards; until then an address may have been used
 * again without our knowing. */
bool jit_code_is_settled(const struct jit_code *code, uint64_t time_ns);

#endif
