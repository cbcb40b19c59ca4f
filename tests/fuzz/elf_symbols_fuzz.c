#include <elf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "elf/debug_file.h"
#include "symbolize/plt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct image *image;
    uint64_t addresses[64];
    struct symbol_search search;
    volatile size_t read = 0;
    uint32_t crc;

    if (image_open_memory(&image, data, size, "fuzz", NULL))
        return 0;
    for (size_t i = 0; i < 64; i++)
        addresses[i] = 0x1000 + i * 61;
    symbol_search_begin(&search, addresses, 64);
    symbol_search_table(&search, image, SHT_SYMTAB);
    symbol_search_table(&search, image, SHT_DYNSYM);
    symbol_search_end(&search);
    symbol_search_plt(&search, image);
    for (size_t i = 0; i < 64; i++)
        if (search.hits[i].name)
            read += strlen(search.hits[i].name);
    free(search.hits);
    debug_file_link(image, &crc);
    (void)read;
    image_close(image);
    return 0;
}
