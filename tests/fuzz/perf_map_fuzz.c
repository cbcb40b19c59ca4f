#include <stdint.h>
#include <stdlib.h>

#include "symbolize/perf_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { COUNT = 6 };
    uint64_t addresses[COUNT] = {0, 0x10, 0x1000, 0x1001, 0xabcdef0123, UINT64_MAX};
    struct jit_hit *hits = calloc(COUNT, sizeof(*hits));

    perf_map_find_in((const char *)data, size, addresses, COUNT, hits);
    jit_hits_free(hits, COUNT);
    return 0;
}
