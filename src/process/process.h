#ifndef FIQ_PROCESS_PROCESS_H
#define FIQ_PROCESS_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "base/root.h"
#include "elf/build_id.h"
#include "perf/record.h"
#include "process/jit_code.h"
#include "process/jit_home.h"
#include "process/kernel_code.h"

enum dso_kind { DSO_FILE, DSO_KERNEL, DSO_VDSO, DSO_VSYSCALL, DSO_JIT, DSO_ANONYMOUS };

/*
 * Something mapped for execution: a file, the kernel, anonymous memory.  Written once, then
 * only read, by any thread; lives as long as its table.  What is in memory only (JIT,
 * anonymous) belongs to one process: `pid` is part of its identity and offsets are addresses.
 * DSO_JIT is the memory of a process that writes a jitdump, whose file is behind `fd`.
 */
struct dso {
    uint32_t id; /* from 0, in the order of appearance */
    enum dso_kind kind;
    pid_t pid;              /* who was seen to map it first; whose /proc/PID/root leads to it */
    uint64_t device, inode; /* as the kernel's record said */
    const char *path; /* as the process named it; "[vdso]", "[kernel.kallsyms]", "//anon" */
    const struct root *root; /* that `path` counts from where it is not ours (a container), and
                                the process was there to be asked; else NULL */
    int fd;                  /* opened at the mapping record, so that it outlives process and
                                path; -1 when that was not possible */
    const struct jit_home *jit; /* memory only: where names of made code may be, else NULL */
    struct jit_code *code;      /* DSO_JIT only: of the reader's thread; what it gives out may
                                   be looked at by any */
    struct jit_code *map;       /* DSO_ANONYMOUS only, and not of a recording: the same by the
                                   perf map, as it grows */
    struct kernel_code *kernel_code; /* the kernel only: what came and went meanwhile */
    struct build_id build_id;
    uint64_t first_start, first_limit, first_offset; /* of the first mapping seen */
};

struct mapping {
    uint64_t start, end, file_offset; /* offset of `start` in the file */
    const struct dso *dso;
};

/*
 * The processes that are profiled, their threads' names and what they have mapped, as it was at
 * the moment up to which records have been applied.  Belongs to the reader's thread.  Records
 * about processes that nobody asked for leave no trace.
 */
struct process;
struct processes;

struct processes *processes_new(void);
void processes_free(struct processes *processes); /* the dsos die with it */

/* The kernel's own dso, always id 0. */
const struct dso *processes_kernel(const struct processes *processes);
uint32_t processes_dso_count(const struct processes *processes);

/* Reads maps, comm and threads from /proc, for what happened before the capture. */
int processes_load(struct processes *processes, pid_t pid, struct error *err);

/* The executable mappings in a text like /proc/PID/maps become those of the process, which is
 * tracked from now on. */
void processes_read_maps(struct processes *processes, pid_t pid, FILE *maps);

/* The processes `roots` and all their descendants as /proc shows them now, each once, the roots
 * first, in a new *pids.  Returns how many there are in all. */
size_t processes_families(const pid_t *roots, size_t root_count, pid_t **pids);
/* Every process of the machine; those that end meanwhile are left out. */
void processes_load_all(struct processes *processes);

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
/* Changes whenever an address may mean something else than before.  Equal numbers mean equal
 * mappings: a process and its fork share one until either maps something. */
uint32_t process_generation(const struct process *process);

/* Whether the table knows the process because somebody asked for it (processes_load), or as
 * the descendant of such a one. */
bool processes_is_tracked(const struct processes *processes, pid_t pid);
/* Tracks a process of which nothing is to be read from /proc: its exec will tell all. */
void processes_track(struct processes *processes, pid_t pid);
/* From now on forks of tracked processes are not tracked. */
void processes_ignore_children(struct processes *processes);
/* From now on every process that a record names is tracked: the whole machine. */
void processes_track_all(struct processes *processes);

/* The records come from a file: files are found by their paths and build IDs, not by /proc,
 * where the numbers mean other processes by now. */
void processes_set_recorded(struct processes *processes);

/* How many descriptors the dsos hold, and how many files were left closed for want of them. */
void processes_files(const struct processes *processes, uint32_t *open, uint32_t *refused);

#endif
