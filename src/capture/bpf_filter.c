#include "capture/bpf_filter.h"

#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/compiler.h"

/* The key that opens the filter for all: no process has number 0. */
enum { PASS_ALL = 0 };

static int bpf(int command, union bpf_attr *attr)
{
    return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int add(int map, uint32_t pid)
{
    uint8_t present = 1;
    union bpf_attr attr = {0};

    attr.map_fd = (uint32_t)map;
    attr.key = (uint64_t)(uintptr_t)&pid;
    attr.value = (uint64_t)(uintptr_t)&present;
    return bpf(BPF_MAP_UPDATE_ELEM, &attr);
}

static int make_map(size_t pids)
{
    union bpf_attr attr = {0};

    attr.map_type = BPF_MAP_TYPE_HASH;
    attr.key_size = sizeof(uint32_t);
    attr.value_size = 1;
    attr.max_entries = (uint32_t)pids + 1;
    return bpf(BPF_MAP_CREATE, &attr);
}

#define INSN(op, destination, source, offset, immediate)                                       \
    {                                                                                          \
        .code = (op), .dst_reg = (destination), .src_reg = (source), .off = (offset),          \
        .imm = (immediate)                                                                     \
    }
#define STORE_KEY(source) INSN(BPF_STX | BPF_MEM | BPF_W, BPF_REG_10, source, -4, 0)
#define LOOK_UP(map)                                                                           \
    INSN(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, map),                     \
        INSN(0, 0, 0, 0, 0), INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_2, BPF_REG_10, 0, 0),   \
        INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, -4),                                \
        INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem)

/* return map has (pid_tgid >> 32) || map has PASS_ALL; 0 drops the sample. */
static int make_program(int map)
{
    const struct bpf_insn program[] = {
        INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_get_current_pid_tgid),
        INSN(BPF_ALU64 | BPF_RSH | BPF_K, BPF_REG_0, 0, 0, 32),
        STORE_KEY(BPF_REG_0),
        LOOK_UP(map),
        INSN(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_0, 0, 9, 0), /* to "pass" */
        INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_3, 0, 0, PASS_ALL),
        STORE_KEY(BPF_REG_3),
        LOOK_UP(map),
        INSN(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_0, 0, 1, 0),   /* to "pass" */
        INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),                  /* r0 is 0 */
        INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 1), /* pass: */
        INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
    };
    union bpf_attr attr = {0};

    attr.prog_type = BPF_PROG_TYPE_PERF_EVENT;
    attr.insns = (uint64_t)(uintptr_t)program;
    attr.insn_cnt = ARRAY_LENGTH(program);
    attr.license = (uint64_t)(uintptr_t) "MIT";
    return bpf(BPF_PROG_LOAD, &attr);
}

int bpf_filter_open(struct bpf_filter *filter, const pid_t *pids, size_t count)
{
    bool filled = true;

    filter->program = -1;
    filter->map = make_map(count);
    if (filter->map < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        filled &= !add(filter->map, (uint32_t)pids[i]);
    if (filled)
        filter->program = make_program(filter->map);
    if (filter->program >= 0)
        return 0;
    bpf_filter_close(filter);
    return -1;
}

void bpf_filter_close(struct bpf_filter *filter)
{
    if (filter->map >= 0)
        close(filter->map);
    if (filter->program >= 0)
        close(filter->program);
    filter->map = filter->program = -1;
}

int bpf_filter_attach(const struct bpf_filter *filter, int event)
{
    return ioctl(event, PERF_EVENT_IOC_SET_BPF, filter->program);
}

void bpf_filter_pass_all(const struct bpf_filter *filter)
{
    if (filter->map >= 0)
        add(filter->map, PASS_ALL);
}
