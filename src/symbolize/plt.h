#ifndef FIQ_SYMBOLIZE_PLT_H
#define FIQ_SYMBOLIZE_PLT_H

#include "symbolize/symbol_table.h"

/* Names the stubs of the procedure linkage table, which have no symbols, after the functions
 * that they call; hits[].plt is set.  Where that is chosen when the program starts (IFUNC),
 * only hits[].resolver is known, the address of the function that chooses: it bears the same
 * name. For x86-64. */
void symbol_search_plt(struct symbol_search *search, struct image *image);

#endif
