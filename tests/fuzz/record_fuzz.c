/* Records as the kernel, or a perf.data file, might give them: decoded and followed. */
#include <linux/perf_event.h>
#include <string.h>

#include "perf/record.h"
#include "process/process.h"

/* The first bytes choose the layout; the rest are records, one after the other. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct record_layout layout = {0};
    struct processes *processes;
    uint16_t chosen;

    if (size < 16)
        return 0;
    memcpy(&layout.sample_type, bytes, 4);
    memcpy(&chosen, bytes + 4, 2);
    layout.read_format = chosen & 0x1f;
    layout.sample_id_all = chosen >> 15;
    memcpy(&layout.regs_user, bytes + 8, 8);
    bytes += 16;
    size -= 16;
    processes = processes_new();
    processes_track(processes, 1);
    while (size >= sizeof(struct perf_event_header)) {
        struct perf_event_header header;
        struct record record;

        memcpy(&header, bytes, sizeof(header));
        if (!record_decode(&layout, bytes, size, &record) && record.kind != RECORD_SAMPLE) {
            /* No file of this machine is to be opened for a random path. */
            if (record.kind == RECORD_MAPPING && record.mapping.path[0] == '/')
                record.mapping.path = "//anon";
            processes_apply(processes, &record);
        }
        if (header.size < sizeof(header) || header.size > size)
            break;
        bytes += header.size;
        size -= header.size;
    }
    processes_free(processes);
    return 0;
}
