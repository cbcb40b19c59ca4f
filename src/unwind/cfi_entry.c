#include "unwind/cfi_entry.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

enum { ENTRY_MAX = 256 * 1024 /* the largest seen, in generated parsers, are some 20 KB */ };

uint64_t cfi_entry_length(const struct cfi *cfi, uint64_t address)
{
    uint8_t bytes[12];
    struct cursor cursor =
        cursor_over(bytes, space_read(cfi->space, address, bytes, sizeof(bytes)));
    uint64_t length = cursor_u32(&cursor);

    if (cursor.failed)
        return 0;
    if (length != UINT32_MAX)
        return length + 4;
    length = cursor_u64(&cursor);
    return cursor.failed || length > UINT64_MAX - 12 ? 0 : length + 12;
}

void cfi_entry_end(struct cfi_entry *entry)
{
    free(entry->allocated);
}

bool cfi_entry_read(const struct cfi *cfi, uint64_t address, struct cfi_entry *entry)
{
    size_t got = space_read(cfi->space, address, entry->usual, sizeof(entry->usual));
    struct cursor cursor = cursor_over(entry->usual, got);
    uint64_t length = cursor_u32(&cursor);

    entry->address = address;
    entry->allocated = NULL;
    entry->wide = length == UINT32_MAX;
    if (entry->wide)
        length = cursor_u64(&cursor);
    entry->header = entry->wide ? 12 : 4;
    if (cursor.failed || !length || length > ENTRY_MAX)
        return false;
    entry->size = entry->header + (size_t)length;
    entry->bytes = entry->usual;
    if (entry->size <= got)
        return true;
    entry->bytes = entry->allocated = xalloc(entry->size);
    if (space_read(cfi->space, address, entry->bytes, entry->size) == entry->size)
        return true;
    cfi_entry_end(entry);
    return false;
}

static struct cursor entry_cursor(const struct cfi_entry *entry)
{
    return (struct cursor){.at = entry->bytes + entry->header,
                           .end = entry->bytes + entry->size};
}

uint64_t cfi_entry_address(const struct cfi_entry *entry, const struct cursor *cursor)
{
    return entry->address + (uint64_t)(cursor->at - entry->bytes);
}

static uint64_t read_format(struct cursor *cursor, uint8_t encoding)
{
    switch (encoding & PE_FORMAT) {
    case PE_ABSPTR:
    case PE_UDATA8:
    case PE_SDATA8:
        return cursor_u64(cursor);
    case PE_ULEB128:
        return cursor_varint(cursor);
    case PE_SLEB128:
        return (uint64_t)cursor_sleb128(cursor);
    case PE_UDATA2:
        return cursor_u16(cursor);
    case PE_SDATA2:
        return (uint64_t)(int16_t)cursor_u16(cursor);
    case PE_UDATA4:
        return cursor_u32(cursor);
    case PE_SDATA4:
        return (uint64_t)(int32_t)cursor_u32(cursor);
    default:
        cursor->failed = true;
        return 0;
    }
}

uint64_t cfi_read_pointer(struct cursor *cursor, uint8_t encoding, uint64_t address,
                          uint64_t data_base)
{
    uint64_t base = 0;

    if (encoding == PE_ALIGNED) {
        cursor_skip(cursor, (size_t)(-address & 7));
        return cursor_u64(cursor);
    }
    switch (encoding & PE_BASE) {
    case PE_ABSPTR:
        break;
    case PE_PCREL:
        base = address;
        break;
    case PE_DATAREL:
        base = data_base;
        break;
    default: /* relative to text or function: no toolchain of this machine writes them */
        cursor->failed = true;
        return 0;
    }
    if (encoding & PE_INDIRECT)
        cursor->failed = true; /* would have to read the target's data */
    return base + read_format(cursor, encoding);
}

static void read_augmentation(const struct cfi_entry *entry, struct cursor *cursor,
                              const char *letters, struct cfi_cie *cie)
{
    size_t size = (size_t)cursor_varint(cursor);
    const uint8_t *data = cursor_bytes(cursor, size);
    struct cursor inner;

    cie->has_augmentation_size = true;
    if (!data)
        return;
    inner = cursor_over(data, size);
    for (const char *letter = letters + 1; *letter; letter++) {
        switch (*letter) {
        case 'R':
            cie->fde_encoding = cursor_u8(&inner);
            break;
        case 'L':
            cursor_u8(&inner);
            break;
        case 'P': {
            uint8_t encoding = cursor_u8(&inner) & (uint8_t)~PE_INDIRECT;

            cfi_read_pointer(&inner, encoding, cfi_entry_address(entry, &inner), 0);
            break;
        }
        case 'S':
            cie->signal = true;
            break;
        case 'B':
            break;
        default: /* the size lets us skip what we do not know, but not what follows it */
            return;
        }
    }
    if (inner.failed)
        cursor->failed = true;
}

static bool parse_cie(const struct cfi *cfi, const struct cfi_entry *entry, struct cfi_cie *cie)
{
    struct cursor cursor = entry_cursor(entry);
    uint64_t id = entry->wide ? cursor_u64(&cursor) : cursor_u32(&cursor);
    uint64_t cie_id = !cfi->debug_frame ? 0 : entry->wide ? UINT64_MAX : UINT32_MAX;
    uint8_t version = cursor_u8(&cursor);
    const char *augmentation = cursor_string(&cursor);

    *cie = (struct cfi_cie){.fde_encoding = PE_ABSPTR};
    if (id != cie_id || (version != 1 && version != 3 && version != 4))
        return false;
    if (!strcmp(augmentation, "eh")) /* GCC 2 */
        cursor_u64(&cursor);
    if (version == 4 && (cursor_u8(&cursor) != 8 || cursor_u8(&cursor) != 0))
        return false;
    cie->code_align = cursor_varint(&cursor);
    cie->data_align = cursor_sleb128(&cursor);
    uint64_t ra = version == 1 ? cursor_u8(&cursor) : cursor_varint(&cursor);

    if (ra >= CFI_REGISTERS)
        return false;
    cie->ra = (uint8_t)ra;
    if (augmentation[0] == 'z')
        read_augmentation(entry, &cursor, augmentation, cie);
    else if (augmentation[0] && strcmp(augmentation, "eh") != 0)
        return false;
    cie->code = cursor.at;
    cie->code_size = cursor_left(&cursor);
    return !cursor.failed;
}

/* Where the entry's CIE lies; false when it is a CIE itself.  Moves past the pointer. */
static bool cie_of(const struct cfi *cfi, const struct cfi_entry *entry, struct cursor *cursor,
                   uint64_t *cie)
{
    uint64_t field = cfi_entry_address(entry, cursor);
    uint64_t pointer = entry->wide ? cursor_u64(cursor) : cursor_u32(cursor);

    if (cursor->failed)
        return false;
    if (!cfi->debug_frame) {
        *cie = field - pointer;
        return pointer != 0;
    }
    *cie = cfi->start + pointer;
    return pointer != (entry->wide ? UINT64_MAX : UINT32_MAX);
}

bool cfi_parse_fde(const struct cfi *cfi, const struct cfi_entry *entry,
                   const struct cfi_cie *cie, struct cfi_fde *fde)
{
    struct cursor cursor = entry_cursor(entry);
    uint64_t size;

    if (!cie_of(cfi, entry, &cursor, &fde->cie))
        return false;
    fde->start = cfi_read_pointer(&cursor, cie->fde_encoding, cfi_entry_address(entry, &cursor),
                                  cfi->header);
    size = read_format(&cursor, cie->fde_encoding);
    if (cie->has_augmentation_size)
        cursor_skip(&cursor, (size_t)cursor_varint(&cursor));
    fde->code = cursor;
    return !cursor.failed && !__builtin_add_overflow(fde->start, size, &fde->end);
}

bool cfi_cie_read(const struct cfi *cfi, uint64_t address, struct cfi_entry *entry,
                  struct cfi_cie *cie)
{
    if (!cfi_entry_read(cfi, address, entry))
        return false;
    if (parse_cie(cfi, entry, cie))
        return true;
    cfi_entry_end(entry);
    return false;
}

bool cfi_entry_cie(const struct cfi *cfi, const struct cfi_entry *entry, uint64_t *cie)
{
    struct cursor cursor = entry_cursor(entry);

    return cie_of(cfi, entry, &cursor, cie);
}
