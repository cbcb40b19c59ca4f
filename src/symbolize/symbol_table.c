#include "symbolize/symbol_table.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "base/search.h"
#include "base/xalloc.h"

enum { SECTIONS_MAX = 1 << 20 };
static const size_t TABLE_MAX = (size_t)1 << 32;

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

bool symbol_table_of(struct image *image, uint32_t type, struct section *symbols,
                     struct section *texts)
{
    Elf_Scn *scn = NULL;
    struct section table, strings;

    *symbols = *texts = (struct section){0};
    while ((scn = elf_nextscn(image_elf(image), scn))) {
        GElf_Shdr header;

        if (!gelf_getshdr(scn, &header) || header.sh_type != type)
            continue;
        if (!image_section_at(image, scn, TABLE_MAX, &table) ||
            !image_section_at(image, elf_getscn(image_elf(image), header.sh_link), TABLE_MAX,
                              &strings))
            return false;
        while (strings.size && strings.bytes[strings.size - 1])
            strings.size--;
        *symbols = table;
        *texts = strings;
        return strings.size != 0;
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

    if (!symbol_table_of(image, type, &symbols, &texts))
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
