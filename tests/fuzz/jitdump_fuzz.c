#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "process/jit_code.h"
#include "symbolize/jitdump.h"
#include "unwind/jit_cfi.h"

/* All that is done with a function that a dump tells of: its name, lines and CFI. */
static void use(int fd, struct jit_cfi *cfi, const struct jit_function *function,
                uint64_t address)
{
    struct dso dso = {.kind = DSO_JIT, .fd = fd};
    uint64_t budget = 1 << 20;
    const struct space *space;
    struct jit_hit hit = {0};
    struct cfi_row row;

    jitdump_name(fd, function, address, &budget, &hit);
    jit_cfi_row(cfi, &dso, function, address, &row, &space);
    free(hit.name);
    free(hit.path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint64_t addresses[] = {0, 0x10, 0x1000, 0x1001, 0x9010, UINT64_MAX};
    static const uint64_t times[] = {0, 100, UINT64_MAX};
    int fd = memfd_create("jitdump", MFD_CLOEXEC);
    struct jit_code *code = jit_code_open(fd);
    struct jit_cfi *cfi = jit_cfi_new();

    if (fd >= 0 && write(fd, data, size) == (ssize_t)size)
        for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++)
            for (size_t k = 0; k < sizeof(times) / sizeof(*times); k++) {
                const struct jit_function *function =
                    jit_code_find(code, addresses[i], times[k]);

                if (function)
                    use(fd, cfi, function, addresses[i]);
            }
    jit_cfi_free(cfi);
    jit_code_free(code);
    if (fd >= 0)
        close(fd);
    return 0;
}
