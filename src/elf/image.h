#ifndef FIQ_ELF_IMAGE_H
#define FIQ_ELF_IMAGE_H

#include <libelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "elf/build_id.h"

/*
 * An opened ELF file.  Belongs to one thread: libelf handles are not to be shared.  Two
 * threads open two images of one descriptor, as nothing here moves its offset.
 *
 * The file is read with pread, never mapped: a program that is overwritten in place while we
 * look must not raise SIGBUS.  Every offset in it is hostile.
 */
struct image;

/* Reads from `fd`, which stays the caller's and open.  `name` is for messages. */
int image_open(struct image **image, int fd, const char *name, struct error *err);
/* An ELF file in memory that the caller keeps (a vDSO). */
int image_open_memory(struct image **image, const void *bytes, size_t size, const char *name,
                      struct error *err);
void image_close(struct image *image);

/* A loaded part of the file (PT_LOAD). */
struct segment {
    uint64_t address, offset, file_size, memory_size;
    bool executable;
};
const struct segment *image_segments(const struct image *image, size_t *count);

/* From an offset in the file to the address that symbols, CFI and DWARF use, and back.  False
 * when no segment holds it; executable segments are preferred, as pages at the seam of two
 * segments belong to both. */
bool image_address(const struct image *image, uint64_t file_offset, uint64_t *address);
bool image_offset(const struct image *image, uint64_t address, uint64_t *file_offset);

/* A section's bytes, inflated when they are compressed; good as long as the image. */
struct section {
    const uint8_t *bytes;
    size_t size;
    uint64_t address; /* 0 when it is not loaded */
};
/* False when there is none, it holds no bytes (SHT_NOBITS), or cannot be read.  `limit` bounds
 * its size in bytes. */
bool image_section(struct image *image, const char *name, size_t limit,
                   struct section *section);

/* The same of a section that was found otherwise; NULL is no section. */
bool image_section_at(struct image *image, Elf_Scn *scn, size_t limit, struct section *section);

/* Whether there is such a section with bytes in the file; reads nothing of them. */
bool image_has_section(struct image *image, const char *name);

/* image_section() for what PT_GNU_EH_FRAME leads to, also without section headers. */
bool image_eh_frame_hdr(struct image *image, struct section *section);

const struct build_id *
image_build_id(const struct image *image);         /* size 0 when there is none */
uint16_t image_machine(const struct image *image); /* EM_X86_64 */
uint64_t image_file_size(const struct image *image);
/* Reads a part of the file; returns how many bytes, fewer where it ends. */
size_t image_read(const struct image *image, uint64_t offset, void *into, size_t size);
Elf *image_elf(struct image *image);
const char *image_name(const struct image *image);

/* Only the build ID of the file behind a descriptor; size 0 when it has none or is no ELF. */
void image_read_build_id(int fd, struct build_id *id);

#endif
