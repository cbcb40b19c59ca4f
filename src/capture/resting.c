#include "capture/resting.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/bpf.h"
#include "base/compiler.h"
#include "base/xalloc.h"
#include "capture/kernel_types.h"

enum {
    LOOK_NS = 100 * 1000 * 1000,
    LOOK_PERIODS = 20, /* but not before so many samples are due on a busy CPU */
    BUSY_SAMPLES = 5,  /* of the target between two looks: else it may be waiting everywhere */
    QUIET_LOOKS = 5,   /* without the target, and a CPU rests */
};

struct resting {
    struct cpus *cpus;
    int flags, wakes, tracepoint;
    /* By CPU number: set here; cleared by the program when the target comes there. */
    _Atomic uint64_t *awaited;
    size_t awaited_bytes, page;
    _Atomic uint64_t *consumed;       /* positions in the ring of wake-ups, whose content */
    const _Atomic uint64_t *produced; /* does not matter */
    uint64_t look_ns, looked_ns;
};

/* For the tracepoint sched_switch(preempt, previous, next), which passes before `next` runs:
 *
 * if (awaited[cpu] && processes has next->tgid) { awaited[cpu] = 0; wake up; } */
static int arrival_program(int flags, int processes, int wakes, int32_t tgid_at)
{
    enum { NEXT = 16, WORD_AT = -16 };
    const struct bpf_insn program[] = {
        BPF_INSN(BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_6, BPF_REG_1, NEXT, 0),
        BPF_CALL_HELPER(BPF_FUNC_get_smp_processor_id),
        BPF_STORE_KEY(BPF_REG_0),
        BPF_LOOK_UP(flags),
        BPF_SKIP_IF_ZERO(24), /* to "end" */
        BPF_COPY(BPF_REG_7, BPF_REG_0),
        BPF_INSN(BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_0, BPF_REG_7, 0, 0),
        BPF_SKIP_IF_ZERO(21), /* to "end" */
        BPF_COPY(BPF_REG_1, BPF_REG_10),
        BPF_ADD_NUMBER(BPF_REG_1, BPF_KEY_AT),
        BPF_SET(BPF_REG_2, sizeof(uint32_t)),
        BPF_COPY(BPF_REG_3, BPF_REG_6),
        BPF_ADD_NUMBER(BPF_REG_3, tgid_at),
        BPF_CALL_HELPER(BPF_FUNC_probe_read_kernel),
        BPF_LOOK_UP(processes),
        BPF_SKIP_IF_ZERO(9), /* to "end" */
        BPF_INSN(BPF_ST | BPF_MEM | BPF_DW, BPF_REG_7, 0, 0, 0),
        BPF_INSN(BPF_ST | BPF_MEM | BPF_DW, BPF_REG_10, 0, WORD_AT, 0),
        BPF_LOAD_MAP(BPF_REG_1, wakes),
        BPF_COPY(BPF_REG_2, BPF_REG_10),
        BPF_ADD_NUMBER(BPF_REG_2, WORD_AT),
        BPF_SET(BPF_REG_3, sizeof(uint64_t)),
        BPF_SET(BPF_REG_4, BPF_RB_FORCE_WAKEUP),
        BPF_CALL_HELPER(BPF_FUNC_ringbuf_output),
        BPF_SET(BPF_REG_0, 0), /* end: */
        BPF_RETURN,
    };

    return bpf_program_new(BPF_PROG_TYPE_RAW_TRACEPOINT, program, ARRAY_LENGTH(program),
                           "Dual MIT/GPL");
}

static void *map_memory(int fd, size_t size, int access, size_t offset)
{
    void *memory =
        fd < 0 ? MAP_FAILED : mmap(NULL, size, access, MAP_SHARED, fd, (off_t)offset);

    return memory == MAP_FAILED ? NULL : memory;
}

static bool make_maps(struct resting *resting)
{
    uint32_t numbers = cpus_numbers(resting->cpus);

    resting->page = (size_t)sysconf(_SC_PAGESIZE);
    resting->awaited_bytes = numbers * sizeof(*resting->awaited);
    resting->flags = bpf_map_new(BPF_MAP_TYPE_ARRAY, sizeof(uint32_t),
                                 sizeof(*resting->awaited), numbers, BPF_F_MMAPABLE);
    resting->wakes = bpf_map_new(BPF_MAP_TYPE_RINGBUF, 0, 0, (uint32_t)resting->page, 0);
    resting->awaited =
        map_memory(resting->flags, resting->awaited_bytes, PROT_READ | PROT_WRITE, 0);
    resting->consumed = map_memory(resting->wakes, resting->page, PROT_READ | PROT_WRITE, 0);
    resting->produced = map_memory(resting->wakes, resting->page, PROT_READ, resting->page);
    return resting->awaited && resting->consumed && resting->produced;
}

static bool watch_arrivals(struct resting *resting, int processes)
{
    int32_t tgid_at;
    int program;

    if (!kernel_member_offset("task_struct", "tgid", &tgid_at))
        return false;
    program = arrival_program(resting->flags, processes, resting->wakes, tgid_at);
    if (program < 0)
        return false;
    resting->tracepoint = bpf_tracepoint_open("sched_switch", program);
    close(program); /* the link keeps it */
    return resting->tracepoint >= 0;
}

struct resting *resting_new(int processes, struct cpus *cpus, uint64_t period_ns)
{
    struct resting *resting = xcalloc(1, sizeof(*resting));

    *resting = (struct resting){
        .cpus = cpus,
        .flags = -1,
        .wakes = -1,
        .tracepoint = -1,
        .look_ns = period_ns > LOOK_NS / LOOK_PERIODS ? period_ns * LOOK_PERIODS : LOOK_NS};
    if (make_maps(resting) && watch_arrivals(resting, processes))
        return resting;
    resting_free(resting);
    return NULL;
}

void resting_free(struct resting *resting)
{
    if (!resting)
        return;
    const int open[] = {resting->tracepoint, resting->flags, resting->wakes};

    if (resting->awaited)
        munmap(resting->awaited, resting->awaited_bytes);
    if (resting->consumed)
        munmap(resting->consumed, resting->page);
    if (resting->produced)
        munmap((void *)(uintptr_t)resting->produced, resting->page);
    for (size_t i = 0; i < ARRAY_LENGTH(open); i++)
        if (open[i] >= 0)
            close(open[i]);
    free(resting);
}

int resting_descriptor(const struct resting *resting)
{
    return resting->wakes;
}

static _Atomic uint64_t *awaited_on(const struct resting *resting, const struct cpu *cpu)
{
    return &resting->awaited[cpu->number];
}

static void await(struct resting *resting, struct cpu *cpu)
{
    atomic_store(awaited_on(resting, cpu), 1);
    cpu->quiet_looks = 1;
}

static void stay_awake(struct resting *resting, struct cpu *cpu)
{
    if (cpu->quiet_looks == QUIET_LOOKS)
        ioctl(cpu->sampler, PERF_EVENT_IOC_ENABLE, 0);
    cpu->quiet_looks = 0;
    atomic_store(awaited_on(resting, cpu), 0);
}

/* The target was not seen there since the last look.  It might have run all the time without
 * coming, or have come and not yet been sampled: so it is awaited while samples would still
 * tell, and the sampler is switched off only when neither has happened for long. */
static void stay_quiet(struct resting *resting, struct cpu *cpu)
{
    if (!cpu->quiet_looks || !atomic_load(awaited_on(resting, cpu)))
        await(resting, cpu);
    else if (cpu->quiet_looks < QUIET_LOOKS && ++cpu->quiet_looks == QUIET_LOOKS)
        ioctl(cpu->sampler, PERF_EVENT_IOC_DISABLE, 0);
}

static void wake_where_it_came(struct resting *resting)
{
    atomic_store(resting->consumed, atomic_load(resting->produced));
    for (size_t i = 0; i < resting->cpus->count; i++) {
        struct cpu *cpu = &resting->cpus->list[i];

        if (cpu->quiet_looks == QUIET_LOOKS && !atomic_load(awaited_on(resting, cpu)))
            stay_awake(resting, cpu);
    }
}

void resting_look(struct resting *resting, uint64_t now_ns)
{
    struct cpus *cpus = resting->cpus;
    uint64_t samples = 0;

    wake_where_it_came(resting);
    if (now_ns - resting->looked_ns < resting->look_ns)
        return;
    resting->looked_ns = now_ns;
    for (size_t i = 0; i < cpus->count; i++)
        samples += cpus->list[i].samples;
    for (size_t i = 0; i < cpus->count; i++) {
        struct cpu *cpu = &cpus->list[i];

        if (cpu->samples || samples < BUSY_SAMPLES)
            stay_awake(resting, cpu);
        else if (cpu->sampler >= 0)
            stay_quiet(resting, cpu);
        cpu->samples = 0;
    }
}

bool resting_has(const struct resting *resting, const struct cpu *cpu)
{
    return resting && cpu->quiet_looks == QUIET_LOOKS;
}

void resting_forget(struct resting *resting)
{
    for (size_t i = 0; i < resting->cpus->count; i++)
        resting->cpus->list[i].quiet_looks = 0;
}
