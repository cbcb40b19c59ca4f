#ifndef FIQ_UNWIND_RULES_H
#define FIQ_UNWIND_RULES_H

#include "process/process.h"
#include "unwind/arch.h"
#include "unwind/cfi.h"
#include "unwind/rule.h"

/*
 * The rule of an address: found once, then remembered twice.  By (process generation, address)
 * in a cache that one cache line answers; by (file, offset) for all processes that run the
 * same file.
 */
struct rules;

struct rules *rules_new(const struct arch *arch);
void rules_free(struct rules *rules);

/* Says whose addresses are meant from now on. */
void rules_enter(struct rules *rules, const struct process *process);

/* The rule for the instruction at `address`; of a caller, that is its return address less
 * one. */
struct rule rules_find(struct rules *rules, uint64_t address);

/* The whole row behind a rule; false when there is no CFI.  Good until the next call.
 * Expressions in it are read from *space. */
const struct cfi_row *rules_row(struct rules *rules, uint64_t address,
                                const struct space **space);

/* Code around an address; what is not in a file is not known. */
struct code rules_code(struct rules *rules, uint64_t address);

/* Something is mapped there for execution. */
bool rules_executable(const struct rules *rules, uint64_t address);
const struct dso *rules_dso(const struct rules *rules, uint64_t address);

#endif
