/* A text like /proc/PID/maps.  Whatever it says, mappings stay sorted and do not overlap. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process/process.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct processes *processes;
    const struct mapping *mappings;
    uint32_t count;
    char *text;
    FILE *maps;

    if (!size)
        return 0;
    text = malloc(size);
    memcpy(text, bytes, size);
    for (size_t i = 0; i < size; i++) /* no file of this machine is to be opened */
        if (text[i] == '/')
            text[i] = '[';
    maps = fmemopen(text, size, "r");
    processes = processes_new();
    processes_read_maps(processes, 1, maps);
    mappings = process_mappings(processes_find(processes, 1), &count);
    for (uint32_t i = 0; i < count; i++) {
        if (mappings[i].start >= mappings[i].end)
            abort();
        if (i && mappings[i - 1].end > mappings[i].start)
            abort();
        if (process_mapping(processes_find(processes, 1), mappings[i].start) != &mappings[i])
            abort();
    }
    processes_free(processes);
    fclose(maps);
    free(text);
    return 0;
}
