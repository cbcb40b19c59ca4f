#ifndef FIQ_UNWIND_CFI_ENTRY_H
#define FIQ_UNWIND_CFI_ENTRY_H

#include "base/cursor.h"
#include "unwind/cfi.h"

/*
 * The entries of .eh_frame and .debug_frame, taken apart: a CIE holds what several functions
 * share, an FDE is of one function.  Their instructions are for cfi_program.h.
 */

/* LSB, "DWARF Exception Header Encoding". */
enum {
    PE_ABSPTR = 0x00,
    PE_ULEB128 = 0x01,
    PE_UDATA2 = 0x02,
    PE_UDATA4 = 0x03,
    PE_UDATA8 = 0x04,
    PE_SLEB128 = 0x09,
    PE_SDATA2 = 0x0a,
    PE_SDATA4 = 0x0b,
    PE_SDATA8 = 0x0c,
    PE_FORMAT = 0x0f,
    PE_PCREL = 0x10,
    PE_DATAREL = 0x30,
    PE_ALIGNED = 0x50,
    PE_BASE = 0x70,
    PE_INDIRECT = 0x80,
    PE_OMIT = 0xff
};

enum { CFI_ENTRY_USUAL = 512 /* read in one go; most entries are far smaller */ };

/* A CIE or FDE read into memory. */
struct cfi_entry {
    uint64_t address; /* of its first byte in the space */
    uint8_t *bytes, *allocated;
    size_t size, header; /* all of it; the length field alone */
    bool wide;           /* 64-bit DWARF */
    uint8_t usual[CFI_ENTRY_USUAL];
};

struct cfi_cie {
    uint64_t code_align;
    int64_t data_align;
    uint8_t ra, fde_encoding;
    bool has_augmentation_size, signal;
    const uint8_t *code; /* in the entry it was parsed from */
    size_t code_size;
};

struct cfi_fde {
    uint64_t start, end, cie;
    struct cursor code;
};

/* False when there is none or it is too long.  To be ended with cfi_entry_end(). */
bool cfi_entry_read(const struct cfi *cfi, uint64_t address, struct cfi_entry *entry);
void cfi_entry_end(struct cfi_entry *entry);

/* Where the cursor stands, in the space. */
uint64_t cfi_entry_address(const struct cfi_entry *entry, const struct cursor *cursor);

/* The length of the entry at `address`, its length field included; 0 at the end. */
uint64_t cfi_entry_length(const struct cfi *cfi, uint64_t address);

/* Where the CIE of an FDE lies; false when the entry is a CIE itself. */
bool cfi_entry_cie(const struct cfi *cfi, const struct cfi_entry *entry, uint64_t *cie);

/* Reads a CIE; `cie` leads into `entry`, which is to be ended. */
bool cfi_cie_read(const struct cfi *cfi, uint64_t address, struct cfi_entry *entry,
                  struct cfi_cie *cie);

/* Takes an FDE apart; `fde` leads into `entry`. */
bool cfi_parse_fde(const struct cfi *cfi, const struct cfi_entry *entry,
                   const struct cfi_cie *cie, struct cfi_fde *fde);

/* A pointer whose field lies at `address`. */
uint64_t cfi_read_pointer(struct cursor *cursor, uint8_t encoding, uint64_t address,
                          uint64_t data_base);

#endif
