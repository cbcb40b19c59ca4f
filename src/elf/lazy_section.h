#ifndef FIQ_ELF_LAZY_SECTION_H
#define FIQ_ELF_LAZY_SECTION_H

#include <stdbool.h>

#include "elf/image.h"

/*
 * A section of which only the parts that are asked for are read.
 *
 * Debugging information is large and most of it is never needed: address space is reserved for
 * the whole section, and pieces of it are read from the file when somebody looks at them.
 * Pointers stay good until lazy_section_close().  Sections compressed with zlib (.zdebug, too)
 * are inflated as far as somebody looks; those of zstd, where the library is there, whole when
 * they are opened.
 */
struct inflation;

struct lazy_section {
    uint8_t *bytes;
    size_t size;
    uint64_t address; /* 0 when it is not loaded */
    struct image *image;
    uint64_t file_offset;
    uint8_t *present;            /* a bit for each piece; NULL: all of it is there */
    struct inflation *inflation; /* under way; NULL: nothing is left to inflate */
    bool damaged;                /* could not be inflated to its end; the rest is zero */
};

/* 0; -ENOENT when there is none; otherwise why it cannot be read.  *budget bounds what
 * compressed sections may take in memory, and shrinks. */
int lazy_section_open(struct lazy_section *section, struct image *image, const char *name,
                      size_t *budget, struct error *err);
/* The next of that name behind *at, which is NULL for the first: objects (.dwo) may have one
 * for each group of sections.  *at moves on to it. */
int lazy_section_open_next(struct lazy_section *section, struct image *image, const char *name,
                           Elf_Scn **at, size_t *budget, struct error *err);
/* Zeroed sections are allowed. */
void lazy_section_close(struct lazy_section *section);

/* `size` bytes from `offset`, or NULL when the section ends before. */
const uint8_t *lazy_section_bytes(struct lazy_section *section, uint64_t offset, uint64_t size);
/* The text at `offset`, with its NUL inside of the section, or NULL. */
const char *lazy_section_string(struct lazy_section *section, uint64_t offset);

#endif
