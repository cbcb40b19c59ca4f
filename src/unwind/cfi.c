#include "unwind/cfi.h"

#include <stdlib.h>

#include "base/cursor.h"
#include "base/xalloc.h"
#include "unwind/cfi_entry.h"
#include "unwind/cfi_program.h"

enum { INDEX_MAX = 4 * 1024 * 1024 };

/* Bytes of a fixed-size pointer in the search table; 0 for other encodings. */
static unsigned table_pointer_size(uint8_t encoding)
{
    if (encoding & PE_INDIRECT)
        return 0;
    if ((encoding & PE_BASE) != PE_DATAREL && (encoding & PE_BASE) != PE_ABSPTR)
        return 0;
    switch (encoding & PE_FORMAT) {
    case PE_UDATA2:
    case PE_SDATA2:
        return 2;
    case PE_UDATA4:
    case PE_SDATA4:
        return 4;
    case PE_ABSPTR:
    case PE_UDATA8:
    case PE_SDATA8:
        return 8;
    default:
        return 0;
    }
}

bool cfi_from_header(struct cfi *cfi, const struct space *space, uint64_t header,
                     uint64_t *eh_frame)
{
    uint8_t bytes[32];
    struct cursor cursor = cursor_over(bytes, space_read(space, header, bytes, sizeof(bytes)));
    uint8_t version = cursor_u8(&cursor);
    uint8_t frame_encoding = cursor_u8(&cursor);
    uint8_t count_encoding = cursor_u8(&cursor);
    uint8_t table_encoding = cursor_u8(&cursor);

    *cfi = (struct cfi){.space = space, .header = header, .table_encoding = table_encoding};
    *eh_frame = 0;
    if (version != 1 || frame_encoding == PE_OMIT)
        return false;
    *eh_frame = cfi_read_pointer(&cursor, frame_encoding, header + 4, header);
    if (cursor.failed)
        *eh_frame = 0;
    if (count_encoding == PE_OMIT || !table_pointer_size(table_encoding))
        return false;
    cfi->table_count = cfi_read_pointer(&cursor, count_encoding,
                                        header + (uint64_t)(cursor.at - bytes), header);
    cfi->table = header + (uint64_t)(cursor.at - bytes);
    return !cursor.failed && cfi->table_count && cfi->table_count < INDEX_MAX;
}

static bool table_place(const struct cfi *cfi, uint64_t i, struct cfi_place *place)
{
    uint8_t bytes[16];
    unsigned size = 2 * table_pointer_size(cfi->table_encoding);
    struct cursor cursor =
        cursor_over(bytes, space_read(cfi->space, cfi->table + i * size, bytes, size));

    place->start = cfi_read_pointer(&cursor, cfi->table_encoding, 0, cfi->header);
    place->fde = cfi_read_pointer(&cursor, cfi->table_encoding, 0, cfi->header);
    return !cursor.failed;
}

/* The last entry that starts at or before pc. */
static bool search_table(const struct cfi *cfi, uint64_t pc, struct cfi_place *found)
{
    uint64_t low = 0, high = cfi->table_count;
    struct cfi_place place;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;

        if (!table_place(cfi, middle, &place))
            return false;
        if (place.start <= pc) {
            *found = place;
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low > 0;
}

static bool search_index(const struct cfi *cfi, uint64_t pc, struct cfi_place *found)
{
    size_t low = 0, high = cfi->index_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (cfi->index[middle].start <= pc)
            low = middle + 1;
        else
            high = middle;
    }
    if (low)
        *found = cfi->index[low - 1];
    return low > 0;
}

/* Reads FDE and CIE; `row` may be NULL when only the extent is wanted. */
static bool evaluate(const struct cfi *cfi, uint64_t address, uint64_t pc, struct cfi_fde *fde,
                     struct cfi_row *row)
{
    struct cfi_entry entry, cie_entry;
    struct cfi_cie cie;
    uint64_t cie_address;
    bool good = false;

    if (!cfi_entry_read(cfi, address, &entry))
        return false;
    if (cfi_entry_cie(cfi, &entry, &cie_address) &&
        cfi_cie_read(cfi, cie_address, &cie_entry, &cie)) {
        good = cfi_parse_fde(cfi, &entry, &cie, fde) && pc >= fde->start && pc < fde->end;
        if (good && row)
            good = cfi_run(cfi, &cie_entry, &cie, &entry, fde, pc, row);
        cfi_entry_end(&cie_entry);
    }
    cfi_entry_end(&entry);
    return good;
}

static bool find(const struct cfi *cfi, uint64_t pc, struct cfi_place *place)
{
    if (cfi->table_count)
        return search_table(cfi, pc, place);
    return search_index(cfi, pc, place);
}

bool cfi_row_at(const struct cfi *cfi, uint64_t pc, struct cfi_row *row)
{
    struct cfi_place place;
    struct cfi_fde fde;

    return find(cfi, pc, &place) && evaluate(cfi, place.fde, pc, &fde, row);
}

bool cfi_extent(const struct cfi *cfi, uint64_t pc, uint64_t *from, uint64_t *to)
{
    struct cfi_place place;
    struct cfi_fde fde;

    if (!find(cfi, pc, &place) || !evaluate(cfi, place.fde, pc, &fde, NULL))
        return false;
    *from = fde.start;
    *to = fde.end;
    return true;
}

static int by_start(const void *a, const void *b)
{
    const struct cfi_place *one = a, *other = b;

    if (one->start != other->start)
        return one->start < other->start ? -1 : 1;
    return one->fde < other->fde ? -1 : one->fde > other->fde;
}

/* The CIE that was read last, as neighbours share it. */
struct last_cie {
    bool read;
    uint64_t address;
    struct cfi_cie cie;
};

static bool read_shared(const struct cfi *cfi, uint64_t address, struct last_cie *last)
{
    struct cfi_entry entry;

    if (last->read && last->address == address)
        return true;
    last->address = address;
    last->read = cfi_cie_read(cfi, address, &entry, &last->cie);
    if (last->read)
        cfi_entry_end(&entry);
    return last->read;
}

static void index_entry(struct cfi *cfi, const struct cfi_entry *entry, size_t *room,
                        struct last_cie *last)
{
    uint64_t address;
    struct cfi_fde fde;

    if (!cfi_entry_cie(cfi, entry, &address) || !read_shared(cfi, address, last))
        return;
    /* What was dropped by the linker's garbage collection keeps address 0. */
    if (!cfi_parse_fde(cfi, entry, &last->cie, &fde) || fde.start == fde.end || !fde.start)
        return;
    cfi->index = xgrow(cfi->index, room, cfi->index_count + 1, sizeof(*cfi->index));
    cfi->index[cfi->index_count++] =
        (struct cfi_place){.start = fde.start, .fde = entry->address};
}

void cfi_from_section(struct cfi *cfi, const struct space *space, uint64_t start, uint64_t size,
                      bool debug_frame)
{
    struct last_cie last = {.read = false};
    uint64_t at = 0;
    size_t room = 0;

    *cfi =
        (struct cfi){.space = space, .start = start, .size = size, .debug_frame = debug_frame};
    while (at < size && cfi->index_count < INDEX_MAX) {
        uint64_t length = cfi_entry_length(cfi, start + at);
        struct cfi_entry entry;

        if (!length || length > size - at)
            break;
        if (length > 4 && cfi_entry_read(cfi, start + at, &entry)) {
            index_entry(cfi, &entry, &room, &last);
            cfi_entry_end(&entry);
        }
        at += length;
    }
    if (cfi->index_count)
        qsort(cfi->index, cfi->index_count, sizeof(*cfi->index), by_start);
}

void cfi_end(struct cfi *cfi)
{
    free(cfi->index);
    *cfi = (struct cfi){0};
}
