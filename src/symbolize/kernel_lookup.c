#include "symbolize/kernel_lookup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bpf.h"
#include "base/compiler.h"
#include "base/xalloc.h"
#include "symbolize/kernel_symbols.h"

enum {
    PRINTED_MAX = 1024,  /* twice a name's greatest length and a module's, KSYM_SYMBOL_LEN */
    ADDRESSES_MAX = 8192 /* from here on reading everything is no slower */
};

/* The format, what is printed, and the program that prints its argument. */
struct lookup {
    int format, printed, program;
};

static void lookup_close(struct lookup *lookup)
{
    const int open[] = {lookup->format, lookup->printed, lookup->program};

    for (size_t i = 0; i < ARRAY_LENGTH(open); i++)
        if (open[i] >= 0)
            close(open[i]);
}

static int format_map(void)
{
    static const char format[8] = "%pS";
    int map =
        bpf_map_new(BPF_MAP_TYPE_ARRAY, sizeof(uint32_t), sizeof(format), 1, BPF_F_RDONLY_PROG);
    uint32_t first = 0;

    if (map >= 0 && bpf_map_put(map, &first, format) && bpf_map_freeze(map))
        return map;
    if (map >= 0)
        close(map);
    return -1;
}

/* bpf_snprintf(printed, PRINTED_MAX, format, &context[0], 8): since Linux 5.13, for a
 * program that may be used under the kernel's licence. */
static int print_program(int format, int printed)
{
    const struct bpf_insn program[] = {
        BPF_INSN(BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_6, BPF_REG_1, 0, 0),
        BPF_INSN(BPF_STX | BPF_MEM | BPF_DW, BPF_REG_10, BPF_REG_6, -8, 0),
        BPF_LOAD_VALUE(BPF_REG_1, printed),
        BPF_SET(BPF_REG_2, PRINTED_MAX),
        BPF_LOAD_VALUE(BPF_REG_3, format),
        BPF_COPY(BPF_REG_4, BPF_REG_10),
        BPF_ADD_NUMBER(BPF_REG_4, -8),
        BPF_SET(BPF_REG_5, 8),
        BPF_CALL_HELPER(BPF_FUNC_snprintf),
        BPF_SET(BPF_REG_0, 0),
        BPF_RETURN,
    };

    return bpf_program_new(BPF_PROG_TYPE_RAW_TRACEPOINT, program, ARRAY_LENGTH(program),
                           "Dual MIT/GPL");
}

static bool lookup_open(struct lookup *lookup)
{
    *lookup = (struct lookup){.printed = -1, .program = -1};
    lookup->format = format_map();
    if (lookup->format >= 0)
        lookup->printed = bpf_map_new(BPF_MAP_TYPE_ARRAY, sizeof(uint32_t), PRINTED_MAX, 1, 0);
    if (lookup->printed >= 0)
        lookup->program = print_program(lookup->format, lookup->printed);
    return lookup->program >= 0;
}

size_t kernel_lookup_line(const char *printed, uint64_t address, char *line, size_t room)
{
    const char *plus = strrchr(printed, '+');
    const char *module = strchr(printed, ' ');
    unsigned long long offset;
    int length;

    if (!plus || plus == printed || sscanf(plus, "+0x%llx/", &offset) != 1)
        return 0;
    length =
        snprintf(line, room, "%016llx T %.*s%s%s\n", (unsigned long long)address - offset,
                 (int)(plus - printed), printed, module ? "\t" : "", module ? module + 1 : "");
    return length > 0 && (size_t)length < room ? (size_t)length : 0;
}

static bool print_all(const struct lookup *lookup, const uint64_t *addresses, size_t count,
                      char **text, size_t *size)
{
    char printed[PRINTED_MAX];
    uint32_t first = 0;
    size_t room = 0;

    for (size_t i = 0; i < count; i++) {
        if (!bpf_program_run(lookup->program, &addresses[i], sizeof(addresses[i])) ||
            !bpf_map_read(lookup->printed, &first, printed))
            return false;
        printed[PRINTED_MAX - 1] = '\0';
        *text = xgrow(*text, &room, *size + 2 * PRINTED_MAX, 1);
        *size += kernel_lookup_line(printed, addresses[i], *text + *size, 2 * PRINTED_MAX);
    }
    return *size != 0;
}

char *kernel_lookup(const uint64_t *addresses, size_t count, size_t *size)
{
    struct lookup lookup;
    char *text = NULL;

    *size = 0;
    if (!count || count > ADDRESSES_MAX || kernel_symbols_restricted() >= 2)
        return NULL;
    if (!lookup_open(&lookup) || !print_all(&lookup, addresses, count, &text, size)) {
        free(text);
        text = NULL;
    }
    lookup_close(&lookup);
    return text;
}
