#ifndef FIQ_PROCESS_KERNEL_CODE_H
#define FIQ_PROCESS_KERNEL_CODE_H

#include <stdbool.h>
#include <stdint.h>

#include "perf/record.h"

/*
 * Code that came into the kernel while it was watched: BPF programs, trampolines and images of
 * ftrace and kprobes, as the kernel's records tell of them (PERF_RECORD_KSYMBOL).  When names
 * are given, it may be gone, and /proc/kallsyms knows nothing of it.
 *
 * Any thread; a piece stays as it is until kernel_code_free().
 */
struct kernel_code;

struct kernel_piece {
    uint64_t address, size;
    bool is_bpf; /* a BPF program; else a trampoline or the like */
    char *name;
};

struct kernel_code *kernel_code_new(void);
void kernel_code_free(struct kernel_code *code);

void kernel_code_add(struct kernel_code *code, const struct ksymbol_record *record);

/* What lay there last; NULL: nothing that the records told of. */
const struct kernel_piece *kernel_code_find(struct kernel_code *code, uint64_t address);

#endif
