#include "symbolize/plt.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/search.h"
#include "base/xalloc.h"

enum { SECTION_MAX = 1 << 28, LARGE_STUB = 16, SMALL_STUB = 8 };

/* Which function the slot at this address of the global offset table is for. */
struct slot {
    uint64_t address;
    const char *name;
    uint64_t resolver; /* instead of a name: what chooses the function */
};

struct slots {
    struct slot *all;
    size_t count, room;
    struct slot *jumps; /* of .rela.plt, by index */
    size_t jump_count, jump_room;
    struct section symbols, texts; /* dynamic ones; empty in static programs */
};

static struct slot slot_of(const struct slots *slots, const Elf64_Rela *entry)
{
    uint64_t symbol_at = ELF64_R_SYM(entry->r_info) * sizeof(Elf64_Sym);
    struct slot slot = {.address = entry->r_offset};
    Elf64_Sym symbol;

    if (ELF64_R_TYPE(entry->r_info) == R_X86_64_IRELATIVE)
        slot.resolver = (uint64_t)entry->r_addend;
    if (!symbol_at || symbol_at + sizeof(symbol) > slots->symbols.size)
        return slot;
    memcpy(&symbol, slots->symbols.bytes + symbol_at, sizeof(symbol));
    if (symbol.st_name < slots->texts.size && slots->texts.bytes[symbol.st_name])
        slot.name = (const char *)slots->texts.bytes + symbol.st_name;
    return slot;
}

static void add_slots(struct slots *slots, struct image *image, const char *section_name,
                      bool jumps)
{
    struct section relocations;
    Elf64_Rela entry;

    if (!image_section(image, section_name, SECTION_MAX, &relocations))
        return;
    for (size_t at = 0; relocations.size - at >= sizeof(entry); at += sizeof(entry)) {
        struct slot slot;

        memcpy(&entry, relocations.bytes + at, sizeof(entry));
        slot = slot_of(slots, &entry);
        if (jumps) {
            slots->jumps = xgrow(slots->jumps, &slots->jump_room, slots->jump_count + 1,
                                 sizeof(*slots->jumps));
            slots->jumps[slots->jump_count++] = slot;
        }
        if (slot.name || slot.resolver) {
            slots->all = xgrow(slots->all, &slots->room, slots->count + 1, sizeof(*slots->all));
            slots->all[slots->count++] = slot;
        }
    }
}

static int by_address(const void *a, const void *b)
{
    const struct slot *left = a;
    const struct slot *right = b;

    return (left->address > right->address) - (left->address < right->address);
}

static bool begins_with_jump(const uint8_t *bytes, size_t size)
{
    return size >= 6 && bytes[0] == 0xff && bytes[1] == 0x25; /* jmp *disp(%rip) */
}

/* What a stub jumps to: `jmp *disp(%rip)`, or `push index` of a lazy one.  Prefixes (endbr64,
 * bnd) are passed over. */
static const struct slot *stub_target(const struct slots *slots, const uint8_t *stub,
                                      size_t size, uint64_t address)
{
    for (size_t i = 0; i < size && slots->count; i++) {
        struct cursor cursor = cursor_over(stub + i, size - i);
        struct slot wanted;
        const struct slot *found;

        if (!begins_with_jump(stub + i, size - i))
            continue;
        cursor_skip(&cursor, 2);
        wanted.address = address + i + 6 + (uint64_t)(int64_t)(int32_t)cursor_u32(&cursor);
        found = bsearch(&wanted, slots->all, slots->count, sizeof(wanted), by_address);
        if (found)
            return found;
    }
    for (size_t i = 0; i + 5 <= size; i++) {
        struct cursor cursor = cursor_over(stub + i + 1, 4);
        uint32_t index = cursor_u32(&cursor);

        if (stub[i] == 0x68 && (i == 0 || i == 4))
            return index < slots->jump_count ? &slots->jumps[index] : NULL;
    }
    return NULL;
}

static void name_stubs(struct symbol_search *search, const struct slots *slots,
                       const struct section *plt)
{
    /* Where none is lazy and none begins with endbr64, a jump is all there is of each. */
    size_t entry_size = begins_with_jump(plt->bytes, plt->size) ? SMALL_STUB : LARGE_STUB;
    size_t at = first_from(search->addresses, search->count, plt->address);

    for (; at < search->count && search->addresses[at] - plt->address < plt->size; at++) {
        uint64_t offset = (search->addresses[at] - plt->address) / entry_size * entry_size;
        size_t size = plt->size - (size_t)offset;
        const struct slot *slot =
            stub_target(slots, plt->bytes + offset, size < entry_size ? size : entry_size,
                        plt->address + offset);

        if (slot)
            search->hits[at] = (struct symbol_hit){.name = slot->name,
                                                   .start = plt->address + offset,
                                                   .size = entry_size,
                                                   .kind = 2,
                                                   .global = true,
                                                   .plt = true,
                                                   .resolver = slot->resolver};
    }
}

static bool any_within(const struct symbol_search *search, uint64_t start, uint64_t size)
{
    size_t at = first_from(search->addresses, search->count, start);

    return at < search->count && search->addresses[at] - start < size;
}

void symbol_search_plt(struct symbol_search *search, struct image *image)
{
    static const char *const names[] = {".plt", ".plt.sec", ".plt.got"};
    struct section plt[ARRAY_LENGTH(names)] = {0};
    struct slots slots = {0};
    bool wanted = false;

    if (image_machine(image) != EM_X86_64)
        return;
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        wanted |= image_section(image, names[i], SECTION_MAX, &plt[i]) &&
                  any_within(search, plt[i].address, plt[i].size);
    if (!wanted)
        return;
    symbol_table_of(image, SHT_DYNSYM, &slots.symbols, &slots.texts);
    add_slots(&slots, image, ".rela.plt", true);
    add_slots(&slots, image, ".rela.dyn", false);
    if (slots.count)
        qsort(slots.all, slots.count, sizeof(*slots.all), by_address);
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (plt[i].bytes)
            name_stubs(search, &slots, &plt[i]);
    free(slots.all);
    free(slots.jumps);
}
