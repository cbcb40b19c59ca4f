#include "unwind/binary.h"

#include <elf.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/xalloc.h"
#include "elf/image.h"

enum {
    /* Sections of CFI that have to be indexed or inflated; Chromium's have 60 MB. */
    SECTION_MAX = 256 * 1024 * 1024,
    /* _start of glibc and of ld.so have 40 bytes. */
    ENTRY_SIZE = 64,
    VDSO_MAX = 64 * 1024
};

struct binary {
    const struct dso *dso;
    struct space space;
    struct segment *segments;
    uint8_t *bytes; /* of the vDSO */
    uint64_t entry;
    struct cfi eh_frame;
    struct go_table go;
    struct go_start go_start; /* in_mstart 0: not found yet */

    /* .debug_frame, looked at when .eh_frame knows no answer */
    bool debug_frame_tried;
    struct cfi debug_frame;
    struct space debug_space;
    struct segment debug_segment;
    uint8_t *debug_bytes; /* inflated */
};

/* The kernel maps the same code into all 64-bit processes: ours will do. */
static uint8_t *copy_vdso(size_t *size)
{
    const uint8_t *start = (const uint8_t *)getauxval(AT_SYSINFO_EHDR); /* NOLINT */
    Elf64_Ehdr header;
    uint8_t *copy;
    size_t end;

    if (!start)
        return NULL;
    memcpy(&header, start, sizeof(header));
    /* The section headers come last. */
    end = header.e_shoff + (size_t)header.e_shnum * header.e_shentsize;
    if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || !header.e_shoff || end > VDSO_MAX)
        return NULL;
    copy = xalloc(end);
    memcpy(copy, start, end);
    *size = end;
    return copy;
}

static int open_image(struct binary *binary, struct image **image)
{
    const struct dso *dso = binary->dso;

    if (dso->kind == DSO_VDSO) {
        if (!binary->bytes)
            binary->bytes = copy_vdso(&binary->space.size);
        binary->space.bytes = binary->bytes;
        if (!binary->bytes)
            return -1;
        return image_open_memory(image, binary->bytes, binary->space.size, "[vdso]", NULL);
    }
    if (dso->kind != DSO_FILE || dso->fd < 0)
        return -1;
    binary->space.fd = dso->fd;
    return image_open(image, dso->fd, dso->path ? dso->path : "", NULL);
}

static bool section_header(struct image *image, const char *name, GElf_Shdr *header)
{
    Elf *elf = image_elf(image);
    Elf_Scn *scn = NULL;
    size_t names;

    if (elf_getshdrstrndx(elf, &names))
        return false;
    while ((scn = elf_nextscn(elf, scn))) {
        const char *text;

        if (!gelf_getshdr(scn, header))
            continue;
        text = elf_strptr(elf, names, header->sh_name);
        if (text && !strcmp(text, name))
            return header->sh_type != SHT_NOBITS && header->sh_size &&
                   header->sh_size <= SECTION_MAX;
    }
    return false;
}

static uint64_t header_address(struct image *image)
{
    size_t count = 0;

    if (elf_getphdrnum(image_elf(image), &count))
        return 0;
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr header;

        if (gelf_getphdr(image_elf(image), (int)i, &header) && header.p_type == PT_GNU_EH_FRAME)
            return header.p_vaddr;
    }
    return 0;
}

/* Bytes from `address` to the end of its segment, for an .eh_frame without a section header. */
static uint64_t rest_of_segment(const struct binary *binary, uint64_t address)
{
    for (size_t i = 0; i < binary->space.segment_count; i++) {
        const struct segment *segment = &binary->segments[i];

        if (address >= segment->address && address - segment->address < segment->file_size)
            return segment->file_size - (address - segment->address);
    }
    return 0;
}

static void find_eh_frame(struct binary *binary, struct image *image)
{
    uint64_t header = header_address(image), start = 0, size;
    GElf_Shdr section;

    if (header && cfi_from_header(&binary->eh_frame, &binary->space, header, &start))
        return;
    if (section_header(image, ".eh_frame", &section)) {
        start = section.sh_addr;
        size = section.sh_size;
    } else {
        size = start ? rest_of_segment(binary, start) : 0;
    }
    if (start && size && size <= SECTION_MAX)
        cfi_from_section(&binary->eh_frame, &binary->space, start, size, false);
}

/* Where Go's code starts: in the module's record in newer versions (runtime.moduledata.text),
 * else the text section, unless a C linker put something before it. */
static uint64_t go_text(const struct binary *binary, struct image *image)
{
    enum { TEXT_OFFSET = 176 };
    GElf_Shdr section;
    uint64_t text = 0;

    if (section_header(image, ".go.module", &section) && section.sh_size > TEXT_OFFSET + 8 &&
        space_read(&binary->space, section.sh_addr + TEXT_OFFSET, &text, 8) == 8 && text)
        return text;
    if (section_header(image, ".init", &section) || !section_header(image, ".text", &section))
        return 0;
    return section.sh_addr;
}

static void find_go_table(struct binary *binary, struct image *image)
{
    GElf_Shdr section;

    if (section_header(image, ".gopclntab", &section) ||
        section_header(image, ".data.rel.ro.gopclntab", &section))
        go_table_open(&binary->go, &binary->space, section.sh_addr, go_text(binary, image));
}

static void take_image(struct binary *binary, struct image *image)
{
    size_t count;
    const struct segment *segments = image_segments(image, &count);
    GElf_Ehdr header;

    binary->segments = xcalloc(count + 1, sizeof(*segments));
    if (count)
        memcpy(binary->segments, segments, count * sizeof(*segments));
    binary->space.segments = binary->segments;
    binary->space.segment_count = count;
    if (gelf_getehdr(image_elf(image), &header))
        binary->entry = header.e_entry;
    find_eh_frame(binary, image);
    find_go_table(binary, image);
}

struct binary *binary_new(const struct dso *dso, struct blocks *blocks)
{
    struct binary *binary = xcalloc(1, sizeof(*binary));
    struct image *image;

    binary->dso = dso;
    binary->space = (struct space){.blocks = blocks, .fd = -1, .id = dso->id};
    if (open_image(binary, &image)) {
        binary->debug_frame_tried = true;
        return binary;
    }
    take_image(binary, image);
    image_close(image);
    return binary;
}

void binary_free(struct binary *binary)
{
    if (!binary)
        return;
    cfi_end(&binary->eh_frame);
    cfi_end(&binary->debug_frame);
    free(binary->debug_bytes);
    free(binary->bytes);
    free(binary->segments);
    free(binary);
}

const struct space *binary_space(const struct binary *binary)
{
    return &binary->space;
}

/* Uncompressed it stays in the file, read piece by piece like the rest. */
static bool debug_frame_place(struct binary *binary, struct image *image,
                              const GElf_Shdr *header)
{
    struct section section;

    binary->debug_space = binary->space;
    if (header->sh_flags & SHF_COMPRESSED) {
        if (!image_section(image, ".debug_frame", SECTION_MAX, &section))
            return false;
        binary->debug_bytes = xalloc(section.size);
        memcpy(binary->debug_bytes, section.bytes, section.size);
        binary->debug_space.fd = -1;
        binary->debug_space.bytes = binary->debug_bytes;
        binary->debug_space.size = section.size;
        binary->debug_segment = (struct segment){.file_size = section.size};
    } else {
        binary->debug_segment =
            (struct segment){.offset = header->sh_offset, .file_size = header->sh_size};
    }
    binary->debug_segment.memory_size = binary->debug_segment.file_size;
    binary->debug_space.segments = &binary->debug_segment;
    binary->debug_space.segment_count = 1;
    return true;
}

static void find_debug_frame(struct binary *binary)
{
    struct image *image;
    GElf_Shdr header;

    binary->debug_frame_tried = true;
    if (open_image(binary, &image))
        return;
    if (section_header(image, ".debug_frame", &header) &&
        debug_frame_place(binary, image, &header))
        cfi_from_section(&binary->debug_frame, &binary->debug_space, 0,
                         binary->debug_segment.file_size, true);
    image_close(image);
}

bool binary_row(struct binary *binary, uint64_t address, struct cfi_row *row,
                const struct space **space)
{
    if (cfi_row_at(&binary->eh_frame, address, row)) {
        *space = &binary->space;
        return true;
    }
    if (binary->go.count)
        return false;
    if (!binary->debug_frame_tried)
        find_debug_frame(binary);
    *space = &binary->debug_space;
    return cfi_row_at(&binary->debug_frame, address, row);
}

bool binary_go_rule(const struct binary *binary, uint64_t address, struct rule *rule)
{
    return go_rule_at(&binary->go, address, rule);
}

bool binary_go_start(struct binary *binary, const struct arch *arch, uint64_t address,
                     struct go_start *start)
{
    if (!binary->go_start.in_mstart &&
        !go_start_at(&binary->go, arch, address, &binary->go_start))
        return false;
    *start = binary->go_start;
    return start->in_mstart == address;
}

bool binary_is_entry(const struct binary *binary, uint64_t address)
{
    return binary->entry && address >= binary->entry && address - binary->entry < ENTRY_SIZE;
}
