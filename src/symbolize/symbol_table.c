#include "symbolize/symbol_table.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/search.h"
#include "base/xalloc.h"

enum { SECTIONS_MAX = 1 << 20, SECTION_MAX = 1 << 28 };

struct symbol_nearest {
    uint64_t start;
    bool known;
    struct symbol unsized; /* starts there; name NULL when all that start there have a size */
};

void symbol_search_begin(struct symbol_search *search, const uint64_t *addresses, size_t count)
{
    *search = (struct symbol_search){
        .addresses = addresses,
        .count = count,
        .hits = xcalloc(count, sizeof(*search->hits)),
        .budget = (uint64_t)1 << 28,
        .nearest = xcalloc(count, sizeof(*search->nearest)),
    };
}

bool symbol_search_complete(const struct symbol_search *search)
{
    for (size_t i = 0; i < search->count; i++)
        if (!search->hits[i].name || !search->hits[i].size || search->hits[i].kind != 2)
            return false;
    return true;
}

static unsigned underscores(const char *name)
{
    unsigned count = 0;

    while (name[count] == '_')
        count++;
    return count;
}

static bool better(const struct symbol *symbol, const struct symbol_hit *than)
{
    if (!than->name)
        return true;
    if (symbol->kind != than->kind)
        return symbol->kind > than->kind;
    if (!symbol->size != !than->size)
        return symbol->size != 0;
    if (symbol->global != than->global)
        return symbol->global;
    if (symbol->size != than->size)
        return symbol->size < than->size;
    /* Functions that a linker merged differ in nothing: the last, as llvm-symbolizer has it. */
    return underscores(symbol->name) <= underscores(than->name);
}

static void take(struct symbol_hit *hit, const struct symbol *symbol)
{
    if (better(symbol, hit))
        *hit = (struct symbol_hit){.name = symbol->name,
                                   .start = symbol->start,
                                   .size = symbol->size,
                                   .kind = symbol->kind,
                                   .global = symbol->global};
}

static void note_nearest(struct symbol_nearest *nearest, const struct symbol *symbol)
{
    struct symbol_hit present = {.name = nearest->unsized.name,
                                 .kind = nearest->unsized.kind,
                                 .global = nearest->unsized.global};

    if (nearest->known && nearest->start > symbol->start)
        return;
    if (!nearest->known || nearest->start < symbol->start) {
        *nearest = (struct symbol_nearest){.start = symbol->start, .known = true};
        present.name = NULL;
    }
    if (!symbol->size && better(symbol, &present))
        nearest->unsized = *symbol;
}

void symbol_search_offer(struct symbol_search *search, const struct symbol *symbol)
{
    size_t at;

    if (!search->count || symbol->start > search->addresses[search->count - 1])
        return;
    at = first_from(search->addresses, search->count, symbol->start);
    if (at == search->count)
        return;
    note_nearest(&search->nearest[at], symbol);
    for (; symbol->size && at < search->count && search->budget; at++, search->budget--) {
        if (search->addresses[at] - symbol->start >= symbol->size)
            break;
        take(&search->hits[at], symbol);
    }
}

void symbol_search_end(struct symbol_search *search)
{
    struct symbol_nearest before = {0};

    for (size_t i = 0; i < search->count; i++) {
        const struct symbol_nearest *here = &search->nearest[i];
        const struct symbol *unsized;

        if (here->known)
            before = *here;
        unsized = &before.unsized;
        if (before.known && unsized->name && search->addresses[i] < unsized->limit)
            take(&search->hits[i], unsized);
    }
    free(search->nearest);
    search->nearest = NULL;
}

/* ---- ELF tables ---- */

struct section_range {
    uint64_t start, end;
    bool code;
};

static struct section_range *section_ranges(struct image *image, size_t *count)
{
    struct section_range *ranges;
    size_t sections;

    *count = 0;
    if (elf_getshdrnum(image_elf(image), &sections) || !sections || sections > SECTIONS_MAX)
        return NULL;
    ranges = xcalloc(sections, sizeof(*ranges));
    for (size_t i = 1; i < sections; i++) {
        GElf_Shdr header;
        Elf_Scn *scn = elf_getscn(image_elf(image), i);

        if (scn && gelf_getshdr(scn, &header) && header.sh_flags & SHF_ALLOC) {
            ranges[i].start = header.sh_addr;
            ranges[i].end = header.sh_addr + header.sh_size;
            ranges[i].code = (header.sh_flags & SHF_EXECINSTR) != 0;
        }
    }
    *count = sections;
    return ranges;
}

/* A table's raw bytes, where they lie within the file. */
static bool raw_bytes(struct image *image, Elf_Scn *scn, struct section *section)
{
    GElf_Shdr header;
    Elf_Data *data;

    if (!scn || !gelf_getshdr(scn, &header) || header.sh_type == SHT_NOBITS ||
        header.sh_flags & SHF_COMPRESSED || header.sh_offset > image_file_size(image) ||
        header.sh_size > image_file_size(image) - header.sh_offset)
        return false;
    data = elf_rawdata(scn, NULL);
    if (!data || !data->d_buf || !data->d_size)
        return false;
    *section =
        (struct section){.bytes = data->d_buf, .size = data->d_size, .address = header.sh_addr};
    return true;
}

/* The symbols and their texts, which end in a NUL. */
static bool symbols_of(struct image *image, uint32_t type, struct section *symbols,
                       struct section *texts)
{
    Elf_Scn *scn = NULL;

    while ((scn = elf_nextscn(image_elf(image), scn))) {
        GElf_Shdr header;

        if (!gelf_getshdr(scn, &header) || header.sh_type != type)
            continue;
        if (!raw_bytes(image, scn, symbols) ||
            !raw_bytes(image, elf_getscn(image_elf(image), header.sh_link), texts))
            return false;
        while (texts->size && texts->bytes[texts->size - 1])
            texts->size--;
        return texts->size != 0;
    }
    return false;
}

/* What of the table's symbols names code, as a kind; negative: nothing. */
static int kind_of(const Elf64_Sym *symbol, bool code)
{
    switch (ELF64_ST_TYPE(symbol->st_info)) {
    case STT_FUNC:
    case STT_GNU_IFUNC:
        return 2;
    case STT_NOTYPE:
        return code ? 1 : -1;
    case STT_OBJECT:
        return symbol->st_size ? 0 : -1;
    default:
        return -1;
    }
}

bool symbol_search_table(struct symbol_search *search, struct image *image, uint32_t type)
{
    struct section symbols, texts;
    size_t range_count;
    struct section_range *ranges;
    Elf64_Sym entry;

    if (!symbols_of(image, type, &symbols, &texts))
        return false;
    ranges = section_ranges(image, &range_count);
    for (size_t at = 0; symbols.size - at >= sizeof(entry); at += sizeof(entry)) {
        struct section_range range = {.end = UINT64_MAX};
        int kind;

        memcpy(&entry, symbols.bytes + at, sizeof(entry));
        if (entry.st_shndx == SHN_UNDEF || entry.st_name >= texts.size)
            continue;
        if (entry.st_shndx < range_count)
            range = ranges[entry.st_shndx];
        kind = kind_of(&entry, range.code);
        if (kind < 0 || !texts.bytes[entry.st_name])
            continue;
        symbol_search_offer(search, &(struct symbol){
                                        .name = (const char *)texts.bytes + entry.st_name,
                                        .start = entry.st_value,
                                        .size = entry.st_size,
                                        .limit = range.end,
                                        .kind = (uint8_t)kind,
                                        .global = ELF64_ST_BIND(entry.st_info) != STB_LOCAL,
                                    });
    }
    free(ranges);
    return true;
}

/* ---- procedure linkage table ---- */

/* Which symbol the slot at this address of the global offset table is for. */
struct slot {
    uint64_t address;
    const char *name;
};

struct slots {
    struct slot *all;
    size_t count, room;
    struct slot *jumps; /* of .rela.plt, by index */
    size_t jump_count, jump_room;
};

static void add_slots(struct slots *slots, struct image *image, const char *section_name,
                      const struct section *symbols, const struct section *texts, bool jumps)
{
    struct section relocations;
    Elf64_Rela entry;

    if (!image_section(image, section_name, SECTION_MAX, &relocations))
        return;
    for (size_t at = 0; relocations.size - at >= sizeof(entry); at += sizeof(entry)) {
        uint64_t symbol_at;
        struct slot slot = {0};

        memcpy(&entry, relocations.bytes + at, sizeof(entry));
        slot.address = entry.r_offset;
        symbol_at = ELF64_R_SYM(entry.r_info) * sizeof(Elf64_Sym);
        if (symbol_at && symbol_at + sizeof(Elf64_Sym) <= symbols->size) {
            Elf64_Sym symbol;

            memcpy(&symbol, symbols->bytes + symbol_at, sizeof(symbol));
            if (symbol.st_name < texts->size && texts->bytes[symbol.st_name])
                slot.name = (const char *)texts->bytes + symbol.st_name;
        }
        if (jumps) {
            slots->jumps = xgrow(slots->jumps, &slots->jump_room, slots->jump_count + 1,
                                 sizeof(*slots->jumps));
            slots->jumps[slots->jump_count++] = slot;
        }
        if (slot.name) {
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

/* What a stub of at most 16 bytes jumps to: `jmp *disp(%rip)`, or `push index` of a lazy one.
 * Prefixes (endbr64, bnd) are passed over. */
static const char *stub_target(const struct slots *slots, const uint8_t *stub, size_t size,
                               uint64_t address)
{
    for (size_t i = 0; i + 6 <= size; i++) {
        struct cursor cursor = cursor_over(stub + i + 2, 4);
        struct slot wanted;
        const struct slot *found;

        if (stub[i] != 0xff || stub[i + 1] != 0x25)
            continue;
        wanted.address = address + i + 6 + (uint64_t)(int64_t)(int32_t)cursor_u32(&cursor);
        found = slots->count
                    ? bsearch(&wanted, slots->all, slots->count, sizeof(wanted), by_address)
                    : NULL;
        if (found)
            return found->name;
    }
    for (size_t i = 0; i + 5 <= size; i++) {
        struct cursor cursor = cursor_over(stub + i + 1, 4);
        uint32_t index = cursor_u32(&cursor);

        if (stub[i] == 0x68 && (i == 0 || i == 4))
            return index < slots->jump_count ? slots->jumps[index].name : NULL;
    }
    return NULL;
}

static void name_stubs(struct symbol_search *search, const struct slots *slots,
                       const struct section *plt, size_t entry_size)
{
    size_t at = first_from(search->addresses, search->count, plt->address);

    for (; at < search->count && search->addresses[at] - plt->address < plt->size; at++) {
        uint64_t offset = (search->addresses[at] - plt->address) / entry_size * entry_size;
        size_t size = plt->size - (size_t)offset;
        const char *name =
            stub_target(slots, plt->bytes + offset, size < entry_size ? size : entry_size,
                        plt->address + offset);

        if (name)
            search->hits[at] = (struct symbol_hit){.name = name,
                                                   .start = plt->address + offset,
                                                   .size = entry_size,
                                                   .kind = 2,
                                                   .global = true,
                                                   .plt = true};
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
    struct section symbols, texts;
    struct slots slots = {0};
    bool wanted = false;

    if (image_machine(image) != EM_X86_64)
        return;
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        wanted |= image_section(image, names[i], SECTION_MAX, &plt[i]) &&
                  any_within(search, plt[i].address, plt[i].size);
    if (!wanted || !symbols_of(image, SHT_DYNSYM, &symbols, &texts))
        return;
    add_slots(&slots, image, ".rela.plt", &symbols, &texts, true);
    add_slots(&slots, image, ".rela.dyn", &symbols, &texts, false);
    if (slots.count)
        qsort(slots.all, slots.count, sizeof(*slots.all), by_address);
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        /* .plt.got has entries of 8 bytes without, of 16 with endbr64. */
        bool small = i == 2 && plt[i].bytes && plt[i].size >= 2 && plt[i].bytes[0] == 0xff;

        if (plt[i].bytes)
            name_stubs(search, &slots, &plt[i], small ? 8 : 16);
    }
    free(slots.all);
    free(slots.jumps);
}
