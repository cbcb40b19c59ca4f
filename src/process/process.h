#ifndef FIQ_PROCESS_PROCESS_H
#define FIQ_PROCESS_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "elf/build_id.h"
#include "perf/record.h"

enum dso_kind { DSO_FILE, DSO_KERNEL, DSO_VDSO, DSO_VSYSCALL, DSO_JIT, DSO_ANONYMOUS };

/*
 * Something mapped for execution: a file, the kernel, anonymous memory.  Written once, then
 * only read, by any thread; lives as long as its table.  What is in memory only (JIT,
 * anonymous) belongs to one process: `pid` is part of its identity and offsets are addresses.
 */
struct dso {
    uint32_t id; /* from 0, in the order of appearance */
    enum dso_kind kind;
    pid_t pid;              /* who was seen to map it first; whose /proc/PID/root leads to it */
    uint64_t device, inode; /* as the kernel's record said */
    const char *path; /* as the process named it; "[vdso]", "[kernel.kallsyms]", "//anon" */
    int fd;           /* opened at the mapping record, so that it outlives process and
                         path; -1 when that was not possible */
    struct build_id build_id;
    uint64_t first_start, first_limit, first_offset; /* of the first mapping seen */
};

struct mapping {
    uint64_t start, end, file_offset; /* offset of `start` in the file */
    const struct dso *dso;
};

struct process;
struct processes;

struct processes *processes_new(void);
void processes_free(struct processes *processes); /* the dsos die with it */

/* The kernel's own dso, always id 0. */
const struct dso *processes_kernel(const struct processes *processes);
const struct dso *processes_dso(const struct processes *processes, uint32_t id);
uint32_t processes_dso_count(const struct processes *processes);

/* Reads maps, comm and threads from /proc, for what happened before the capture. */
int processes_load(struct processes *processes, pid_t pid, struct error *err);

/* Follows mapping, comm, fork and exit records; ignores the rest. */
void processes_apply(struct processes *processes, const struct record *record);

/* NULL when nothing is known of it. */
struct process *processes_find(struct processes *processes, pid_t pid);

/* The mapping that holds the address, or NULL.  Good until the next change. */
const struct mapping *process_mapping(const struct process *process, uint64_t address);
/* All, sorted by start. */
const struct mapping *process_mappings(const struct process *process, uint32_t *count);
pid_t process_pid(const struct process *process);
const char *process_comm(const struct process *process);
/* Name of a thread; that of the process when unknown. */
const char *process_thread_name(const struct process *process, pid_t tid);
/* Changes whenever an address may mean something else than before; unique over all processes:
 * two processes never have the same. */
uint32_t process_generation(const struct process *process);

#endif
