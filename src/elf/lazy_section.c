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
enum { PIECE_SHIFT = 14, PIECE = 1 << PIECE_SHIFT, INFLATED_AT_ONCE = 8 * PIECE };

/* The next one of that name behind *scn. */
static bool find(struct image *image, const char *name, Elf_Scn **scn, GElf_Shdr *header)
{
    size_t names;

    if (elf_getshdrstrndx(image_elf(image), &names))
        return false;
    while ((*scn = elf_nextscn(image_elf(image), *scn))) {
        const char *text;

        if (!gelf_getshdr(*scn, header) || header->sh_type == SHT_NOBITS || !header->sh_size)
            continue;
        text = elf_strptr(image_elf(image), names, header->sh_name);
        if (text && !strcmp(text, name))
            return true;
    }
    return false;
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

/* ---- compressed sections ---- */

/* How much a compressed section says it holds, and where its data lie in the file. */
struct packed {
    uint64_t offset, size, unpacked;
    uint32_t type;
};

/* A zlib stream on its way from the file into the section's bytes. */
struct inflation {
    z_stream stream;
    uint64_t next, left; /* of the file */
    size_t done;         /* bytes of the section that are there */
    uint8_t input[PIECE];
};

static void end_inflation(struct lazy_section *section)
{
    if (!section->inflation)
        return;
    inflateEnd(&section->inflation->stream);
    free(section->inflation);
    section->inflation = NULL;
}

/* The two bytes in front of the data, RFC 1950: no dictionary, a multiple of 31. */
static bool zlib_header(const uint8_t *bytes)
{
    return (bytes[0] & 0x0f) == Z_DEFLATED && !(bytes[1] & 0x20) &&
           (bytes[0] << 8 | bytes[1]) % 31 == 0;
}

/* The data without their checksum: who stops halfway never sees it, and what reads the bytes
 * trusts none of them anyway. */
static bool begin_inflation(struct lazy_section *section, const struct packed *packed)
{
    uint8_t header[2];
    struct inflation *inflation;

    if (packed->size < sizeof(header) ||
        image_read(section->image, packed->offset, header, sizeof(header)) != sizeof(header) ||
        !zlib_header(header))
        return false;
    inflation = xcalloc(1, sizeof(*inflation));
    inflation->next = packed->offset + sizeof(header);
    inflation->left = packed->size - sizeof(header);
    if (inflateInit2(&inflation->stream, -MAX_WBITS) != Z_OK) {
        free(inflation);
        return false;
    }
    section->inflation = inflation;
    return true;
}

static void refill(struct lazy_section *section)
{
    struct inflation *inflation = section->inflation;
    size_t wanted =
        inflation->left < sizeof(inflation->input) ? (size_t)inflation->left : PIECE;

    if (inflation->stream.avail_in)
        return;
    wanted = image_read(section->image, inflation->next, inflation->input, wanted);
    inflation->next += wanted;
    inflation->left = wanted ? inflation->left - wanted : 0;
    inflation->stream.next_in = inflation->input;
    inflation->stream.avail_in = (uInt)wanted;
}

/* So that the first `size` bytes are there. */
static void inflate_up_to(struct lazy_section *section, size_t size)
{
    struct inflation *inflation = section->inflation;

    while (inflation->done < size) {
        /* In large steps: zlib copies its window at the end of each. */
        size_t room = section->size - inflation->done;
        size_t step = room < INFLATED_AT_ONCE ? room : INFLATED_AT_ONCE;
        int state;

        refill(section);
        inflation->stream.next_out = section->bytes + inflation->done;
        inflation->stream.avail_out = (uInt)step;
        state = inflate(&inflation->stream, Z_NO_FLUSH);
        inflation->done += step - inflation->stream.avail_out;
        if (state != Z_OK)
            break;
    }
    if (inflation->done < size)
        section->damaged = true;
    if (section->damaged || inflation->done == section->size)
        end_inflation(section);
}

static bool unpack_zstd(struct lazy_section *section, const struct packed *packed)
{
#ifdef HAVE_ZSTD
    uint8_t *bytes = xalloc((size_t)packed->size);
    size_t got = image_read(section->image, packed->offset, bytes, (size_t)packed->size);
    size_t size = ZSTD_decompress(section->bytes, section->size, bytes, got);

    free(bytes);
    return !ZSTD_isError(size) && size == section->size;
#else
    (void)section;
    (void)packed;
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
    good = packed->type == ELFCOMPRESS_ZLIB ? begin_inflation(section, packed)
                                            : unpack_zstd(section, packed);
    if (!good)
        return error_set(err, EBADMSG, "%s: %s cannot be inflated", image_name(section->image),
                         name);
    return 0;
}

static int open_compressed(struct lazy_section *section, const GElf_Shdr *header,
                           const char *name, size_t *budget, struct error *err)
{
    uint64_t file = image_file_size(section->image);
    uint8_t bytes[sizeof(Elf64_Chdr)];
    struct cursor cursor = {.failed = true};
    struct packed packed = {0};

    if (header->sh_offset <= file && header->sh_size <= file - header->sh_offset &&
        header->sh_size >= sizeof(bytes))
        cursor = cursor_over(
            bytes, image_read(section->image, header->sh_offset, bytes, sizeof(bytes)));
    packed.type = cursor_u32(&cursor);
    cursor_skip(&cursor, 4);
    packed.unpacked = cursor_u64(&cursor);
    if (cursor.failed)
        return error_set(err, EBADMSG, "%s: damaged section %s", image_name(section->image),
                         name);
    packed.offset = header->sh_offset + sizeof(bytes);
    packed.size = header->sh_size - sizeof(bytes);
    return unpack(section, &packed, name, budget, err);
}

/* ".zdebug_info": "ZLIB" and the size in big-endian. */
static int open_old(struct lazy_section *section, struct image *image, const char *name,
                    size_t *budget, struct error *err)
{
    enum { HEADER = 12 };
    char *old = xasprintf(".z%s", name + 1);
    uint64_t file = image_file_size(image);
    uint8_t bytes[HEADER];
    GElf_Shdr header;
    Elf_Scn *scn = NULL;
    struct packed packed = {.type = ELFCOMPRESS_ZLIB};
    bool found = find(image, old, &scn, &header);

    free(old);
    if (!found || header.sh_size < HEADER || header.sh_offset > file ||
        header.sh_size > file - header.sh_offset ||
        image_read(image, header.sh_offset, bytes, HEADER) != HEADER ||
        memcmp(bytes, "ZLIB", 4))
        return -ENOENT;
    for (size_t i = 4; i < HEADER; i++)
        packed.unpacked = packed.unpacked << 8 | bytes[i];
    packed.offset = header.sh_offset + HEADER;
    packed.size = header.sh_size - HEADER;
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

int lazy_section_open_next(struct lazy_section *section, struct image *image, const char *name,
                           Elf_Scn **at, size_t *budget, struct error *err)
{
    GElf_Shdr header = {0};
    bool first = !*at;
    int failed;

    *section = (struct lazy_section){.image = image};
    if (!find(image, name, at, &header))
        failed = first && !strncmp(name, ".debug_", 7)
                     ? open_old(section, image, name, budget, err)
                     : -ENOENT;
    else if (header.sh_flags & SHF_COMPRESSED)
        failed = open_compressed(section, &header, name, budget, err);
    else
        failed = open_plain(section, &header, name, err);
    if (failed)
        lazy_section_close(section);
    else
        section->address = header.sh_addr;
    return failed;
}

int lazy_section_open(struct lazy_section *section, struct image *image, const char *name,
                      size_t *budget, struct error *err)
{
    Elf_Scn *at = NULL;

    return lazy_section_open_next(section, image, name, &at, budget, err);
}

void lazy_section_close(struct lazy_section *section)
{
    end_inflation(section);
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
    if (section->inflation)
        inflate_up_to(section, (size_t)(offset + size));
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
