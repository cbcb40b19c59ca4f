/*
 * name_pairs BEFORE AFTER: which names of two builds are taken for the same function.
 *
 * Each file has one symbol a line, mangled or not.  Prints what is to be read by somebody: the
 * pairs whose names differ ("="), the names without partner before ("-") and after ("+"); then
 * how many there are of each.
 *
 *   symbols() { nm "$1" | awk '$2 ~ /[tTwW]/ { print $3 }' | sort -u; }
 *   symbols old/lib.so > old.txt; symbols new/lib.so > new.txt; name_pairs old.txt new.txt
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare/names.h"
#include "symbolize/demangle.h"

static void add(struct names *names, int side, const char *mangled)
{
    char *name = symbol_display_name(mangled, DEMANGLE_FULL);

    names_add(names, side, name, strlen(name));
    free(name);
}

static void read_symbols(struct names *names, int side, const char *path)
{
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t size = 0;
    ssize_t length;

    if (!file) {
        perror(path);
        exit(1);
    }
    while ((length = getline(&line, &size, file)) > 0) {
        line[strcspn(line, "\n")] = '\0';
        if (*line)
            add(names, side, line);
    }
    free(line);
    fclose(file);
}

enum kind { EQUAL, PAIRED, ONLY_BEFORE, ONLY_AFTER, KINDS };

static enum kind kind_of(const char *before, const char *after)
{
    if (!before || !after)
        return before ? ONLY_BEFORE : ONLY_AFTER;
    return strcmp(before, after) ? PAIRED : EQUAL;
}

static void print_functions(const struct names *names)
{
    size_t counts[KINDS] = {0};

    for (function_id i = 0; i < names_function_count(names); i++) {
        const char *before = names_text(names, i, 0), *after = names_text(names, i, 1);
        enum kind kind = kind_of(before, after);

        counts[kind]++;
        if (kind == PAIRED)
            printf("= %s\n  %s\n", before, after);
        else if (kind != EQUAL)
            printf("%c %s\n", kind == ONLY_BEFORE ? '-' : '+', before ? before : after);
    }
    printf("%zu equal, %zu paired, %zu only before, %zu only after\n", counts[EQUAL],
           counts[PAIRED], counts[ONLY_BEFORE], counts[ONLY_AFTER]);
}

int main(int argc, char **argv)
{
    struct names *names = names_new(&(struct name_rules){0});
    struct error err = {0};

    if (argc != 3) {
        fprintf(stderr, "usage: name_pairs BEFORE AFTER\n");
        return 2;
    }
    for (int side = 0; side < 2; side++)
        read_symbols(names, side, argv[1 + side]);
    if (names_pair(names, &err)) {
        fprintf(stderr, "name_pairs: %s\n", err.message);
        return 1;
    }
    print_functions(names);
    names_free(names);
    return 0;
}
