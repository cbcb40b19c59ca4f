/*
 * unwind_oracle [-n SAMPLES] [-f HZ] [-b PERCENT] [-v COUNT] [-o FILE] -- COMMAND...
 *
 * Samples the command's first thread and unwinds each stack twice: with src/unwind and with
 * libdw, from the same registers and the same copy of the stack.  Prints how many are equal;
 * fails when they are fewer than PERCENT.  Prints the first COUNT that differ.  Writes 200 of
 * those that are equal to FILE, for unwind_test.
 */
#include <elfutils/libdwfl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/map.h"
#include "capture/ring.h"
#include "perf/event.h"
#include "perf/record.h"
#include "perf/registers.h"
#include "process/process.h"
#include "stored.h"
#include "unwind/unwind.h"

enum { STACK_BYTES = 32768, RING_BYTES = 8 << 20, STORED = 200, SP = 7 };

static struct options {
    uint64_t samples, hz, show;
    double bar;
    FILE *store;
} options = {.samples = 20000, .hz = 4999, .bar = 99.9};

static struct {
    uint64_t samples, equal, ends[UNWIND_FULL + 1], frames, same, stored, wrong_same;
    uint64_t ours_ns, libdw_ns;
} counts;

static Dwfl *dwfl;
static const struct record *now; /* being unwound */
static uint64_t ours[UNWIND_DEPTH], theirs[UNWIND_DEPTH], before[UNWIND_DEPTH];
static size_t theirs_depth, before_depth;
static bool mappings_changed;
static struct map seen; /* hashes of stored stacks */

/* ---- libdw's side ---- */

static pid_t next_thread(Dwfl *unused, void *data, void **thread)
{
    (void)unused, (void)data;
    if (*thread)
        return 0;
    *thread = dwfl;
    return now->tid;
}

static bool get_thread(Dwfl *unused, pid_t tid, void *data, void **thread)
{
    (void)unused, (void)data, (void)tid;
    *thread = dwfl;
    return true;
}

static bool read_memory(Dwfl *unused, Dwarf_Addr address, Dwarf_Word *word, void *data)
{
    const struct sample *sample = &now->sample;
    uint64_t offset = address - sample->regs.r[SP];

    (void)unused, (void)data;
    if (offset >= sample->stack_size || sample->stack_size - offset < sizeof(*word))
        return false;
    memcpy(word, sample->stack + offset, sizeof(*word));
    return true;
}

static bool set_registers(Dwfl_Thread *thread, void *data)
{
    static const int perf_of_dwarf[] = {0,  3,  2,  1,  4,  5,  6,  7, 16,
                                        17, 18, 19, 20, 21, 22, 23, 8};
    Dwarf_Word registers[17];

    (void)data;
    for (int i = 0; i < 17; i++)
        registers[i] = now->sample.regs.r[perf_of_dwarf[i]];
    return dwfl_thread_state_registers(thread, 0, 17, registers);
}

static int take_frame(Dwfl_Frame *frame, void *data)
{
    Dwarf_Addr pc;
    bool interrupted;

    (void)data;
    if (!dwfl_frame_pc(frame, &pc, &interrupted) || theirs_depth == UNWIND_DEPTH)
        return DWARF_CB_ABORT;
    if (!pc && theirs_depth)
        return DWARF_CB_ABORT;
    theirs[theirs_depth] = pc + (theirs_depth && interrupted);
    theirs_depth++;
    return DWARF_CB_OK;
}

static void report_modules(pid_t pid)
{
    if (!mappings_changed)
        return;
    mappings_changed = false;
    dwfl_report_begin(dwfl);
    dwfl_linux_proc_report(dwfl, pid);
    dwfl_report_end(dwfl, NULL, NULL);
}

static bool attach_libdw(pid_t pid)
{
    static char *no_path;
    static const Dwfl_Callbacks callbacks = {.find_elf = dwfl_linux_proc_find_elf,
                                             .find_debuginfo = dwfl_standard_find_debuginfo,
                                             .debuginfo_path = &no_path};
    static const Dwfl_Thread_Callbacks threads = {.next_thread = next_thread,
                                                  .get_thread = get_thread,
                                                  .memory_read = read_memory,
                                                  .set_initial_registers = set_registers};
    static bool attached;

    if (attached)
        return true;
    if (!dwfl)
        dwfl = dwfl_begin(&callbacks);
    report_modules(pid);
    attached = dwfl_attach_state(dwfl, NULL, pid, &threads, NULL);
    return attached;
}

/* ---- both ---- */

/* Up to the outermost return address: what lies beyond, arguments and environment, is nobody's
 * business. */
static size_t needed(const struct sample *sample, size_t depth)
{
    size_t at = 0;

    for (size_t i = 1; i < depth; i++) {
        uint64_t word = 0;

        while (word != ours[i] && word + 1 != ours[i] && at + 8 <= sample->stack_size) {
            memcpy(&word, sample->stack + at, sizeof(word));
            at += 8;
        }
    }
    return at;
}

static void store(const struct sample *sample, size_t depth)
{
    struct stored_sample head = {.stack_size = (uint32_t)needed(sample, depth),
                                 .depth = (uint32_t)depth};
    uint64_t hash = hash_bytes(ours, depth * sizeof(*ours)) ^ sample->regs.r[SP];
    uint32_t *place = map_at(&seen, hash);

    /* The same once is enough. */
    if (*place != UINT32_MAX)
        return;
    *place = 0;
    memcpy(head.registers, sample->regs.r, sizeof(head.registers));
    fwrite(&head, sizeof(head), 1, options.store);
    fwrite(sample->stack, 1, head.stack_size, options.store);
    fwrite(ours, sizeof(*ours), depth, options.store);
    counts.stored++;
}

static void show(size_t depth, enum unwind_end end)
{
    printf("end %d, ip %#" PRIx64 ", %zu bytes of stack\n", end, now->sample.regs.r[8],
           now->sample.stack_size);
    for (size_t i = 0; i < depth || i < theirs_depth; i++) {
        uint64_t address = i < depth ? ours[i] : theirs[i];
        Dwfl_Module *module = dwfl_addrmodule(dwfl, address);
        const char *name = module ? dwfl_module_addrname(module, address - (i > 0)) : NULL;

        printf("%4zu %16" PRIx64 " %16" PRIx64 " %s\n", i, i < depth ? ours[i] : 0,
               i < theirs_depth ? theirs[i] : 0, name ? name : "?");
    }
}

/* *same is a promise about the call before. */
static bool same_holds(size_t depth, size_t same)
{
    return same <= depth && same <= before_depth &&
           !memcmp(ours + depth - same, before + before_depth - same, same * sizeof(*ours));
}

static void unwind_both(struct unwinder *unwinder, const struct process *process)
{
    uint64_t start = clock_ns(CLOCK_THREAD_CPUTIME_ID), middle;
    enum unwind_end end;
    size_t same, depth;

    depth = unwind(unwinder, process, now->tid, &now->sample, STACK_BYTES, ours, UNWIND_DEPTH,
                   &same, &end);
    middle = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    theirs_depth = 0;
    dwfl_getthread_frames(dwfl, now->tid, take_frame, NULL);
    counts.ours_ns += middle - start;
    counts.libdw_ns += clock_ns(CLOCK_THREAD_CPUTIME_ID) - middle;

    bool equal = depth == theirs_depth && !memcmp(ours, theirs, depth * sizeof(*ours));

    counts.samples++;
    counts.equal += equal;
    counts.ends[end]++;
    counts.frames += depth;
    counts.same += same;
    counts.wrong_same += !same_holds(depth, same);
    memcpy(before, ours, depth * sizeof(*ours));
    before_depth = depth;
    if (!equal && options.show) {
        options.show--;
        show(depth, end);
    }
    if (equal && options.store && end == UNWIND_ROOT && counts.stored < STORED)
        store(&now->sample, depth);
}

/* ---- sampling ---- */

static pid_t start_command(char **command, int *go)
{
    int pipes[2];
    pid_t pid;
    char byte;

    if (pipe(pipes))
        return -1;
    pid = fork();
    if (pid) {
        close(pipes[0]);
        *go = pipes[1];
        return pid;
    }
    close(pipes[1]);
    if (read(pipes[0], &byte, 1) == 1 && freopen("/dev/null", "w", stdout))
        execvp(*command, command);
    _exit(127);
}

static int open_event(pid_t pid, struct record_layout *layout)
{
    struct perf_event_attr attr = {.size = sizeof(attr),
                                   .type = PERF_TYPE_SOFTWARE,
                                   .config = PERF_COUNT_SW_CPU_CLOCK,
                                   .sample_period = 1000000000 / options.hz,
                                   .sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID |
                                                  PERF_SAMPLE_TIME | PERF_SAMPLE_REGS_USER |
                                                  PERF_SAMPLE_STACK_USER,
                                   .sample_regs_user = REGS_WANTED,
                                   .sample_stack_user = STACK_BYTES,
                                   .disabled = 1,
                                   .enable_on_exec = 1,
                                   .sample_id_all = 1,
                                   .mmap = 1,
                                   .mmap2 = 1,
                                   .comm = 1,
                                   .comm_exec = 1,
                                   .task = 1};

    *layout = (struct record_layout){.sample_type = attr.sample_type,
                                     .regs_user = attr.sample_regs_user,
                                     .sample_id_all = true};
    return event_open(&attr, pid, -1, -1);
}

static void take(const struct record *record, struct processes *processes,
                 struct unwinder *unwinder)
{
    struct process *process;

    if (record->kind != RECORD_SAMPLE) {
        mappings_changed |= record->kind == RECORD_MAPPING;
        processes_apply(processes, record);
        return;
    }
    process = processes_find(processes, record->pid);
    now = record;
    if (!process || !record->sample.regs.known || !attach_libdw(record->pid))
        return;
    report_modules(record->pid);
    unwind_both(unwinder, process);
}

static void sample(pid_t pid, struct ring *ring, const struct record_layout *layout)
{
    struct processes *processes = processes_new();
    struct unwinder *unwinder = unwinder_new();
    const struct perf_event_header *header;
    struct record record;
    bool ended = false;

    processes_track(processes, pid);
    while (counts.samples < options.samples && !ended) {
        usleep(2000);
        ended = waitpid(pid, NULL, WNOHANG) == pid;
        ring_note_head(ring);
        while ((header = ring_peek(ring)) && counts.samples < options.samples) {
            if (!record_decode(layout, header, header->size, &record))
                take(&record, processes, unwinder);
            ring_consume(ring, header);
        }
    }
    if (!ended) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    unwinder_free(unwinder);
    processes_free(processes);
}

static int report(void)
{
    double samples = (double)counts.samples;
    double equal = samples > 0 ? 100.0 * (double)counts.equal / samples : 0;

    printf("%" PRIu64 " samples, %.1f frames, %.1f recognized\n", counts.samples,
           (double)counts.frames / samples, (double)counts.same / samples);
    printf("equal to libdw's %.3f %%, whole %.3f %%, cut %.3f %%, broken %.3f %%\n", equal,
           100.0 * (double)counts.ends[UNWIND_ROOT] / samples,
           100.0 * (double)counts.ends[UNWIND_STACK_CUT] / samples,
           100.0 * (double)(counts.ends[UNWIND_NO_RULE] + counts.ends[UNWIND_NO_ADVANCE]) /
               samples);
    printf("ns a frame: %.0f, libdw %.0f\n", (double)counts.ours_ns / (double)counts.frames,
           (double)counts.libdw_ns / (double)counts.frames);
    if (counts.wrong_same)
        printf("%" PRIu64 " stacks were not the same where they were said to be\n",
               counts.wrong_same);
    return equal >= options.bar && !counts.wrong_same ? 0 : 1;
}

static bool parse(int argc, char **argv)
{
    int option;

    while ((option = getopt(argc, argv, "+n:f:b:v:o:")) != -1) {
        switch (option) {
        case 'n':
            options.samples = strtoull(optarg, NULL, 10);
            break;
        case 'f':
            options.hz = strtoull(optarg, NULL, 10);
            break;
        case 'b':
            options.bar = strtod(optarg, NULL);
            break;
        case 'v':
            options.show = strtoull(optarg, NULL, 10);
            break;
        case 'o':
            options.store = fopen(optarg, "w");
            break;
        default:
            return false;
        }
    }
    return optind < argc && options.hz;
}

int main(int argc, char **argv)
{
    struct record_layout layout;
    struct ring ring = {0};
    int go = -1, fd;
    pid_t pid;

    if (!parse(argc, argv)) {
        fprintf(stderr, "usage: unwind_oracle [-n SAMPLES] [-f HZ] [-b PERCENT] [-v COUNT] "
                        "[-o FILE] -- COMMAND...\n");
        return 2;
    }
    pid = start_command(argv + optind, &go);
    fd = open_event(pid, &layout);
    if (fd < 0 || ring_map(&ring, fd, RING_BYTES)) {
        perror("unwind_oracle: cannot sample");
        kill(pid, SIGKILL);
        return 77; /* skipped */
    }
    if (options.store)
        fwrite(stored_magic, sizeof(stored_magic), 1, options.store);
    if (write(go, "", 1) == 1)
        sample(pid, &ring, &layout);
    if (options.store && fclose(options.store))
        perror("unwind_oracle: cannot store samples");
    return report();
}
