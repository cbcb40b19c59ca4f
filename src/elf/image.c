#include "elf/image.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/xalloc.h"

enum { SEGMENTS_MAX = 4096, NOTE_MAX = 64 * 1024 };

struct image {
    Elf *elf;
    int fd; /* -1 for memory */
    char *name;
    uint64_t size;
    GElf_Ehdr header;
    struct segment *segments;
    size_t segment_count;
    uint64_t eh_frame_hdr, eh_frame_hdr_size; /* address; 0 when there is none */
    struct build_id build_id;
    uint8_t **copies; /* bytes read outside of libelf */
    size_t copy_count, copy_room;
};

size_t image_read(const struct image *image, uint64_t offset, void *into, size_t size)
{
    const uint8_t *raw;
    size_t raw_size;
    size_t got = 0;

    if (offset > image->size)
        return 0;
    if (size > image->size - offset)
        size = (size_t)(image->size - offset);
    if (image->fd < 0) {
        raw = (const uint8_t *)elf_rawfile(image->elf, &raw_size);
        if (!raw || offset + size > raw_size)
            return 0;
        memcpy(into, raw + offset, size);
        return size;
    }
    while (got < size) {
        ssize_t n = pread(image->fd, (uint8_t *)into + got, size - got, (off_t)(offset + got));

        if (n <= 0)
            break;
        got += (size_t)n;
    }
    return got;
}

static void find_build_id(const uint8_t *notes, size_t size, struct build_id *id)
{
    struct cursor cursor = cursor_over(notes, size);

    while (!cursor.failed && cursor_left(&cursor) >= 12 && !id->size) {
        uint32_t name_size = cursor_u32(&cursor);
        uint32_t content_size = cursor_u32(&cursor);
        uint32_t type = cursor_u32(&cursor);
        const uint8_t *name = cursor_bytes(&cursor, ((size_t)name_size + 3) & ~(size_t)3);
        const uint8_t *content = cursor_bytes(&cursor, content_size);

        if (content && type == NT_GNU_BUILD_ID && name_size == 4 && !memcmp(name, "GNU", 4)) {
            id->size =
                (uint8_t)(content_size < sizeof(id->bytes) ? content_size : sizeof(id->bytes));
            memcpy(id->bytes, content, id->size);
        }
        if (!cursor.failed && (content_size & 3))
            cursor_skip(&cursor, 4 - (content_size & 3));
    }
}

static void read_notes(struct image *image, uint64_t offset, uint64_t size)
{
    uint8_t *notes;

    if (image->build_id.size || !size)
        return;
    if (size > NOTE_MAX)
        size = NOTE_MAX;
    notes = xalloc((size_t)size);
    find_build_id(notes, image_read(image, offset, notes, (size_t)size), &image->build_id);
    free(notes);
}

static void add_segment(struct image *image, const GElf_Phdr *header)
{
    uint64_t end;

    /* Ends that wrap around are hostile. */
    if (__builtin_add_overflow(header->p_vaddr, header->p_memsz, &end) ||
        __builtin_add_overflow(header->p_offset, header->p_filesz, &end))
        return;
    image->segments[image->segment_count++] =
        (struct segment){.address = header->p_vaddr,
                         .offset = header->p_offset,
                         .file_size = header->p_filesz,
                         .memory_size = header->p_memsz,
                         .executable = (header->p_flags & PF_X) != 0};
}

static void read_program_headers(struct image *image)
{
    size_t count = 0;

    if (elf_getphdrnum(image->elf, &count) || count > SEGMENTS_MAX)
        return;
    image->segments = xcalloc(count, sizeof(*image->segments));
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr header;

        if (!gelf_getphdr(image->elf, (int)i, &header))
            continue;
        switch (header.p_type) {
        case PT_LOAD:
            add_segment(image, &header);
            break;
        case PT_NOTE:
            read_notes(image, header.p_offset, header.p_filesz);
            break;
        case PT_GNU_EH_FRAME:
            image->eh_frame_hdr = header.p_vaddr;
            image->eh_frame_hdr_size = header.p_filesz;
            break;
        default:
            break;
        }
    }
}

/* Debug files keep their notes as a section only. */
static void read_note_sections(struct image *image)
{
    Elf_Scn *scn = NULL;

    while (!image->build_id.size && (scn = elf_nextscn(image->elf, scn))) {
        GElf_Shdr header;

        if (gelf_getshdr(scn, &header) && header.sh_type == SHT_NOTE)
            read_notes(image, header.sh_offset, header.sh_size);
    }
}

static int take_elf(struct image *image, struct error *err)
{
    if (!image->elf || elf_kind(image->elf) != ELF_K_ELF)
        return error_set(err, EBADMSG, "%s is not an ELF file", image->name);
    if (!gelf_getehdr(image->elf, &image->header))
        return error_set(err, EBADMSG, "%s: damaged ELF header", image->name);
    if (gelf_getclass(image->elf) != ELFCLASS64)
        return error_set(err, ENOTSUP, "%s is a 32-bit program", image->name);
    if (image->header.e_ident[EI_DATA] != ELFDATA2LSB)
        return error_set(err, ENOTSUP, "%s is big-endian", image->name);
    read_program_headers(image);
    if (!image->build_id.size)
        read_note_sections(image);
    return 0;
}

static struct image *image_new(const char *name)
{
    struct image *image = xcalloc(1, sizeof(*image));

    elf_version(EV_CURRENT);
    image->name = xstrdup(name);
    image->fd = -1;
    return image;
}

static int finish(struct image *image, struct image **result, struct error *err)
{
    int failed = take_elf(image, err);

    if (failed)
        image_close(image);
    else
        *result = image;
    return failed;
}

int image_open(struct image **result, int fd, const char *name, struct error *err)
{
    struct image *image = image_new(name);
    struct stat file;

    if (fstat(fd, &file) || !S_ISREG(file.st_mode)) {
        image_close(image);
        return error_set(err, EBADMSG, "%s is not a regular file", name);
    }
    image->fd = fd;
    image->size = (uint64_t)file.st_size;
    image->elf = elf_begin(fd, ELF_C_READ, NULL);
    return finish(image, result, err);
}

int image_open_memory(struct image **result, const void *bytes, size_t size, const char *name,
                      struct error *err)
{
    struct image *image = image_new(name);
    uint8_t *copy = xalloc(size);

    /* libelf takes a pointer to change; it gets a copy. */
    memcpy(copy, bytes, size);
    image->copies = xgrow(NULL, &image->copy_room, 1, sizeof(*image->copies));
    image->copies[image->copy_count++] = copy;
    image->size = size;
    image->elf = elf_memory((char *)copy, size);
    return finish(image, result, err);
}

void image_close(struct image *image)
{
    if (!image)
        return;
    elf_end(image->elf);
    for (size_t i = 0; i < image->copy_count; i++)
        free(image->copies[i]);
    free(image->copies);
    free(image->segments);
    free(image->name);
    free(image);
}

const struct segment *image_segments(const struct image *image, size_t *count)
{
    *count = image->segment_count;
    return image->segments;
}

bool image_address(const struct image *image, uint64_t file_offset, uint64_t *address)
{
    const struct segment *found = NULL;

    for (size_t i = 0; i < image->segment_count; i++) {
        const struct segment *segment = &image->segments[i];

        if (file_offset < segment->offset ||
            file_offset - segment->offset >= segment->file_size)
            continue;
        if (!found || segment->executable)
            found = segment;
        if (segment->executable)
            break;
    }
    if (found)
        *address = found->address + (file_offset - found->offset);
    return found != NULL;
}

bool image_offset(const struct image *image, uint64_t address, uint64_t *file_offset)
{
    for (size_t i = 0; i < image->segment_count; i++) {
        const struct segment *segment = &image->segments[i];

        if (address >= segment->address && address - segment->address < segment->file_size) {
            *file_offset = segment->offset + (address - segment->address);
            return true;
        }
    }
    return false;
}

static Elf_Scn *find_section(struct image *image, const char *name, GElf_Shdr *header)
{
    Elf_Scn *scn = NULL;
    size_t names;

    if (elf_getshdrstrndx(image->elf, &names))
        return NULL;
    while ((scn = elf_nextscn(image->elf, scn))) {
        const char *text;

        if (!gelf_getshdr(scn, header))
            continue;
        text = elf_strptr(image->elf, names, header->sh_name);
        if (text && !strcmp(text, name))
            return scn;
    }
    return NULL;
}

bool image_has_section(struct image *image, const char *name)
{
    GElf_Shdr header;

    return find_section(image, name, &header) && header.sh_type != SHT_NOBITS && header.sh_size;
}

bool image_section_at(struct image *image, Elf_Scn *scn, size_t limit, struct section *section)
{
    GElf_Shdr header;
    Elf_Data *data;

    if (!scn || !gelf_getshdr(scn, &header) || header.sh_type == SHT_NOBITS ||
        !header.sh_size || header.sh_size > limit)
        return false;
    if (header.sh_flags & SHF_COMPRESSED) {
        GElf_Chdr compressed;

        /* The size is the file's claim: checked before anything is allocated for it. */
        if (!gelf_getchdr(scn, &compressed) || compressed.ch_size > limit ||
            elf_compress(scn, 0, 0) < 0)
            return false;
    } else if (header.sh_offset > image->size ||
               header.sh_size > image->size - header.sh_offset) {
        return false;
    }
    data = elf_rawdata(scn, NULL);
    if (!data || !data->d_buf || !data->d_size)
        return false;
    *section =
        (struct section){.bytes = data->d_buf, .size = data->d_size, .address = header.sh_addr};
    return true;
}

bool image_section(struct image *image, const char *name, size_t limit, struct section *section)
{
    GElf_Shdr header;

    return image_section_at(image, find_section(image, name, &header), limit, section);
}

bool image_eh_frame_hdr(struct image *image, struct section *section)
{
    uint64_t offset;
    size_t size = (size_t)image->eh_frame_hdr_size;
    uint8_t *copy;

    if (!image->eh_frame_hdr || !size || size > image->size ||
        !image_offset(image, image->eh_frame_hdr, &offset))
        return false;
    copy = xalloc(size);
    image->copies =
        xgrow(image->copies, &image->copy_room, image->copy_count + 1, sizeof(*image->copies));
    image->copies[image->copy_count++] = copy;
    *section = (struct section){.bytes = copy,
                                .size = image_read(image, offset, copy, size),
                                .address = image->eh_frame_hdr};
    return section->size != 0;
}

const struct build_id *image_build_id(const struct image *image)
{
    return &image->build_id;
}

uint16_t image_machine(const struct image *image)
{
    return image->header.e_machine;
}

uint64_t image_file_size(const struct image *image)
{
    return image->size;
}

Elf *image_elf(struct image *image)
{
    return image->elf;
}

const char *image_name(const struct image *image)
{
    return image->name;
}

void image_read_build_id(int fd, struct build_id *id)
{
    struct image *image;

    *id = (struct build_id){0};
    if (image_open(&image, fd, "", NULL))
        return;
    *id = image->build_id;
    image_close(image);
}
