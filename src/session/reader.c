#include "session/reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/xalloc.h"
#include "perf/registers.h"

enum {
    LOCATIONS_CACHED = 1 << 14, /* a power of two */
    THREADS_REMEMBERED = 4096,
    KERNEL_DEPTH = 128 /* sysctl perf_event_max_stack is 127 */
};

/* Where an address lay the last time. */
struct cached_location {
    uint64_t address;
    uint32_t generation; /* of the process' maps; 0: empty */
    uint32_t location;   /* << 1 | is_return */
};

/* The nodes of a thread's previous stack, outermost first: what the unwinder recognizes of it
 * need not be looked up again. */
struct remembered {
    node_id *nodes;
    size_t count, room;
};

struct reader {
    struct reader_options options;
    struct processes *processes;
    struct unwinder *unwinder;
    struct gather *gather;
    struct cached_location *cache;
    struct map thread_index; /* tid -> remembered */
    struct remembered *threads;
    size_t thread_count, thread_room;
    uint64_t *chain;
    uint64_t now_ns; /* of the sample at hand; UINT64_MAX where its clock is not known */
    uint64_t map_used_ns;
    uint32_t event;
    bool forked, awaiting;
    struct cut_stack cut[CUT_STACKS];
    size_t cut_count;
    uint64_t of_32_bits;
};

struct reader *reader_new(const struct reader_options *options)
{
    struct reader *reader = xcalloc(1, sizeof(*reader));

    reader->options = *options;
    reader->awaiting = options->awaited != 0;
    reader->processes = processes_new();
    reader->unwinder = unwinder_new();
    reader->gather = gather_new(options->max_nodes);
    reader->cache = xcalloc(LOCATIONS_CACHED, sizeof(*reader->cache));
    reader->chain = xalloc(UNWIND_DEPTH * sizeof(*reader->chain));
    if (options->everything)
        processes_track_all(reader->processes);
    if (options->no_children)
        processes_ignore_children(reader->processes);
    if (options->recorded)
        processes_set_recorded(reader->processes);
    return reader;
}

static void forget_threads(struct reader *reader)
{
    for (size_t i = 0; i < reader->thread_count; i++)
        free(reader->threads[i].nodes);
    reader->thread_count = 0;
    map_free(&reader->thread_index);
}

void reader_free(struct reader *reader)
{
    if (!reader)
        return;
    forget_threads(reader);
    free(reader->threads);
    free(reader->cache);
    free(reader->chain);
    gather_free(reader->gather);
    unwinder_free(reader->unwinder);
    processes_free(reader->processes);
    free(reader);
}

struct processes *reader_processes(struct reader *reader)
{
    return reader->processes;
}

const struct unwinder *reader_unwinder(const struct reader *reader)
{
    return reader->unwinder;
}

uint64_t reader_map_used_ns(const struct reader *reader)
{
    return reader->map_used_ns;
}

bool reader_saw_fork(struct reader *reader)
{
    bool forked = reader->forked;

    reader->forked = false;
    return forked;
}

size_t reader_cut_stacks(struct reader *reader, struct cut_stack stacks[CUT_STACKS])
{
    size_t count = reader->cut_count;

    memcpy(stacks, reader->cut, count * sizeof(*stacks));
    reader->cut_count = 0;
    return count;
}

uint64_t reader_samples_of_32_bits(const struct reader *reader)
{
    return reader->of_32_bits;
}

void reader_set_stack_bytes(struct reader *reader, uint32_t stack_bytes)
{
    reader->options.stack_bytes = stack_bytes;
}

void reader_set_event(struct reader *reader, uint32_t event, uint64_t period,
                      uint32_t stack_bytes)
{
    reader->event = event;
    reader->options.period = period;
    reader->options.stack_bytes = stack_bytes;
}

struct gather *reader_gathered(struct reader *reader)
{
    return reader->gather;
}

/* Cached numbers belong to the gathered set: the new one starts without any. */
static void forget_numbers(struct reader *reader)
{
    memset(reader->cache, 0, LOCATIONS_CACHED * sizeof(*reader->cache));
    forget_threads(reader);
}

struct gather *reader_hand_over(struct reader *reader)
{
    struct gather *gathered = reader->gather;

    reader->gather = gather_new(reader->options.max_nodes);
    forget_numbers(reader);
    return gathered;
}

/* ---- a sample ---- */

static struct remembered *thread_of(struct reader *reader, pid_t tid)
{
    uint32_t *index = map_at(&reader->thread_index, (uint64_t)tid);

    if (*index == UINT32_MAX) {
        if (reader->thread_count >= THREADS_REMEMBERED) {
            forget_threads(reader);
            index = map_at(&reader->thread_index, (uint64_t)tid);
        }
        reader->threads = xgrow(reader->threads, &reader->thread_room, reader->thread_count + 1,
                                sizeof(*reader->threads));
        reader->threads[reader->thread_count] = (struct remembered){0};
        *index = (uint32_t)reader->thread_count++;
    }
    return &reader->threads[*index];
}

/* At addresses of made code another function may lie the next time: nothing is cached. */
static uint32_t made_location(struct reader *reader, const struct dso *dso, uint64_t address,
                              bool is_return)
{
    const struct jit_function *made =
        jit_code_find(dso->code, address - is_return, reader->now_ns);
    struct location location = {.dso = dso, .offset = address, .is_return = is_return};

    if (made && jit_code_is_settled(dso->code, reader->now_ns))
        location.made = made;
    else
        location.moment_ns = reader->now_ns;
    return gather_location(reader->gather, &location);
}

/* What the perf map does not know by now, it may at the end. */
static uint32_t mapped_location(struct reader *reader, const struct dso *dso, uint64_t address,
                                bool is_return)
{
    struct location location = {
        .dso = dso,
        .offset = address,
        .is_return = is_return,
        .made = jit_code_find(dso->map, address - is_return, reader->now_ns)};

    if (location.made)
        reader->map_used_ns = reader->now_ns;
    return gather_location(reader->gather, &location);
}

static uint32_t user_location(struct reader *reader, const struct process *process,
                              uint64_t address, bool is_return)
{
    uint32_t generation = process_generation(process);
    uint64_t hash = hash_u64((address << 1 | is_return) ^ (uint64_t)generation << 40);
    struct cached_location *cached = &reader->cache[hash & (LOCATIONS_CACHED - 1)];
    const struct mapping *mapping;
    const struct dso *dso = NULL;
    uint64_t offset = address;

    if (cached->address == address && cached->generation == generation &&
        (cached->location & 1) == is_return)
        return cached->location >> 1;
    mapping = process_mapping(process, address - is_return);
    if (mapping) {
        dso = mapping->dso;
        offset = address - mapping->start + mapping->file_offset;
        if (dso->code)
            return made_location(reader, dso, address, is_return);
        if (dso->map)
            return mapped_location(reader, dso, address, is_return);
    }
    *cached = (struct cached_location){
        .address = address,
        .generation = generation,
        .location = gather_location(reader->gather, &(struct location){.dso = dso,
                                                                       .offset = offset,
                                                                       .is_return = is_return})
                        << 1 |
                    is_return};
    return cached->location >> 1;
}

/* Nothing lies at the stack pointer of a system call, where the return address of the function
 * that makes it should be. */
static bool has_lost_its_stack(const struct sample *sample)
{
    const struct regs *regs = &sample->regs;

    return !sample->stack_size && regs->r[REGS_IP] == regs->r[REGS_BEHIND_SYSCALL];
}

/* In the middle of an exec, the registers are still those of the program before, and nothing
 * of it is there any more; as long as the old memory is being given back, what was mapped is
 * still known. */
static bool is_between_programs(const struct reader *reader, const struct process *process,
                                const struct record *record)
{
    return record->in_kernel &&
           (!process_mapping(process, reader->chain[0]) || has_lost_its_stack(&record->sample));
}

/* One for each thread, its last.  Where nothing was there to copy, as when a function's first
 * access to a new page of its stack faults, nothing is copied from farther out either. */
static void note_cut(struct reader *reader, const struct record *record)
{
    struct cut_stack cut = {.pid = record->pid,
                            .tid = record->tid,
                            .sp = record->sample.regs.r[REGS_SP],
                            .missing = unwinder_missing(reader->unwinder)};
    size_t i = 0;

    while (i < reader->cut_count && reader->cut[i].tid != cut.tid)
        i++;
    if (!cut.missing || !record->sample.stack_size || i == CUT_STACKS)
        return;
    reader->cut[i] = cut;
    reader->cut_count += i == reader->cut_count;
}

/* The user part of the stack; its innermost node. */
static node_id add_user_stack(struct reader *reader, struct process *process,
                              const struct record *record)
{
    const struct sample *sample = &record->sample;
    struct remembered *thread = thread_of(reader, record->tid);
    struct quality *quality = &reader->gather->quality;
    struct call_tree *tree = reader->gather->tree;
    enum unwind_end end;
    size_t same = 0, depth, kept = 0;
    node_id node = 0;

    depth = unwind(reader->unwinder, process, record->tid, sample, reader->options.stack_bytes,
                   reader->chain, UNWIND_DEPTH, &same, &end);
    if (depth == 1 && end != UNWIND_ROOT && is_between_programs(reader, process, record)) {
        quality->kernel_only++;
        return 0;
    }
    switch (end) {
    case UNWIND_ROOT:
        quality->complete++;
        break;
    case UNWIND_STACK_CUT:
    case UNWIND_FULL:
        quality->cut++;
        note_cut(reader, record);
        break;
    case UNWIND_NO_RULE:
    case UNWIND_NO_ADVANCE:
    default:
        quality->broken++;
        break;
    }
    if (end == UNWIND_ROOT && same <= thread->count && same <= depth) {
        kept = same;
        node = kept ? thread->nodes[kept - 1] : 0;
    }
    thread->nodes = xgrow(thread->nodes, &thread->room, depth + 1, sizeof(*thread->nodes));
    thread->count = kept;
    /* What is cut is never passed off as complete: its inner part hangs under a mark. */
    if (end != UNWIND_ROOT)
        node = call_tree_child(tree, 0,
                               end == UNWIND_STACK_CUT || end == UNWIND_FULL ? LOCATION_CUT
                                                                             : LOCATION_BROKEN);
    for (size_t i = depth - kept; i-- > 0;) {
        uint32_t location = user_location(reader, process, reader->chain[i], i > 0);

        node = call_tree_child(tree, node, location);
        thread->nodes[thread->count++] = node;
    }
    if (end != UNWIND_ROOT)
        thread->count = 0; /* these nodes do not start at the root */
    return node;
}

/* Of a 32-bit program the innermost frame alone. */
static node_id add_32_bit_frame(struct reader *reader, const struct process *process,
                                const struct record *record)
{
    node_id node = call_tree_child(reader->gather->tree, 0, LOCATION_BROKEN);

    reader->of_32_bits++;
    reader->gather->quality.broken++;
    if (record->in_kernel)
        return node;
    return call_tree_child(reader->gather->tree, node,
                           user_location(reader, process, record->sample.ip, false));
}

/* User frames that the kernel followed by frame pointers, as they were recorded. */
static node_id add_recorded_chain(struct reader *reader, const struct process *process,
                                  const struct record *record, node_id node)
{
    const struct sample *sample = &record->sample;
    bool in_user = !record->in_kernel;
    size_t first = 0, end = 0;

    /* The part behind the mark for user space; all of a chain without marks. */
    for (size_t i = 0; i < sample->callchain_count; i++) {
        uint64_t address = chain_at(sample, i);

        if (address < CHAIN_MARKS) {
            end = in_user ? i + 1 : end;
            continue;
        }
        if (address == CHAIN_USER)
            first = i + 1;
        in_user = address == CHAIN_USER;
    }
    if (end <= first && !record->in_kernel)
        return call_tree_child(reader->gather->tree, node,
                               user_location(reader, process, sample->ip, false));
    for (size_t i = end; i-- > first;)
        node = call_tree_child(reader->gather->tree, node,
                               user_location(reader, process, chain_at(sample, i), i > first));
    return node;
}

/* The kernel's frames lie inside of the user's; the chain is innermost first. */
static node_id add_kernel_stack(struct reader *reader, const struct sample *sample,
                                node_id node)
{
    const struct dso *kernel = processes_kernel(reader->processes);
    uint64_t addresses[KERNEL_DEPTH];
    size_t count = 0;
    bool in_kernel = false;

    for (size_t i = 0; i < sample->callchain_count && count < KERNEL_DEPTH; i++) {
        uint64_t address = chain_at(sample, i);

        if (address >= CHAIN_MARKS)
            in_kernel = address == CHAIN_KERNEL;
        else if (in_kernel)
            addresses[count++] = address;
    }
    while (count--)
        node = call_tree_child(
            reader->gather->tree, node,
            gather_location(reader->gather, &(struct location){.dso = kernel,
                                                               .offset = addresses[count],
                                                               .is_return = count > 0}));
    return node;
}

static void take_sample(struct reader *reader, const struct record *record)
{
    struct process *process = processes_find(reader->processes, record->pid);
    struct gather *gather = reader->gather;
    bool has_user = record->sample.regs.known != 0;
    uint32_t labels, stack;
    node_id node = 0;

    if (reader->awaiting && record->pid == reader->options.awaited)
        return;
    reader->now_ns = reader->options.recorded ? UINT64_MAX : record->time;
    unwinder_set_time(reader->unwinder, reader->now_ns);
    if (!process && reader->options.everything &&
        (record->pid > 0 || reader->options.recorded)) {
        processes_track(reader->processes, record->pid);
        process = processes_find(reader->processes, record->pid);
    }
    if (!process) {
        gather->quality.foreign++;
        return;
    }
    if (has_user)
        node = add_user_stack(reader, process, record);
    else if (record->sample.regs.of_32_bits)
        node = add_32_bit_frame(reader, process, record);
    else if (reader->options.recorded)
        node = add_recorded_chain(reader, process, record, node);
    else
        gather->quality.kernel_only++;
    node = add_kernel_stack(reader, &record->sample, node);
    if (!node && reader->options.recorded && record->in_kernel)
        node = call_tree_child(
            gather->tree, 0,
            gather_location(gather,
                            &(struct location){.dso = processes_kernel(reader->processes),
                                               .offset = record->sample.ip}));
    if (!node) /* the kernel gave no chain: at least where it was */
        node = call_tree_child(
            gather->tree, 0,
            gather_location(gather, &(struct location){.offset = record->sample.ip}));
    labels = gather_labels(gather,
                           &(struct gather_labels){.pid = record->pid,
                                                   .tid = record->tid,
                                                   .event = reader->event,
                                                   .self = record->pid == reader->options.self},
                           process_comm(process), process_thread_name(process, record->tid));
    stack = gather_add(gather, node, labels,
                       record->sample.period ? record->sample.period : reader->options.period);
    if (!gather->first_ns)
        gather->first_ns = record->time;
    gather->last_ns = record->time;
    if (reader->options.timestamps)
        gather_moment(gather, record->time, stack);
    if (gather_prune(gather))
        forget_threads(reader);
}

void reader_take_record(const struct record *record, void *data)
{
    struct reader *reader = data;

    switch (record->kind) {
    case RECORD_SAMPLE:
        take_sample(reader, record);
        return;
    case RECORD_FORK:
        if (record->pid != record->fork.parent && !reader->options.no_children &&
            processes_is_tracked(reader->processes, record->fork.parent))
            reader->forked = true;
        break;
    case RECORD_COMM:
        if (record->exec && record->pid == reader->options.awaited)
            reader->awaiting = false;
        break;
    case RECORD_EXIT:
        unwinder_forget_thread(reader->unwinder, record->tid);
        break;
    case RECORD_MAPPING:
    case RECORD_LOST:
    case RECORD_THROTTLE:
    case RECORD_UNTHROTTLE:
    case RECORD_KSYMBOL:
    case RECORD_SWITCH:
    case RECORD_OTHER:
    default:
        break;
    }
    processes_apply(reader->processes, record);
}
