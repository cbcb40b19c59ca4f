#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "symbolize/jitdump.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { COUNT = 6 };
    uint64_t addresses[COUNT] = {0, 0x10, 0x1000, 0x1001, 0x9010, UINT64_MAX};
    struct jit_hit *hits = calloc(COUNT, sizeof(*hits));
    int fd = memfd_create("jitdump", MFD_CLOEXEC);

    if (fd >= 0 && write(fd, data, size) == (ssize_t)size)
        jitdump_find(fd, addresses, COUNT, hits);
    if (fd >= 0)
        close(fd);
    jit_hits_free(hits, COUNT);
    return 0;
}
