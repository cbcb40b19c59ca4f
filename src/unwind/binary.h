#ifndef FIQ_UNWIND_BINARY_H
#define FIQ_UNWIND_BINARY_H

#include "process/process.h"
#include "unwind/cfi.h"
#include "unwind/go.h"
#include "unwind/rule.h"
#include "unwind/space.h"

/*
 * What unwinding keeps of a mapped file: where its CFI lies, a few hundred bytes.  The ELF
 * handle is closed again after that.
 */
struct binary;

/* Never NULL: a file that cannot be read has no CFI.  The dso outlives it. */
struct binary *binary_new(const struct dso *dso, struct blocks *blocks);
void binary_free(struct binary *binary);

/* Reads code and CFI at the file's own addresses. */
const struct space *binary_space(const struct binary *binary);

/* The row for an address, from .eh_frame, else from .debug_frame where there is no table of
 * Go's.  Expressions in it are read from *space. */
bool binary_row(struct binary *binary, uint64_t address, struct cfi_row *row,
                const struct space **space);

/* The rule for an address in Go code, which has no row. */
bool binary_go_rule(const struct binary *binary, uint64_t address, struct rule *rule);

/* See go_start_at(). */
bool binary_go_start(struct binary *binary, const struct arch *arch, uint64_t address,
                     struct go_start *start);

/* The address is in the first bytes after the entry point. */
bool binary_is_entry(const struct binary *binary, uint64_t address);

#endif
