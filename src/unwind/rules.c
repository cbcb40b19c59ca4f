#include "unwind/rules.h"

#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "base/hash.h"
#include "base/map.h"
#include "base/xalloc.h"
#include "unwind/binary.h"
#include "unwind/jit_cfi.h"

enum {
    CACHE_SIZE = RULE_SETS * RULE_WAYS * sizeof(struct cached_rule),
    GENERATION_MAX = UINT16_MAX,
    LOCATIONS_MAX = 512 * 1024, /* remembered per file and offset; 24 bytes each */
    ROWS_MAX = 2048,            /* whole rows; some 300 bytes each */
    MADE_KEPT = 256             /* a power of two */
};

/* Code that was read from a process. */
struct made_code {
    uint64_t key; /* as that of the cache */
    struct code code;
};

struct row {
    struct cfi_row row;
    const struct space *space;
};

struct rules {
    struct rule_cache cache; /* first: rules_cache() is called for each frame */
    const struct arch *arch;
    const struct process *process;
    uint32_t process_generation, generation_count;
    struct map generations; /* of a process → ours, which have 16 bits */

    uint64_t time_ns;
    struct jit_cfi *made;
    struct made_code made_codes[MADE_KEPT];

    struct blocks *blocks;
    struct binary **binaries; /* by dso id */
    size_t binary_room;

    struct map locations; /* dso and offset → index in `kinds` */
    struct map walked;    /* the same, of rules that follow from the code */
    struct map kind_index;
    struct rule *kinds; /* each different rule once */
    size_t kind_count, kind_room;

    struct map row_index; /* dso and offset → index in `rows` */
    struct row *rows;
    size_t row_count;
    struct row uncached;
};

struct rules *rules_new(const struct arch *arch)
{
    struct rules *rules = xcalloc(1, sizeof(*rules));

    rules->arch = arch;
    rules->cache.sets = aligned_alloc(64, CACHE_SIZE);
    if (!rules->cache.sets)
        abort();
    memset(rules->cache.sets, 0, CACHE_SIZE);
    rules->blocks = blocks_new();
    rules->made = jit_cfi_new();
    rules->rows = xcalloc(ROWS_MAX, sizeof(*rules->rows));
    return rules;
}

void rules_free(struct rules *rules)
{
    if (!rules)
        return;
    for (size_t i = 0; i < rules->binary_room; i++)
        binary_free(rules->binaries[i]);
    free(rules->binaries);
    blocks_free(rules->blocks);
    jit_cfi_free(rules->made);
    map_free(&rules->generations);
    map_free(&rules->locations);
    map_free(&rules->walked);
    map_free(&rules->kind_index);
    map_free(&rules->row_index);
    free(rules->kinds);
    free(rules->rows);
    free(rules->cache.sets);
    free(rules);
}

/* 16 bits are enough for those that matter at a time; when they run out, all start anew. */
static uint64_t short_generation(struct rules *rules, uint32_t generation)
{
    uint32_t *place = map_at(&rules->generations, generation);

    if (*place != UINT32_MAX)
        return *place;
    if (rules->generation_count == GENERATION_MAX) {
        memset(rules->cache.sets, 0, CACHE_SIZE);
        map_free(&rules->generations);
        rules->generation_count = 0;
        place = map_at(&rules->generations, generation);
    }
    *place = ++rules->generation_count;
    return *place;
}

void rules_enter(struct rules *rules, const struct process *process)
{
    uint32_t generation = process_generation(process);

    rules->process = process;
    if (rules->cache.generation && generation == rules->process_generation)
        return;
    rules->process_generation = generation;
    rules->cache.generation = short_generation(rules, generation) << 48;
}

void rules_set_time(struct rules *rules, uint64_t time_ns)
{
    rules->time_ns = time_ns;
}

static struct binary *binary_of(struct rules *rules, const struct dso *dso)
{
    if (dso->id >= rules->binary_room) {
        size_t before = rules->binary_room;

        rules->binaries = xgrow(rules->binaries, &rules->binary_room, (size_t)dso->id + 1,
                                sizeof(struct binary *));
        memset(rules->binaries + before, 0,
               (rules->binary_room - before) * sizeof(struct binary *));
    }
    if (!rules->binaries[dso->id])
        rules->binaries[dso->id] = binary_new(dso, rules->blocks);
    return rules->binaries[dso->id];
}

/* What an address is in its file. */
struct place {
    struct binary *binary;
    uint64_t address; /* as the file's CFI says it */
    uint64_t key;     /* of dso and offset */
};

static bool in_file(const struct dso *dso)
{
    return dso->kind == DSO_FILE || dso->kind == DSO_VDSO;
}

static bool place_of(struct rules *rules, const struct mapping *mapping, uint64_t address,
                     struct place *place)
{
    uint64_t offset = address - mapping->start + mapping->file_offset;

    if (!in_file(mapping->dso))
        return false;
    place->binary = binary_of(rules, mapping->dso);
    place->key = (uint64_t)mapping->dso->id << 40 | (offset & ((UINT64_C(1) << 40) - 1));
    return space_address(binary_space(place->binary), offset, &place->address);
}

static bool find_place(struct rules *rules, uint64_t address, struct place *place)
{
    const struct mapping *mapping = process_mapping(rules->process, address);

    return mapping && place_of(rules, mapping, address, place);
}

static struct code code_at(const struct place *place, int64_t shift)
{
    const struct space *space = binary_space(place->binary);
    uint64_t address = place->address + (uint64_t)shift;
    struct code code = {.before = CODE_BEFORE};

    code.after = (unsigned)space_read(space, address, code.bytes + CODE_BEFORE, CODE_AFTER);
    /* Fewer where the segment begins close by, as that of a program that starts with _start. */
    while (code.before &&
           space_read(space, address - code.before, code.bytes + CODE_BEFORE - code.before,
                      code.before) != code.before)
        code.before--;
    return code;
}

static struct rule rule_from_file(const struct rules *rules, const struct place *place)
{
    const struct arch *arch = rules->arch;
    const struct space *space;
    struct cfi_row row;
    struct rule rule;
    struct code here = code_at(place, 0), next = code_at(place, 1);

    /* The address may be one less than a return address, with code behind it that nothing
     * calls and no CFI describes. */
    if (arch->is_sigreturn(&here) || arch->is_sigreturn(&next))
        return (struct rule){.kind = RULE_SIGNAL};
    if (arch->is_end(&next))
        return (struct rule){.kind = RULE_END};
    if (binary_row(place->binary, place->address, &row, &space))
        return arch->rule_of_row(&row, space);
    if (binary_go_rule(place->binary, place->address, &rule))
        return rule;
    if (binary_is_entry(place->binary, place->address))
        return (struct rule){.kind = RULE_END};
    /* The kernel is in the system call still, and the frame where it was. */
    if (arch->in_sigreturn(&here))
        return (struct rule){.kind = RULE_SIGNAL};
    return (struct rule){.kind = RULE_NONE};
}

static uint32_t kind_id(struct rules *rules, struct rule rule)
{
    uint64_t bits;
    uint32_t *id;

    memcpy(&bits, &rule, sizeof(bits));
    id = map_at(&rules->kind_index, bits);
    if (*id == UINT32_MAX) {
        rules->kinds = xgrow(rules->kinds, &rules->kind_room, rules->kind_count + 1,
                             sizeof(*rules->kinds));
        rules->kinds[rules->kind_count] = rule;
        *id = (uint32_t)rules->kind_count++;
    }
    return *id;
}

static void forget_locations(struct rules *rules)
{
    map_free(&rules->locations);
    map_free(&rules->walked);
    map_free(&rules->kind_index);
    rules->kind_count = 0;
}

static struct rule rule_in_file(struct rules *rules, const struct mapping *mapping,
                                uint64_t address)
{
    struct place place;
    struct rule rule;
    uint32_t id;

    if (!place_of(rules, mapping, address, &place))
        return (struct rule){.kind = RULE_NONE};
    id = map_get(&rules->locations, place.key);
    if (id != UINT32_MAX)
        return rules->kinds[id];
    rule = rule_from_file(rules, &place);
    if (rules->locations.count == LOCATIONS_MAX)
        forget_locations(rules);
    map_set(&rules->locations, place.key, kind_id(rules, rule));
    return rule;
}

static bool row_of_made_code(struct rules *rules, const struct dso *dso, uint64_t address,
                             struct cfi_row *row, const struct space **space)
{
    const struct jit_function *function = jit_code_find(dso->code, address, rules->time_ns);

    return function && jit_cfi_row(rules->made, dso, function, address, row, space);
}

static struct rule rule_of_made_code(struct rules *rules, const struct dso *dso,
                                     uint64_t address)
{
    const struct space *space;
    struct cfi_row row;

    if (!row_of_made_code(rules, dso, address, &row, &space))
        return (struct rule){.kind = RULE_NONE};
    return rules->arch->rule_of_row(&row, space);
}

static struct rule look_up(struct rules *rules, uint64_t address, bool *keep)
{
    const struct mapping *mapping = process_mapping(rules->process, address);

    *keep = mapping && !mapping->dso->code;
    if (!mapping)
        return (struct rule){.kind = RULE_NONE};
    if (mapping->dso->code)
        return rule_of_made_code(rules, mapping->dso, address);
    if (mapping->dso->kind == DSO_VSYSCALL) /* its three stubs only return */
        return (struct rule){.kind = RULE_SP, .cfa = 8};
    return rule_in_file(rules, mapping, address);
}

const struct rule_cache *rules_cache(const struct rules *rules)
{
    return &rules->cache;
}

struct rule rules_find_uncached(struct rules *rules, uint64_t address)
{
    uint64_t key = address | rules->cache.generation;
    struct cached_rule *set = rule_cache_set(&rules->cache, key);
    bool keep;
    struct rule rule = look_up(rules, address, &keep);

    if (keep && !(address >> 48)) {
        memmove(set + 1, set, (RULE_WAYS - 1) * sizeof(*set));
        set[0] = (struct cached_rule){.key = key, .rule = rule};
    }
    return rule;
}

const struct cfi_row *rules_row(struct rules *rules, uint64_t address,
                                const struct space **space)
{
    const struct mapping *mapping = process_mapping(rules->process, address);
    struct place place;
    struct row *row;
    uint32_t id;

    if (mapping && mapping->dso->code) {
        row = &rules->uncached;
        if (!row_of_made_code(rules, mapping->dso, address, &row->row, space))
            return NULL;
        return &row->row;
    }
    if (!mapping || !place_of(rules, mapping, address, &place))
        return NULL;
    id = map_get(&rules->row_index, place.key);
    row = id == UINT32_MAX ? &rules->uncached : &rules->rows[id];
    if (id == UINT32_MAX) {
        if (!binary_row(place.binary, place.address, &row->row, &row->space))
            return NULL;
        if (rules->row_count == ROWS_MAX) {
            map_free(&rules->row_index);
            rules->row_count = 0;
        }
        rules->rows[rules->row_count] = *row;
        row = &rules->rows[rules->row_count];
        map_set(&rules->row_index, place.key, (uint32_t)rules->row_count++);
    }
    *space = row->space;
    return &row->row;
}

struct code rules_code(struct rules *rules, uint64_t address)
{
    struct place place;

    if (!find_place(rules, address, &place))
        return (struct code){0};
    return code_at(&place, 0);
}

static size_t read_code(void *data, uint64_t address, uint8_t *into, size_t size)
{
    return space_read(data, address, into, size);
}

struct rule rules_from_code(struct rules *rules, uint64_t address)
{
    struct rule rule = {.kind = RULE_NONE};
    struct place place;
    uint32_t id;

    if (!find_place(rules, address, &place))
        return rule;
    id = map_get(&rules->walked, place.key);
    if (id != UINT32_MAX)
        return rules->kinds[id];
    if (!rules->arch->code_walk(place.address, read_code,
                                (void *)(uintptr_t)binary_space(place.binary), &rule))
        rule = (struct rule){.kind = RULE_NONE};
    if (rules->walked.count == LOCATIONS_MAX)
        forget_locations(rules);
    map_set(&rules->walked, place.key, kind_id(rules, rule));
    return rule;
}

bool rules_new_thread_at(struct rules *rules, uint64_t address)
{
    struct place place;
    uint64_t next;

    if (!find_place(rules, address, &place))
        return false;
    next = rules->arch->code_after_zero(place.address, read_code,
                                        (void *)(uintptr_t)binary_space(place.binary));
    return next && rules_find(rules, address + (next - place.address)).kind == RULE_END;
}

/* Up to `size` bytes of the running process. */
static unsigned read_process(pid_t pid, uint64_t address, void *into, size_t size)
{
    struct iovec local = {into, size};
    struct iovec remote = {(void *)(uintptr_t)address, size};
    ssize_t got = process_vm_readv(pid, &local, 1, &remote, 1, 0);

    return got > 0 ? (unsigned)got : 0;
}

static struct code code_in_process(const struct rules *rules, const struct mapping *mapping,
                                   uint64_t address)
{
    struct code code = {0};
    uint64_t before, after;
    unsigned got;

    before = address - mapping->start < CODE_BEFORE ? 0 : CODE_BEFORE;
    after = mapping->end - address < CODE_AFTER ? mapping->end - address : CODE_AFTER;
    got = read_process(process_pid(rules->process), address - before,
                       code.bytes + CODE_BEFORE - before, before + after);
    if (got >= before) {
        code.before = (unsigned)before;
        code.after = got - code.before;
    }
    return code;
}

struct code rules_made_code(struct rules *rules, uint64_t address)
{
    const struct mapping *mapping = process_mapping(rules->process, address);
    uint64_t key = address | rules->cache.generation;
    struct made_code *kept = &rules->made_codes[hash_u64(key) & (MADE_KEPT - 1)];
    struct code code;

    /* Of a recording there is no process any more. */
    if (!mapping || !mapping->dso->jit || !mapping->dso->jit->seen)
        return (struct code){0};
    code = code_in_process(rules, mapping, address);
    /* The last samples are looked at when the process has gone. */
    if (!code.after && kept->key == key)
        return kept->code;
    *kept = (struct made_code){key, code};
    return code;
}

bool rules_go_start(struct rules *rules, uint64_t address, struct go_start *start)
{
    struct place place;

    if (!find_place(rules, address, &place) ||
        !binary_go_start(place.binary, rules->arch, place.address, start))
        return false;
    start->in_mstart += address - place.address;
    start->in_mstart0 += address - place.address;
    return true;
}

bool rules_in_go(struct rules *rules, uint64_t address)
{
    struct place place;
    struct rule rule;

    return find_place(rules, address, &place) &&
           binary_go_rule(place.binary, place.address, &rule);
}

bool rules_executable(const struct rules *rules, uint64_t address)
{
    return process_mapping(rules->process, address) != NULL;
}

const struct dso *rules_dso(const struct rules *rules, uint64_t address)
{
    const struct mapping *mapping = process_mapping(rules->process, address);

    return mapping ? mapping->dso : NULL;
}
