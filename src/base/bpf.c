#include "base/bpf.h"

#include <sys/syscall.h>
#include <unistd.h>

static int bpf(enum bpf_cmd command, union bpf_attr *attr)
{
    return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static uint64_t pointer(const void *object)
{
    return (uint64_t)(uintptr_t)object;
}

int bpf_map_new(enum bpf_map_type type, uint32_t key_size, uint32_t value_size,
                uint32_t entries, uint32_t flags)
{
    union bpf_attr attr = {0};

    attr.map_type = type;
    attr.key_size = key_size;
    attr.value_size = value_size;
    attr.max_entries = entries;
    attr.map_flags = flags;
    return bpf(BPF_MAP_CREATE, &attr);
}

int bpf_program_new(enum bpf_prog_type type, const struct bpf_insn *insns, size_t count,
                    const char *license)
{
    union bpf_attr attr = {0};

    attr.prog_type = type;
    attr.insns = pointer(insns);
    attr.insn_cnt = (uint32_t)count;
    attr.license = pointer(license);
    return bpf(BPF_PROG_LOAD, &attr);
}

static int map_element(enum bpf_cmd command, int map, const void *key, uint64_t value)
{
    union bpf_attr attr = {0};

    attr.map_fd = (uint32_t)map;
    attr.key = pointer(key);
    attr.value = value;
    return bpf(command, &attr);
}

bool bpf_map_put(int map, const void *key, const void *value)
{
    return map_element(BPF_MAP_UPDATE_ELEM, map, key, pointer(value)) == 0;
}

bool bpf_map_read(int map, const void *key, void *value)
{
    return map_element(BPF_MAP_LOOKUP_ELEM, map, key, pointer(value)) == 0;
}

void bpf_map_remove(int map, const void *key)
{
    map_element(BPF_MAP_DELETE_ELEM, map, key, 0);
}

bool bpf_map_freeze(int map)
{
    return map_element(BPF_MAP_FREEZE, map, NULL, 0) == 0;
}

bool bpf_program_run(int program, const void *context, size_t size)
{
    union bpf_attr attr = {0};

    attr.test.prog_fd = (uint32_t)program;
    attr.test.ctx_in = pointer(context);
    attr.test.ctx_size_in = (uint32_t)size;
    return bpf(BPF_PROG_TEST_RUN, &attr) == 0;
}

int bpf_tracepoint_open(const char *name, int program)
{
    union bpf_attr attr = {0};

    attr.raw_tracepoint.name = pointer(name);
    attr.raw_tracepoint.prog_fd = (uint32_t)program;
    return bpf(BPF_RAW_TRACEPOINT_OPEN, &attr);
}
