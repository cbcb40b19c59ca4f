#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "symbolize/dwarf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { COUNT = 256 };
    struct debug_file_search nowhere = {0};
    struct dwarf_options options = {
        .search = &nowhere, .limits = {.cpu_ms = 500, .wall_ms = 30000}, .lines = true};
    uint64_t addresses[COUNT];
    struct dwarf_chain chains[COUNT];
    volatile size_t read = 0;
    struct image *image;
    struct dwarf *dwarf;

    if (image_open_memory(&image, data, size, "fuzz", NULL))
        return 0;
    for (size_t i = 0; i < COUNT; i++)
        addresses[i] = 0x1000 + i * 13;
    if (!dwarf_open(&dwarf, image, &options, NULL) && dwarf) {
        dwarf_find(dwarf, addresses, COUNT, chains);
        for (size_t i = 0; i < COUNT; i++)
            for (uint32_t k = 0; k < chains[i].count; k++) {
                const struct dwarf_frame *frame = &dwarf_frames(dwarf)[chains[i].first + k];

                read += frame->name ? strlen(frame->name) : 0;
                read += frame->path ? strlen(frame->path) : 0;
            }
        dwarf_close(dwarf);
    }
    (void)read;
    image_close(image);
    return 0;
}
