#include "unwind/jit_cfi.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/hash.h"
#include "base/xalloc.h"

enum {
    KEPT = 256,          /* a power of two */
    FIELDS = 16 + 3 * 8, /* record header; sizes of all, of the search table, as mapped */
    SIZE_MAX_BYTES = 1 << 20
};

struct entry {
    const struct jit_function *function;
    uint8_t *bytes;
    struct segment segment;
    struct space space;
    struct cfi cfi;
};

struct jit_cfi {
    struct entry entries[KEPT];
};

struct jit_cfi *jit_cfi_new(void)
{
    return xcalloc(1, sizeof(struct jit_cfi));
}

static void forget(struct entry *entry)
{
    cfi_end(&entry->cfi);
    free(entry->bytes);
    *entry = (struct entry){0};
}

void jit_cfi_free(struct jit_cfi *all)
{
    if (!all)
        return;
    for (size_t i = 0; i < KEPT; i++)
        forget(&all->entries[i]);
    free(all);
}

/* {size, size of the search table at the end, size as mapped}, .eh_frame, .eh_frame_hdr.
 * Relative addresses in it count from behind the code, at the next multiple of eight. */
static void load(struct entry *entry, int fd, const struct jit_function *function)
{
    uint8_t fields[FIELDS];
    struct cursor cursor = cursor_over(fields, sizeof(fields));
    uint64_t record_size, size, header_size;

    if (pread(fd, fields, FIELDS, (off_t)function->unwinding) != FIELDS)
        return;
    cursor_u32(&cursor); /* kind */
    record_size = cursor_u32(&cursor);
    cursor_u64(&cursor); /* time */
    size = cursor_u64(&cursor);
    header_size = cursor_u64(&cursor);
    if (header_size > size || size - header_size > SIZE_MAX_BYTES || record_size < FIELDS ||
        size > record_size - FIELDS)
        return;
    size -= header_size;
    entry->bytes = xalloc(size + 1);
    if (pread(fd, entry->bytes, size, (off_t)(function->unwinding + FIELDS)) != (ssize_t)size)
        return;
    entry->segment =
        (struct segment){.address = function->loaded_at + ((function->size + 7) & ~UINT64_C(7)),
                         .file_size = size,
                         .memory_size = size};
    entry->space = (struct space){.fd = -1,
                                  .bytes = entry->bytes,
                                  .size = size,
                                  .segments = &entry->segment,
                                  .segment_count = 1};
    cfi_from_section(&entry->cfi, &entry->space, entry->segment.address, size, false);
}

bool jit_cfi_row(struct jit_cfi *all, const struct dso *dso,
                 const struct jit_function *function, uint64_t address, struct cfi_row *row,
                 const struct space **space)
{
    struct entry *entry = &all->entries[hash_u64((uintptr_t)function) & (KEPT - 1)];

    if (!function->unwinding)
        return false;
    if (entry->function != function) {
        forget(entry);
        entry->function = function;
        load(entry, dso->fd, function);
    }
    *space = &entry->space;
    return cfi_row_at(&entry->cfi, address - function->address + function->loaded_at, row);
}
