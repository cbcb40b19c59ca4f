#ifndef FIQ_SYMBOLIZE_BINARY_H
#define FIQ_SYMBOLIZE_BINARY_H

#include "elf/debug_file.h"
#include "process/process.h"
#include "symbolize/debuginfod.h"
#include "symbolize/dwarf.h"
#include "symbolize/symbol_table.h"
#include "symbolize/symbolize.h"

/*
 * A program or library with all that names its code: its own tables and those of its separate
 * debug file.  Opened when an address of it needs a name; what its files turn out to be is
 * checked against what was running.
 */
struct binary;

/* Never NULL; binary_failure() says what was in the way. */
struct binary *binary_open(const struct dso *dso, const struct symbolizer_options *options,
                           struct debuginfod *servers);
void binary_close(struct binary *binary);

/* NULL, or why the file cannot be used: a sentence. */
const char *binary_failure(const struct binary *binary);
/* Neither it nor a debug file has a symbol table. */
bool binary_is_stripped(const struct binary *binary);
struct image *binary_image(struct binary *binary); /* NULL after a failure */

/* Symbols for sorted addresses of the image; the names live as long as the binary. */
void binary_symbols(struct binary *binary, const uint64_t *addresses, size_t count,
                    struct symbol_hit *hits);

/* Inlined calls and lines for sorted addresses, one chain each (empty without DWARF); the
 * frames are good until the next call.  NULL when there is neither DWARF nor Go's table. */
const struct dwarf_frame *binary_chains(struct binary *binary, const uint64_t *addresses,
                                        size_t count, struct dwarf_chain *chains);
/* Gives back what the last call of binary_chains() had read, which may be hundreds of
 * megabytes; the next call reads again what it needs. */
void binary_trim(struct binary *binary);
/* What of its debugging information was not to be had, as a sentence; or NULL. */
const char *binary_complaint(const struct binary *binary);

#endif
