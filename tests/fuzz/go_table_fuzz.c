/* A file with a table of Go's functions at its beginning and any bytes as their code: the rule
 * of each address is found or not, and so is the start of a thread, without a look at other
 * bytes. */
#include "unwind/go.h"

enum { LOADED = 0x400000, FARTHEST = 2048 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct segment segment = {.address = LOADED, .file_size = size, .executable = true};
    struct space space = {
        .fd = -1, .bytes = bytes, .size = size, .segments = &segment, .segment_count = 1};
    struct go_table table;

    if (!go_table_open(&table, &space, LOADED, LOADED))
        return 0;
    for (uint64_t at = 0; at < size && at < FARTHEST; at++) {
        struct go_start start;
        struct rule rule;

        if (at % 16 == 0)
            go_rule_at(&table, table.text + at, &rule);
        go_start_at(&table, &arch_x86_64, table.text + at, &start);
    }
    return 0;
}
