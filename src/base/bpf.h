#ifndef FIQ_BASE_BPF_H
#define FIQ_BASE_BPF_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Small BPF programs by bpf(2) alone: no library, no compiler.  Everything here fails quietly
 * where the kernel or the caller's privileges do not allow it; callers have another way.
 */
#define BPF_INSN(op, destination, source, offset, immediate)                                   \
    {                                                                                          \
        .code = (op), .dst_reg = (destination), .src_reg = (source), .off = (offset),          \
        .imm = (immediate)                                                                     \
    }
#define BPF_SET(destination, number)                                                           \
    BPF_INSN(BPF_ALU64 | BPF_MOV | BPF_K, destination, 0, 0, number)
#define BPF_COPY(destination, source)                                                          \
    BPF_INSN(BPF_ALU64 | BPF_MOV | BPF_X, destination, source, 0, 0)
#define BPF_ADD_NUMBER(destination, number)                                                    \
    BPF_INSN(BPF_ALU64 | BPF_ADD | BPF_K, destination, 0, 0, number)
#define BPF_CALL_HELPER(helper) BPF_INSN(BPF_JMP | BPF_CALL, 0, 0, 0, helper)
#define BPF_RETURN              BPF_INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
/* Two instructions: the map itself, and the bytes of its only value. */
#define BPF_LOAD_MAP(destination, map)                                                         \
    BPF_INSN(BPF_LD | BPF_DW | BPF_IMM, destination, BPF_PSEUDO_MAP_FD, 0, map),               \
        BPF_INSN(0, 0, 0, 0, 0)
#define BPF_LOAD_VALUE(destination, map)                                                       \
    BPF_INSN(BPF_LD | BPF_DW | BPF_IMM, destination, BPF_PSEUDO_MAP_VALUE, 0, map),            \
        BPF_INSN(0, 0, 0, 0, 0)

/* The 32 bits of a register, or a number, become the key on the program's stack; what a map
 * holds for it, or 0, is in register 0 then. */
#define BPF_KEY_AT (-4)
#define BPF_STORE_KEY(source)                                                                  \
    BPF_INSN(BPF_STX | BPF_MEM | BPF_W, BPF_REG_10, source, BPF_KEY_AT, 0)
#define BPF_STORE_KEY_NUMBER(key)                                                              \
    BPF_INSN(BPF_ST | BPF_MEM | BPF_W, BPF_REG_10, 0, BPF_KEY_AT, key)
#define BPF_LOOK_UP(map)                                                                       \
    BPF_LOAD_MAP(BPF_REG_1, map), BPF_COPY(BPF_REG_2, BPF_REG_10),                             \
        BPF_ADD_NUMBER(BPF_REG_2, BPF_KEY_AT), BPF_CALL_HELPER(BPF_FUNC_map_lookup_elem)
#define BPF_SKIP_IF_ZERO(count)     BPF_INSN(BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, count, 0)
#define BPF_SKIP_IF_NOT_ZERO(count) BPF_INSN(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_0, 0, count, 0)

/* A descriptor, to be closed; negative when refused. */
int bpf_map_new(enum bpf_map_type type, uint32_t key_size, uint32_t value_size,
                uint32_t entries, uint32_t flags);
int bpf_program_new(enum bpf_prog_type type, const struct bpf_insn *insns, size_t count,
                    const char *license);

bool bpf_map_put(int map, const void *key, const void *value);
bool bpf_map_read(int map, const void *key, void *value);
void bpf_map_remove(int map, const void *key);
/* From now on nobody may change it, so that the verifier may take its bytes for constants. */
bool bpf_map_freeze(int map);

/* Runs the program at each pass of the kernel's tracepoint until the descriptor is closed. */
int bpf_tracepoint_open(const char *name, int program);

/* Runs the program once, here and now. */
bool bpf_program_run(int program, const void *context, size_t size);

#endif
