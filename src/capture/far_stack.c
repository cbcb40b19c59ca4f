#include "capture/far_stack.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bpf.h"
#include "base/compiler.h"
#include "base/map.h"
#include "base/xalloc.h"
#include "capture/bpf_filter.h"
#include "perf/event.h"
#include "perf/registers.h"

enum {
    CHUNK = 4096,       /* copied at a time: a page that is not there makes it fail */
    CHUNKS = 256,       /* of a sample: 1 MiB */
    CHUNKS_OTHER = 20,  /* of another stack */
    THREADS = 4096,     /* whose wishes are kept; the oldest are forgotten */
    LOOKS = 16,         /* at the mappings of processes, between two drains */
    SAMPLE_FIELDS = 28, /* header, pid, tid, time, size of what follows */
};

/* What to copy for a thread: with sp in low to high, from sp + skip on; else from low on; up to
 * high, and no more than `most`.  One is for the stack that it is on, two for others: code that
 * calls to and fro between two stacks needs now one, now the other. */
enum { WISH_NEAR, WISH_OTHER, WISH_ANOTHER, WISHES };
struct wish {
    uint64_t low, high, skip, most;
};

/* What the program hands out. */
struct chunk {
    uint64_t counted; /* by the event, at this sample */
    uint64_t from, size;
    uint8_t bytes[CHUNK];
};

struct far_stack {
    int wishes, buffers, outputs; /* maps */
    int program;
    struct far_ring {
        int event;
        struct ring ring;
    } * rings;
    size_t ring_count;
    uint64_t most;

    struct map by_thread; /* index in `wished` */
    struct wished {
        pid_t tid;
        struct wish wishes[WISHES];
        bool other; /* is the older of the two */
    } wished[THREADS];
    size_t wished_count;
    unsigned looks;

    uint8_t *bytes; /* of the sample at hand, CHUNK * CHUNKS */
    size_t used;
};

#define LOAD(to, from, at)              BPF_INSN(BPF_LDX | BPF_MEM | BPF_DW, to, from, at, 0)
#define STORE(to, at, from)             BPF_INSN(BPF_STX | BPF_MEM | BPF_DW, to, from, at, 0)
#define ADD(to, from)                   BPF_INSN(BPF_ALU64 | BPF_ADD | BPF_X, to, from, 0, 0)
#define SUBTRACT(to, from)              BPF_INSN(BPF_ALU64 | BPF_SUB | BPF_X, to, from, 0, 0)
#define JUMP(how, a, b, to)             BPF_INSN(BPF_JMP | (how) | BPF_X, a, b, to, 0)
#define JUMP_NUMBER(how, a, number, to) BPF_INSN(BPF_JMP | (how) | BPF_K, a, 0, to, number)

/* from = start of the page of (sp is in wish ? sp + wish->skip : wish->low);
 * end = min(wish->high, from + wish->most);
 * for (i = 0; from < end && i < chunks; i++, from += size)
 *     if (size = min(end - from, CHUNK) bytes can be copied to *chunk)
 *         hand it out, or stop;
 *
 * Register 6: the context, 7: i, 8: chunk, 9: from. */
enum { END_AT = -16, SIZE_AT = -24, COUNT_AT = -48, SP_AT = -56, WISH_AT = -64 };
#define COPY_WINDOW(outputs, at, chunks)                                                       \
    LOAD(BPF_REG_1, BPF_REG_10, SP_AT), LOAD(BPF_REG_7, BPF_REG_10, WISH_AT),                  \
        LOAD(BPF_REG_2, BPF_REG_7, (at) + offsetof(struct wish, low)),                         \
        LOAD(BPF_REG_3, BPF_REG_7, (at) + offsetof(struct wish, high)),                        \
        BPF_COPY(BPF_REG_9, BPF_REG_2), BPF_COPY(BPF_REG_4, BPF_REG_1),                        \
        SUBTRACT(BPF_REG_4, BPF_REG_2), BPF_COPY(BPF_REG_5, BPF_REG_3),                        \
        SUBTRACT(BPF_REG_5, BPF_REG_2), JUMP(BPF_JGE, BPF_REG_4, BPF_REG_5, 3),                \
        BPF_COPY(BPF_REG_9, BPF_REG_1),                                                        \
        LOAD(BPF_REG_4, BPF_REG_7, (at) + offsetof(struct wish, skip)),                        \
        ADD(BPF_REG_9, BPF_REG_4),                                                             \
        BPF_INSN(BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_9, 0, 0, -CHUNK),                        \
        LOAD(BPF_REG_4, BPF_REG_7, (at) + offsetof(struct wish, most)),                        \
        ADD(BPF_REG_4, BPF_REG_9), JUMP(BPF_JLE, BPF_REG_3, BPF_REG_4, 1),                     \
        BPF_COPY(BPF_REG_3, BPF_REG_4), STORE(BPF_REG_10, END_AT, BPF_REG_3),                  \
        BPF_SET(BPF_REG_7, 0), /* again: */ LOAD(BPF_REG_2, BPF_REG_10, END_AT),               \
        JUMP(BPF_JGE, BPF_REG_9, BPF_REG_2, 24), /* to "end" */                                \
        SUBTRACT(BPF_REG_2, BPF_REG_9), JUMP_NUMBER(BPF_JLE, BPF_REG_2, CHUNK, 1),             \
        BPF_SET(BPF_REG_2, CHUNK), STORE(BPF_REG_8, offsetof(struct chunk, from), BPF_REG_9),  \
        STORE(BPF_REG_8, offsetof(struct chunk, size), BPF_REG_2),                             \
        STORE(BPF_REG_10, SIZE_AT, BPF_REG_2), BPF_COPY(BPF_REG_1, BPF_REG_8),                 \
        BPF_ADD_NUMBER(BPF_REG_1, offsetof(struct chunk, bytes)),                              \
        BPF_COPY(BPF_REG_3, BPF_REG_9), BPF_CALL_HELPER(BPF_FUNC_probe_read_user),             \
        BPF_SKIP_IF_NOT_ZERO(9), /* to "next" */                                               \
        BPF_COPY(BPF_REG_1, BPF_REG_6), BPF_LOAD_MAP(BPF_REG_2, outputs),                      \
        BPF_INSN(BPF_ALU | BPF_MOV | BPF_K, BPF_REG_3, 0, 0, -1), /* BPF_F_CURRENT_CPU */      \
        BPF_COPY(BPF_REG_4, BPF_REG_8), LOAD(BPF_REG_5, BPF_REG_10, SIZE_AT),                  \
        BPF_ADD_NUMBER(BPF_REG_5, offsetof(struct chunk, bytes)),                              \
        BPF_CALL_HELPER(BPF_FUNC_perf_event_output), BPF_SKIP_IF_NOT_ZERO(4),                  \
        /* to "end": the ring is full */ /* next: */                                           \
        LOAD(BPF_REG_1, BPF_REG_10, SIZE_AT), ADD(BPF_REG_9, BPF_REG_1),                       \
        BPF_ADD_NUMBER(BPF_REG_7, 1),                                                          \
        JUMP_NUMBER(BPF_JLT, BPF_REG_7, chunks, -26) /* to "again"; end: */

/* if (processes && !filter) return 0;
 * if ((wishes = map of wishes has tid) && (chunk = buffers[cpu])) {
 *     chunk->counted = count of the event;
 *     sp = that of user space;
 *     copy the window of each wish;
 * }
 * return 1; */
static int copying_program(const struct far_stack *far, int processes)
{
    const struct bpf_insn filter[] = {BPF_FILTER(processes)};
    const struct bpf_insn begin[] = {
        BPF_CALL_HELPER(BPF_FUNC_get_current_pid_tgid),
        BPF_STORE_KEY(BPF_REG_0),
        BPF_LOOK_UP(far->wishes),
        BPF_SKIP_IF_NOT_ZERO(2),
        BPF_SET(BPF_REG_0, 1),
        BPF_RETURN,
        STORE(BPF_REG_10, WISH_AT, BPF_REG_0),
        BPF_CALL_HELPER(BPF_FUNC_get_smp_processor_id),
        BPF_STORE_KEY(BPF_REG_0),
        BPF_LOOK_UP(far->buffers),
        BPF_SKIP_IF_NOT_ZERO(2),
        BPF_SET(BPF_REG_0, 1),
        BPF_RETURN,
        BPF_COPY(BPF_REG_8, BPF_REG_0),
        BPF_COPY(BPF_REG_1, BPF_REG_6),
        BPF_COPY(BPF_REG_2, BPF_REG_10),
        BPF_ADD_NUMBER(BPF_REG_2, COUNT_AT),
        BPF_SET(BPF_REG_3, sizeof(struct bpf_perf_event_value)),
        BPF_CALL_HELPER(BPF_FUNC_perf_prog_read_value),
        LOAD(BPF_REG_1, BPF_REG_10, COUNT_AT),
        STORE(BPF_REG_8, offsetof(struct chunk, counted), BPF_REG_1),
        BPF_CALL_HELPER(BPF_FUNC_get_current_task_btf),
        BPF_COPY(BPF_REG_1, BPF_REG_0),
        BPF_CALL_HELPER(BPF_FUNC_task_pt_regs),
        LOAD(BPF_REG_1, BPF_REG_0, PT_REGS_SP_AT),
        STORE(BPF_REG_10, SP_AT, BPF_REG_1),
    };
    const struct bpf_insn copying[] = {
        COPY_WINDOW(far->outputs, WISH_NEAR * (int)sizeof(struct wish), CHUNKS),
        COPY_WINDOW(far->outputs, WISH_OTHER * (int)sizeof(struct wish), CHUNKS_OTHER),
        COPY_WINDOW(far->outputs, WISH_ANOTHER * (int)sizeof(struct wish), CHUNKS_OTHER),
        BPF_SET(BPF_REG_0, 1),
        BPF_RETURN,
    };
    struct bpf_insn program[1 + ARRAY_LENGTH(filter) + ARRAY_LENGTH(begin) +
                            ARRAY_LENGTH(copying)] = {BPF_COPY(BPF_REG_6, BPF_REG_1)};
    size_t count = 1;

    if (processes >= 0) {
        memcpy(program + count, filter, sizeof(filter));
        count += ARRAY_LENGTH(filter);
    }
    memcpy(program + count, begin, sizeof(begin));
    count += ARRAY_LENGTH(begin);
    memcpy(program + count, copying, sizeof(copying));
    count += ARRAY_LENGTH(copying);
    return bpf_program_new(BPF_PROG_TYPE_PERF_EVENT, program, count, "Dual MIT/GPL");
}

static int open_output(int cpu, uint64_t ring)
{
    struct perf_event_attr attr = {
        .size = sizeof(attr),
        .type = PERF_TYPE_SOFTWARE,
        .config = PERF_COUNT_SW_BPF_OUTPUT,
        .sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_RAW,
        .sample_period = 1,
        .use_clockid = 1,
        .clockid = CLOCK_MONOTONIC,
        .watermark = 1,
        .wakeup_watermark = (uint32_t)(ring / 4),
    };

    return event_open(&attr, -1, cpu, -1);
}

static bool open_ring(struct far_stack *far, struct far_ring *ring, int cpu, uint64_t size)
{
    uint32_t key = (uint32_t)cpu;

    ring->event = open_output(cpu, size);
    if (ring->event < 0)
        return errno == ENODEV; /* offline */
    return !ring_map(&ring->ring, ring->event, size) &&
           bpf_map_put(far->outputs, &key, &ring->event);
}

static bool open_rings(struct far_stack *far, const struct cpus *cpus, uint64_t size)
{
    for (size_t i = 0; i < cpus->count; i++)
        if (!open_ring(far, &far->rings[far->ring_count++], cpus->list[i].number, size))
            return false;
    return true;
}

struct far_stack *far_stack_new(const struct cpus *cpus, int processes,
                                const struct far_stack_limits *limits)
{
    struct far_stack *far = xcalloc(1, sizeof(*far));
    uint32_t numbers = cpus_numbers(cpus);

    far->program = -1;
    far->bytes = xalloc(CHUNK * CHUNKS);
    far->most = limits->most < CHUNK * CHUNKS ? limits->most : CHUNK * CHUNKS;
    far->rings = xcalloc(cpus->count, sizeof(*far->rings));
    far->wishes = bpf_map_new(BPF_MAP_TYPE_LRU_HASH, sizeof(uint32_t),
                              WISHES * sizeof(struct wish), THREADS, 0);
    far->buffers =
        bpf_map_new(BPF_MAP_TYPE_ARRAY, sizeof(uint32_t), sizeof(struct chunk), numbers, 0);
    far->outputs = bpf_map_new(BPF_MAP_TYPE_PERF_EVENT_ARRAY, sizeof(uint32_t),
                               sizeof(uint32_t), numbers, 0);
    if (far->wishes >= 0 && far->buffers >= 0 && far->outputs >= 0 &&
        open_rings(far, cpus, limits->ring))
        far->program = copying_program(far, processes);
    if (far->program >= 0)
        return far;
    far_stack_free(far);
    return NULL;
}

void far_stack_free(struct far_stack *far)
{
    if (!far)
        return;
    const int open[] = {far->program, far->wishes, far->buffers, far->outputs};

    for (size_t i = 0; i < ARRAY_LENGTH(open); i++)
        if (open[i] >= 0)
            close(open[i]);
    for (size_t i = 0; i < far->ring_count; i++) {
        ring_unmap(&far->rings[i].ring);
        if (far->rings[i].event >= 0)
            close(far->rings[i].event);
    }
    map_free(&far->by_thread);
    free(far->rings);
    free(far->bytes);
    free(far);
}

int far_stack_program(const struct far_stack *far)
{
    return far->program;
}

int far_stack_descriptor(const struct far_stack *far, size_t i)
{
    return far->rings[i].event;
}

/* ---- wishes ---- */

/* The mapping that holds an address. */
static bool find_mapping(pid_t pid, uint64_t address, uint64_t *low, uint64_t *high)
{
    char path[64], line[512];
    bool found = false;
    FILE *maps;

    snprintf(path, sizeof(path), "/proc/%d/maps", pid);
    maps = fopen(path, "re");
    while (maps && !found && fgets(line, sizeof(line), maps))
        found = sscanf(line, "%" SCNx64 "-%" SCNx64, low, high) == 2 && address >= *low &&
                address < *high;
    if (maps)
        fclose(maps);
    return found;
}

/* The thread's wish; a new one is empty. */
static struct wished *wished_by(struct far_stack *far, pid_t tid)
{
    uint32_t *index = map_at(&far->by_thread, (uint64_t)tid);

    if (*index != UINT32_MAX)
        return &far->wished[*index];
    if (far->wished_count == THREADS) {
        map_free(&far->by_thread);
        far->wished_count = 0;
        index = map_at(&far->by_thread, (uint64_t)tid);
    }
    *index = (uint32_t)far->wished_count++;
    far->wished[*index] = (struct wished){.tid = tid};
    return &far->wished[*index];
}

static bool within(const struct wish *wish, uint64_t address)
{
    return address - wish->low < wish->high - wish->low;
}

/* What was wished for already and did not come is out of reach. */
static bool is_wished(const struct wished *wished, uint64_t sp, uint64_t missing, uint64_t skip)
{
    for (unsigned i = 0; i < WISHES; i++)
        if (within(&wished->wishes[i], missing) && wished->wishes[i].skip == skip &&
            within(&wished->wishes[i], sp) == (i == WISH_NEAR))
            return true;
    return false;
}

/* The stack may have grown the next time; another one may be deeper then, and nobody knows
 * where it ends: some goroutines' lie in one mapping of 64 MiB. */
static void choose_window(struct wish *wish, uint64_t missing, bool near)
{
    enum { GROWTH = 1024 * 1024, BELOW = 16 * 1024 };

    if (near) {
        wish->low -= wish->low < GROWTH ? wish->low : GROWTH;
        return;
    }
    if (missing - wish->low > BELOW)
        wish->low = (missing - BELOW) & ~UINT64_C(4095);
    if (wish->most > CHUNKS_OTHER * CHUNK)
        wish->most = CHUNKS_OTHER * CHUNK;
}

/* The one that holds the same place, though not as it is wanted now; else the older. */
static unsigned replaceable(struct wished *wished, uint64_t missing, bool near)
{
    if (near)
        return WISH_NEAR;
    for (unsigned i = WISH_OTHER; i < WISHES; i++)
        if (within(&wished->wishes[i], missing))
            return i;
    wished->other = !wished->other;
    return wished->other ? WISH_OTHER : WISH_ANOTHER;
}

void far_stack_want(struct far_stack *far, pid_t pid, pid_t tid, uint64_t sp, uint64_t missing,
                    uint64_t copied)
{
    struct wished *wished = wished_by(far, tid);
    struct wish wish = {.skip = copied, .most = far->most};
    uint32_t key = (uint32_t)tid;
    bool near;

    if (far->looks == LOOKS || is_wished(wished, sp, missing, copied))
        return;
    far->looks++;
    if (!find_mapping(pid, missing, &wish.low, &wish.high))
        return;
    near = within(&wish, sp) && missing >= sp;
    choose_window(&wish, missing, near);
    wished->wishes[replaceable(wished, missing, near)] = wish;
    bpf_map_put(far->wishes, &key, wished->wishes);
}

/* ---- what was copied ---- */

void far_stack_note_heads(struct far_stack *far)
{
    far->looks = 0;
    for (size_t i = 0; i < far->ring_count; i++)
        if (far->rings[i].event >= 0)
            ring_note_head(&far->rings[i].ring);
}

/* A record of the ring: pid, tid, time, size and bytes of the chunk. */
struct piece {
    uint32_t tid;
    uint64_t time, counted, from, size;
    const uint8_t *bytes;
};

static bool read_piece(const struct perf_event_header *header, struct piece *piece)
{
    const uint8_t *at = (const uint8_t *)header;

    if (header->type != PERF_RECORD_SAMPLE ||
        header->size < SAMPLE_FIELDS + offsetof(struct chunk, bytes))
        return false;
    memcpy(&piece->tid, at + 12, sizeof(piece->tid));
    memcpy(&piece->time, at + 16, sizeof(piece->time));
    at += SAMPLE_FIELDS;
    memcpy(&piece->counted, at + offsetof(struct chunk, counted), 8);
    memcpy(&piece->from, at + offsetof(struct chunk, from), 8);
    memcpy(&piece->size, at + offsetof(struct chunk, size), 8);
    piece->bytes = at + offsetof(struct chunk, bytes);
    return piece->size <= header->size - SAMPLE_FIELDS - offsetof(struct chunk, bytes);
}

/* Pieces follow each other, with gaps where pages were never written or are not in memory. */
static void join(struct far_stack *far, struct sample *sample, const struct piece *piece)
{
    struct stack_part *part = sample->far_count ? &sample->far[sample->far_count - 1] : NULL;

    if (piece->size > CHUNK * CHUNKS - far->used)
        return;
    if (!part || piece->from != part->low + part->size) {
        if (sample->far_count == STACK_PARTS)
            return;
        part = &sample->far[sample->far_count++];
        *part = (struct stack_part){.bytes = far->bytes + far->used, .low = piece->from};
    }
    memcpy(far->bytes + far->used, piece->bytes, piece->size);
    far->used += piece->size;
    part->size += piece->size;
}

void far_stack_add(struct far_stack *far, size_t i, struct record *record)
{
    struct ring *ring = &far->rings[i].ring;
    const struct perf_event_header *header;

    far->used = 0;
    while (far->rings[i].event >= 0 && (header = ring_peek(ring))) {
        struct piece piece;
        bool is_piece = read_piece(header, &piece);
        bool belongs = is_piece && (pid_t)piece.tid == record->tid &&
                       piece.counted == record->sample.counted;

        if (is_piece && !belongs && piece.time > record->time)
            return; /* of a later sample */
        if (belongs)
            join(far, &record->sample, &piece);
        ring_consume(ring, header);
    }
}
