#ifndef FIQ_SYMBOLIZE_SYMBOL_TABLE_H
#define FIQ_SYMBOLIZE_SYMBOL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf/image.h"

/*
 * Which symbol covers an address, for many addresses in one pass over a table.
 *
 * The addresses are sorted; the table is not, and is not made so: each symbol looks for the
 * addresses that it covers.  A table of a million symbols thus costs one search in a small
 * array each, and nothing is kept.
 *
 * Of several symbols that cover an address the best is: function before object, sized before
 * unsized, global before local, the shortest; among equals the name with fewer underscores in
 * front, then the one that comes last.
 */
struct symbol_hit {
    const char *name; /* in the image's string table; NULL: none */
    uint64_t start, size;
    uint8_t kind; /* 0 object, 1 without type, 2 function */
    bool global, plt;
    uint64_t resolver; /* of a stub whose function is chosen at run time; 0: none (plt.h) */
};

/* A search in several tables, one after the other. */
struct symbol_search {
    const uint64_t *addresses; /* sorted, without repetition */
    size_t count;
    struct symbol_hit *hits; /* one an address */
    uint64_t budget;         /* comparisons left, against tables made to be slow */
    /* Private: the start that lies closest below each address, and its unsized symbol. */
    struct symbol_nearest *nearest;
};

void symbol_search_begin(struct symbol_search *search, const uint64_t *addresses, size_t count);
/* Addresses that no sized symbol covers get the unsized one before them. */
void symbol_search_end(struct symbol_search *search);

/* Every address has a sized function: further tables can add nothing. */
bool symbol_search_complete(const struct symbol_search *search);

/* SHT_SYMTAB or SHT_DYNSYM of the image, which must outlive the names.  False when there is no
 * such table. */
bool symbol_search_table(struct symbol_search *search, struct image *image, uint32_t type);

/* One symbol by hand. */
struct symbol {
    const char *name;
    uint64_t start, size;
    uint64_t limit; /* unsized symbols reach no further */
    uint8_t kind;
    bool global;
};
void symbol_search_offer(struct symbol_search *search, const struct symbol *symbol);

/* The bytes of such a table and its texts, which end in a NUL; empty when there is none. */
bool symbol_table_of(struct image *image, uint32_t type, struct section *symbols,
                     struct section *texts);

#endif
