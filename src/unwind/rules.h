#ifndef FIQ_UNWIND_RULES_H
#define FIQ_UNWIND_RULES_H

#include "base/hash.h"
#include "process/process.h"
#include "unwind/arch.h"
#include "unwind/cfi.h"
#include "unwind/go.h"
#include "unwind/rule.h"

/*
 * The rule of an address: found once, then remembered twice.  By (process generation, address)
 * in a cache that one cache line answers; by (file, offset) for all processes that run the
 * same file.
 */
struct rules;

/* The cache by address: sets of one cache line. */
enum { RULE_SETS = 16384, RULE_WAYS = 4 };
struct cached_rule {
    uint64_t key; /* address | generation << 48; 0: empty */
    struct rule rule;
};
struct rule_cache {
    struct cached_rule (*sets)[RULE_WAYS];
    uint64_t generation; /* of the process that was entered, in its place in the key */
};

static inline struct cached_rule *rule_cache_set(const struct rule_cache *cache, uint64_t key)
{
    return cache->sets[hash_multiply(key, 0x9e3779b97f4a7c15u) % RULE_SETS];
}

struct rules *rules_new(const struct arch *arch);
void rules_free(struct rules *rules);

/* Says whose addresses are meant from now on. */
void rules_enter(struct rules *rules, const struct process *process);

/* The moment for which made code is looked at. */
void rules_set_time(struct rules *rules, uint64_t time_ns);

/* Good as long as `rules`; its generation changes with rules_enter(). */
const struct rule_cache *rules_cache(const struct rules *rules);

/* The rule for the instruction at `address` when the cache does not know it. */
struct rule rules_find_uncached(struct rules *rules, uint64_t address);

/* The rule for the instruction at `address`; of a caller, that is its return address less
 * one. */
static inline struct rule rules_find(struct rules *rules, uint64_t address)
{
    const struct rule_cache *cache = rules_cache(rules);
    uint64_t key = address | cache->generation;
    const struct cached_rule *set = rule_cache_set(cache, key);

    for (unsigned way = 0; way < RULE_WAYS; way++)
        if (set[way].key == key)
            return set[way].rule;
    return rules_find_uncached(rules, address);
}

/* The whole row behind a rule; false when there is no CFI.  Good until the next call.
 * Expressions in it are read from *space. */
const struct cfi_row *rules_row(struct rules *rules, uint64_t address,
                                const struct space **space);

/* Code around an address; what is not in a file is not known. */
struct code rules_code(struct rules *rules, uint64_t address);

/* What the code of a file from `address` on says, where no CFI does; RULE_NONE when it says
 * nothing. */
struct rule rules_from_code(struct rules *rules, uint64_t address);

/* Whether a system call in front of `address` makes threads, and a new one, whose result of it
 * is 0, goes to code without a caller, as CFI says there. */
bool rules_new_thread_at(struct rules *rules, uint64_t address);

/* Code in memory only, as it is now: a system call. */
struct code rules_made_code(struct rules *rules, uint64_t address);

/* See go_start_at(); the addresses are those of the process. */
bool rules_go_start(struct rules *rules, uint64_t address, struct go_start *start);

/* It is code of Go's, which keeps frame pointers. */
bool rules_in_go(struct rules *rules, uint64_t address);

/* Something is mapped there for execution. */
bool rules_executable(const struct rules *rules, uint64_t address);
const struct dso *rules_dso(const struct rules *rules, uint64_t address);

#endif
