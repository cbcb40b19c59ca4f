#include "compare/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/strings.h"
#include "base/xalloc.h"

/* ---- the two sides ---- */

#define UNPAIRED UINT32_MAX

struct side {
    struct strings *raw; /* as added; ids from 1 */
    function_id *of_raw; /* by str_id */
};

/* A name without its clone's suffix, and the function it got. */
struct base_name {
    str_id text;
    function_id function;
};

struct names {
    struct name_rules rules;
    struct side sides[2];
    struct strings *texts;
    struct function_names {
        str_id side[2]; /* in `texts`; 0 when it is not on that side */
    } * functions;
    size_t function_count, function_room;
};

struct names *names_new(const struct name_rules *rules)
{
    struct names *names = xcalloc(1, sizeof(*names));

    names->rules = *rules;
    names->texts = strings_new();
    for (int i = 0; i < 2; i++)
        names->sides[i].raw = strings_new();
    return names;
}

void names_free(struct names *names)
{
    if (!names)
        return;
    for (int i = 0; i < 2; i++) {
        strings_free(names->sides[i].raw);
        free(names->sides[i].of_raw);
    }
    strings_free(names->texts);
    free(names->functions);
    free(names);
}

uint32_t names_add(struct names *names, int side, const char *name, size_t length)
{
    return strings_add(names->sides[side].raw, name, length);
}

static function_id add_function(struct names *names, str_id before, str_id after)
{
    names->functions = xgrow(names->functions, &names->function_room, names->function_count + 1,
                             sizeof(*names->functions));
    names->functions[names->function_count] = (struct function_names){.side = {before, after}};
    return (function_id)names->function_count++;
}

/* "old=new" where a name may itself hold '=': the split whose left part is a name is meant. */
static str_id mapped(const struct names *names, str_id base, bool *used)
{
    const char *text = strings_get(names->texts, base);
    size_t length = strings_length(names->texts, base);

    for (size_t i = 0; i < names->rules.map_count; i++) {
        const char *map = names->rules.maps[i];

        if (strncmp(map, text, length) || map[length] != '=' || !map[length + 1])
            continue;
        used[i] = true;
        return strings_add(names->texts, map + length + 1, strlen(map + length + 1));
    }
    return base;
}

/* Fills base[raw] with the name to be paired of each raw name of a side. */
static str_id *base_names(struct names *names, int side, bool *used)
{
    const struct strings *raw = names->sides[side].raw;
    uint32_t count = strings_count(raw);
    str_id *base = xalloc(count * sizeof(*base));

    for (str_id i = 0; i < count; i++) {
        const char *text = strings_get(raw, i);
        size_t length = strings_length(raw, i);

        if (!names->rules.exact)
            length = name_without_clone(text, length);
        base[i] = strings_add(names->texts, text, length);
        if (!side)
            base[i] = mapped(names, base[i], used);
    }
    return base;
}

/* One side's names that have no partner yet, in the order of what is left of them. */
struct leftover {
    str_id text;
    char *key, *build; /* build: what is left without hashes and versions alone */
};

struct leftovers {
    struct leftover *of;
    size_t count;
};

static int by_key(const void *a, const void *b)
{
    const struct leftover *x = a, *y = b;
    int order = strcmp(x->key, y->key);

    /* Numbers inside are read as numbers: "#2" comes before "#10". */
    if (!order)
        order = strverscmp(x->build, y->build);
    return order ? order : (x->text > y->text) - (x->text < y->text);
}

static struct leftovers left_over(const struct names *names, const function_id *of_text,
                                  const bool *present, unsigned parts)
{
    uint32_t count = strings_count(names->texts);
    struct leftovers side = {.of = xalloc(count * sizeof(*side.of))};

    for (str_id i = 0; i < count; i++)
        if (present[i] && of_text[i] == UNPAIRED) {
            const char *text = strings_get(names->texts, i);

            side.of[side.count++] =
                (struct leftover){.text = i,
                                  .key = name_without(text, parts),
                                  .build = name_without(text, WITHOUT_BUILD)};
        }
    qsort(side.of, side.count, sizeof(*side.of), by_key);
    return side;
}

static void free_leftovers(struct leftovers *side)
{
    for (size_t i = 0; i < side->count; i++) {
        free(side->of[i].key);
        free(side->of[i].build);
    }
    free(side->of);
}

static size_t group_size(const struct leftovers *side, size_t at)
{
    size_t size = 1;

    while (at + size < side->count && !strcmp(side->of[at + size].key, side->of[at].key))
        size++;
    return size;
}

/* Whether the order of a group means something: hashes alone put nothing in order. */
static bool ordered(const struct leftover *group, size_t size)
{
    for (size_t i = 1; i < size; i++)
        if (!strcmp(group[i - 1].build, group[i].build))
            return false;
    return true;
}

static void pair_leftovers(struct names *names, const struct leftovers sides[2], bool in_order,
                           function_id *of_text[2])
{
    size_t at[2] = {0, 0};

    while (at[0] < sides[0].count && at[1] < sides[1].count) {
        const struct leftover *groups[2] = {&sides[0].of[at[0]], &sides[1].of[at[1]]};
        int order = strcmp(groups[0]->key, groups[1]->key);
        size_t sizes[2];

        if (order) {
            at[order > 0]++;
            continue;
        }
        sizes[0] = group_size(&sides[0], at[0]);
        sizes[1] = group_size(&sides[1], at[1]);
        if (sizes[0] == sizes[1] &&
            (sizes[0] == 1 ||
             (in_order && ordered(groups[0], sizes[0]) && ordered(groups[1], sizes[1]))))
            for (size_t i = 0; i < sizes[0]; i++) {
                str_id before = groups[0][i].text, after = groups[1][i].text;

                of_text[0][before] = of_text[1][after] = add_function(names, before, after);
            }
        at[0] += sizes[0];
        at[1] += sizes[1];
    }
}

static void pair_without(struct names *names, unsigned parts, function_id *of_text[2],
                         bool *present[2])
{
    struct leftovers sides[2];

    for (int i = 0; i < 2; i++)
        sides[i] = left_over(names, of_text[i], present[i], parts);
    pair_leftovers(names, sides, parts == (WITHOUT_BUILD | WITHOUT_NUMBERS), of_text);
    for (int i = 0; i < 2; i++)
        free_leftovers(&sides[i]);
}

static void pair_texts(struct names *names, function_id *of_text[2], bool *present[2])
{
    uint32_t count = strings_count(names->texts);

    for (str_id i = 0; i < count; i++)
        if (present[0][i] && present[1][i])
            of_text[0][i] = of_text[1][i] = add_function(names, i, i);
    if (!names->rules.exact) {
        pair_without(names, WITHOUT_BUILD, of_text, present);
        pair_without(names, WITHOUT_BUILD | WITHOUT_NUMBERS, of_text, present);
    }
    if (names->rules.ignore_templates)
        pair_without(names, WITHOUT_BUILD | WITHOUT_NUMBERS | WITHOUT_TEMPLATES, of_text,
                     present);
    for (int i = 0; i < 2; i++)
        for (str_id j = 0; j < count; j++)
            if (present[i][j] && of_text[i][j] == UNPAIRED)
                of_text[i][j] = add_function(names, i ? 0 : j, i ? j : 0);
}

static int check_maps(const struct names *names, const bool *used, struct error *err)
{
    for (size_t i = 0; i < names->rules.map_count; i++)
        if (!used[i]) {
            int failed =
                error_set(err, ENOENT, "--map %s fits no function", names->rules.maps[i]);

            error_hint(err, "it is OLD=NEW, with OLD a whole name as the first input has it");
            return failed;
        }
    return 0;
}

int names_pair(struct names *names, struct error *err)
{
    bool *used = xcalloc(names->rules.map_count + 1, sizeof(*used));
    str_id *base[2] = {base_names(names, 0, used), base_names(names, 1, used)};
    uint32_t count = strings_count(names->texts);
    function_id *of_text[2];
    bool *present[2];
    int failed = check_maps(names, used, err);

    for (int i = 0; i < 2; i++) {
        struct side *side = &names->sides[i];
        uint32_t raws = strings_count(side->raw);

        of_text[i] = xalloc(count * sizeof(function_id));
        memset(of_text[i], 0xff, count * sizeof(function_id));
        present[i] = xcalloc(count, sizeof(bool));
        for (str_id j = 1; j < raws; j++)
            present[i][base[i][j]] = true;
        side->of_raw = xcalloc(raws, sizeof(function_id));
    }
    pair_texts(names, of_text, present);
    for (int i = 0; i < 2; i++) {
        struct side *side = &names->sides[i];

        for (str_id j = 1; j < strings_count(side->raw); j++)
            side->of_raw[j] = of_text[i][base[i][j]];
        free(of_text[i]);
        free(present[i]);
        free(base[i]);
    }
    free(used);
    return failed;
}

function_id names_function(const struct names *names, int side, uint32_t name)
{
    return names->sides[side].of_raw[name];
}

uint32_t names_function_count(const struct names *names)
{
    return (uint32_t)names->function_count;
}

const char *names_text(const struct names *names, function_id function, int side)
{
    str_id text = names->functions[function].side[side];

    return text ? strings_get(names->texts, text) : NULL;
}
