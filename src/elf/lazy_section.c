#include "elf/lazy_section.h"

#include <errno.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <zlib.h>

#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#include "base/cursor.h"
#include "base/xalloc.h"

#ifndef ELFCOMPRESS_ZSTD
#define ELFCOMPRESS_ZSTD 2
#endif

/* Pieces of this size are read at a time: large enough for a call, small enough that looking at
 * the head of each unit does not read everything. */
enum { PIECE_SHIFT = 14, PIECE = 1 << PIECE_SHIFT };

static Elf_Scn *find(struct image *image, const char *name, GElf_Shdr *header)
{
    Elf_Scn *scn = NULL;
    size_t names;

    if (elf_getshdrstrndx(image_elf(image), &names))
        return NULL;
    while ((scn = elf_nextscn(image_elf(image), scn))) {
        const char *text;

        if (!gelf_getshdr(scn, header) || header->sh_type == SHT_NOBITS || !header->sh_size)
            continue;
        text = elf_strptr(image_elf(image), names, header->sh_name);
        if (text && !strcmp(text, name))
            return scn;
    }
    return NULL;
}

static int reserve(struct lazy_section *section, size_t size, struct error *err)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (memory == MAP_FAILED)
        return error_set(err, ENOMEM, "no room for a section of %zu bytes", size);
    section->bytes = memory;
    section->size = size;
    return 0;
}

/* How much a compressed section says it holds, and where its data start. */
struct packed {
    const uint8_t *bytes;
    size_t size;
    uint64_t unpacked;
    uint32_t type;
};

static bool unpack_zlib(const struct packed *packed, uint8_t *into)
{
    uLongf size = packed->unpacked;

    return uncompress(into, &size, packed->bytes, packed->size) == Z_OK &&
           size == packed->unpacked;
}

static bool unpack_zstd(const struct packed *packed, uint8_t *into)
{
#ifdef HAVE_ZSTD
    size_t size = ZSTD_decompress(into, (size_t)packed->unpacked, packed->bytes, packed->size);

    return !ZSTD_isError(size) && size == packed->unpacked;
#else
    (void)packed;
    (void)into;
    return false;
#endif
}

static int unpack(struct lazy_section *section, const struct packed *packed, const char *name,
                  size_t *budget, struct error *err)
{
    bool good;
    int failed;

#ifndef HAVE_ZSTD
    if (packed->type == ELFCOMPRESS_ZSTD)
        return error_set(err, ENOTSUP,
                         "%s: %s is compressed with zstd, which this fiq was built without",
                         image_name(section->image), name);
#endif
    if (packed->type != ELFCOMPRESS_ZLIB && packed->type != ELFCOMPRESS_ZSTD)
        return error_set(err, ENOTSUP, "%s: %s is compressed in an unknown way",
                         image_name(section->image), name);
    if (!packed->unpacked || packed->unpacked > *budget)
        return error_set(err, EBADMSG, "%s: %s is too large when inflated (%llu bytes)",
                         image_name(section->image), name,
                         (unsigned long long)packed->unpacked);
    failed = reserve(section, (size_t)packed->unpacked, err);
    if (failed)
        return failed;
    *budget -= (size_t)packed->unpacked;
    good = packed->type == ELFCOMPRESS_ZLIB ? unpack_zlib(packed, section->bytes)
                                            : unpack_zstd(packed, section->bytes);
    if (!good)
        return error_set(err, EBADMSG, "%s: %s cannot be inflated", image_name(section->image),
                         name);
    return 0;
}

static int open_compressed(struct lazy_section *section, Elf_Scn *scn, const GElf_Shdr *header,
                           const char *name, size_t *budget, struct error *err)
{
    Elf_Data *data = NULL;
    GElf_Chdr compressed;
    struct packed packed;

    if (header->sh_offset <= image_file_size(section->image) &&
        header->sh_size <= image_file_size(section->image) - header->sh_offset)
        data = elf_rawdata(scn, NULL);
    if (!data || !data->d_buf || data->d_size < sizeof(Elf64_Chdr) ||
        !gelf_getchdr(scn, &compressed))
        return error_set(err, EBADMSG, "%s: damaged section %s", image_name(section->image),
                         name);
    packed = (struct packed){.bytes = (const uint8_t *)data->d_buf + sizeof(Elf64_Chdr),
                             .size = data->d_size - sizeof(Elf64_Chdr),
                             .unpacked = compressed.ch_size,
                             .type = compressed.ch_type};
    return unpack(section, &packed, name, budget, err);
}

/* ".zdebug_info": "ZLIB" and the size in big-endian. */
static int open_old(struct lazy_section *section, struct image *image, const char *name,
                    size_t *budget, struct error *err)
{
    char *old = xasprintf(".z%s", name + 1);
    struct section raw;
    bool found = image_section(image, old, SIZE_MAX, &raw);
    struct packed packed = {.type = ELFCOMPRESS_ZLIB};

    free(old);
    if (!found || raw.size < 12 || memcmp(raw.bytes, "ZLIB", 4))
        return -ENOENT;
    for (size_t i = 4; i < 12; i++)
        packed.unpacked = packed.unpacked << 8 | raw.bytes[i];
    packed.bytes = raw.bytes + 12;
    packed.size = raw.size - 12;
    return unpack(section, &packed, name, budget, err);
}

static int open_plain(struct lazy_section *section, const GElf_Shdr *header, const char *name,
                      struct error *err)
{
    int failed;

    if (header->sh_offset > image_file_size(section->image) ||
        header->sh_size > image_file_size(section->image) - header->sh_offset)
        return error_set(err, EBADMSG, "%s: section %s reaches past the end of the file",
                         image_name(section->image), name);
    failed = reserve(section, (size_t)header->sh_size, err);
    if (failed)
        return failed;
    section->file_offset = header->sh_offset;
    section->present = xcalloc(1, (section->size >> PIECE_SHIFT) / 8 + 1);
    return 0;
}

int lazy_section_open(struct lazy_section *section, struct image *image, const char *name,
                      size_t *budget, struct error *err)
{
    GElf_Shdr header;
    Elf_Scn *scn = find(image, name, &header);
    int failed;

    *section = (struct lazy_section){.image = image};
    if (!scn)
        failed = !strncmp(name, ".debug_", 7) ? open_old(section, image, name, budget, err)
                                              : -ENOENT;
    else if (header.sh_flags & SHF_COMPRESSED)
        failed = open_compressed(section, scn, &header, name, budget, err);
    else
        failed = open_plain(section, &header, name, err);
    if (failed)
        lazy_section_close(section);
    return failed;
}

void lazy_section_close(struct lazy_section *section)
{
    if (section->bytes)
        munmap(section->bytes, section->size);
    free(section->present);
    *section = (struct lazy_section){0};
}

static bool piece_is_present(const struct lazy_section *section, size_t piece)
{
    return section->present[piece / 8] >> (piece % 8) & 1;
}

/* Reads the pieces from `piece` on that are missing, up to `last`, in one go. */
static void read_pieces(struct lazy_section *section, size_t piece, size_t last)
{
    while (piece <= last) {
        size_t end = piece;
        size_t from = piece << PIECE_SHIFT;
        size_t to;

        while (end <= last && !piece_is_present(section, end)) {
            section->present[end / 8] |= (uint8_t)(1u << (end % 8));
            end++;
        }
        to = end << PIECE_SHIFT < section->size ? end << PIECE_SHIFT : section->size;
        /* What cannot be read stays zero. */
        if (end > piece)
            image_read(section->image, section->file_offset + from, section->bytes + from,
                       to - from);
        piece = end > piece ? end : piece + 1;
    }
}

const uint8_t *lazy_section_bytes(struct lazy_section *section, uint64_t offset, uint64_t size)
{
    if (offset > section->size || size > section->size - offset || !section->bytes)
        return NULL;
    if (section->present && size)
        read_pieces(section, (size_t)offset >> PIECE_SHIFT,
                    (size_t)(offset + size - 1) >> PIECE_SHIFT);
    if (section->present && size == section->size) {
        free(section->present); /* from now on nothing needs to be looked up */
        section->present = NULL;
    }
    return section->bytes + offset;
}

const char *lazy_section_string(struct lazy_section *section, uint64_t offset)
{
    uint64_t at = offset;

    while (at < section->size) {
        uint64_t next = (at & ~(uint64_t)(PIECE - 1)) + PIECE;
        const uint8_t *bytes;

        if (next > section->size)
            next = section->size;
        bytes = lazy_section_bytes(section, at, next - at);
        if (!bytes)
            return NULL;
        if (memchr(bytes, 0, (size_t)(next - at)))
            return (const char *)section->bytes + offset;
        at = next;
    }
    return NULL;
}
