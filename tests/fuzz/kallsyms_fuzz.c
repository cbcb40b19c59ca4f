#include <stdint.h>
#include <stdlib.h>

#include "symbolize/kernel_symbols.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t addresses[] = {0, 0x1000, 0xffffffff81000000, 0xffffffff81000021, UINT64_MAX};
    struct kernel_hit hits[5];

    kernel_symbols_find((const char *)data, size, addresses, 5, hits);
    for (size_t i = 0; i < 5; i++)
        if (hits[i].name && (hits[i].name < (const char *)data ||
                             hits[i].name + hits[i].name_length > (const char *)data + size))
            abort();
    return 0;
}
