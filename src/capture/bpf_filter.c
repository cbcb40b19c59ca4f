#include "capture/bpf_filter.h"

#include <linux/perf_event.h>
#include <sched.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/bpf.h"
#include "base/compiler.h"
#include "capture/kernel_types.h"

enum {
    /* Room for children, some 80 bytes each; when it is full everything passes. */
    CHILDREN_MAX = 16 * 1024,
};

static bool put(int map, uint32_t pid, uint8_t value)
{
    return bpf_map_put(map, &pid, &value);
}

static int filter_program(int map)
{
    const struct bpf_insn program[] = {
        BPF_FILTER(map),
        BPF_SET(BPF_REG_0, 1),
        BPF_RETURN,
    };

    return bpf_program_new(BPF_PROG_TYPE_PERF_EVENT, program, ARRAY_LENGTH(program), "MIT");
}

/* For the tracepoint task_newtask(task, clone_flags), which the parent passes before the child
 * can run:
 *
 * if (!(clone_flags & CLONE_THREAD) && map has (pid_tgid >> 32) && !put(map, task->pid, 1))
 *     map[BPF_PASS_ALL] = 1; */
static int fork_program(int map, int32_t pid_at)
{
    enum { TASK = 0, CLONE_FLAGS = 8, VALUE_AT = -8 };
    const struct bpf_insn program[] = {
        BPF_INSN(BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_6, BPF_REG_1, TASK, 0),
        BPF_INSN(BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_7, BPF_REG_1, CLONE_FLAGS, 0),
        BPF_INSN(BPF_JMP | BPF_JSET | BPF_K, BPF_REG_7, 0, 33, CLONE_THREAD), /* to "end" */
        BPF_CURRENT_PROCESS,
        BPF_STORE_KEY(BPF_REG_0),
        BPF_LOOK_UP(map),
        BPF_SKIP_IF_ZERO(24), /* to "end" */
        BPF_COPY(BPF_REG_1, BPF_REG_10),
        BPF_ADD_NUMBER(BPF_REG_1, BPF_KEY_AT),
        BPF_SET(BPF_REG_2, sizeof(uint32_t)),
        BPF_COPY(BPF_REG_3, BPF_REG_6),
        BPF_ADD_NUMBER(BPF_REG_3, pid_at),
        BPF_CALL_HELPER(BPF_FUNC_probe_read_kernel),
        BPF_INSN(BPF_ST | BPF_MEM | BPF_B, BPF_REG_10, 0, VALUE_AT, 1),
        BPF_LOAD_MAP(BPF_REG_1, map),
        BPF_COPY(BPF_REG_2, BPF_REG_10),
        BPF_ADD_NUMBER(BPF_REG_2, BPF_KEY_AT),
        BPF_COPY(BPF_REG_3, BPF_REG_10),
        BPF_ADD_NUMBER(BPF_REG_3, VALUE_AT),
        BPF_SET(BPF_REG_4, BPF_ANY),
        BPF_CALL_HELPER(BPF_FUNC_map_update_elem),
        BPF_SKIP_IF_ZERO(8), /* to "end" */
        BPF_STORE_KEY_NUMBER(BPF_PASS_ALL),
        BPF_LOOK_UP(map),
        BPF_SKIP_IF_ZERO(1), /* to "end" */
        BPF_INSN(BPF_ST | BPF_MEM | BPF_B, BPF_REG_0, 0, 0, 1),
        BPF_SET(BPF_REG_0, 0), /* end: */
        BPF_RETURN,
    };

    return bpf_program_new(BPF_PROG_TYPE_RAW_TRACEPOINT, program, ARRAY_LENGTH(program),
                           "Dual MIT/GPL");
}

/* A raw tracepoint is let go of at once; that of an event keeps whoever closes it waiting for
 * tens of milliseconds. */
static void follow_forks(struct bpf_filter *filter)
{
    int32_t pid_at;
    int program;

    if (!kernel_member_offset("task_struct", "pid", &pid_at))
        return;
    program = fork_program(filter->map, pid_at);
    if (program < 0)
        return;
    filter->forks = bpf_tracepoint_open("task_newtask", program);
    filter->follows = filter->forks >= 0;
    close(program); /* the link keeps it */
}

int bpf_filter_open(struct bpf_filter *filter, const pid_t *pids, size_t count, bool children)
{
    uint32_t entries = (uint32_t)count + 1 + (children ? CHILDREN_MAX : 0);
    bool filled;

    *filter = (struct bpf_filter){.program = -1, .forks = -1};
    filter->map = bpf_map_new(BPF_MAP_TYPE_HASH, sizeof(uint32_t), 1, entries, 0);
    filled = filter->map >= 0 && put(filter->map, (uint32_t)BPF_PASS_ALL, 0);
    for (size_t i = 0; filled && i < count; i++)
        filled = put(filter->map, (uint32_t)pids[i], 1);
    if (filled)
        filter->program = filter_program(filter->map);
    if (filter->program < 0) {
        bpf_filter_close(filter);
        return -1;
    }
    if (children)
        follow_forks(filter);
    return 0;
}

void bpf_filter_close(struct bpf_filter *filter)
{
    const int open[] = {filter->map, filter->program, filter->forks};

    for (size_t i = 0; i < ARRAY_LENGTH(open); i++)
        if (open[i] >= 0)
            close(open[i]);
    *filter = (struct bpf_filter){.map = -1, .program = -1, .forks = -1};
}

int bpf_filter_attach(const struct bpf_filter *filter, int event)
{
    return ioctl(event, PERF_EVENT_IOC_SET_BPF, filter->program);
}

bool bpf_filter_pass(const struct bpf_filter *filter, pid_t pid)
{
    return filter->map < 0 || put(filter->map, (uint32_t)pid, 1);
}

void bpf_filter_pass_all(const struct bpf_filter *filter)
{
    if (filter->map >= 0)
        put(filter->map, (uint32_t)BPF_PASS_ALL, 1);
}

void bpf_filter_replace(struct bpf_filter *filter, int program)
{
    if (filter->program >= 0)
        close(filter->program);
    filter->program = program;
}
