/* An ELF file in, whose .gnu_debugdata is unpacked within the limit and read: no crash. */
#include <elf.h>
#include <stdint.h>
#include <stdlib.h>

#include "elf/mini_debug.h"
#include "symbolize/symbol_table.h"

enum { UNPACKED_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint64_t addresses[] = {0x1000, 0x1010, 0x1100, 0x2000, 0x401000, 0x401010};
    struct symbol_search search;
    struct image *program, *mini;

    if (image_open_memory(&program, data, size, "fuzz", NULL))
        return 0;
    mini = mini_debug_open(program, UNPACKED_MAX);
    if (mini) {
        symbol_search_begin(&search, addresses, sizeof(addresses) / sizeof(*addresses));
        symbol_search_table(&search, mini, SHT_SYMTAB);
        symbol_search_end(&search);
        free(search.hits);
        image_close(mini);
    }
    image_close(program);
    return 0;
}
