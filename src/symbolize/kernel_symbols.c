#include "symbolize/kernel_symbols.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/search.h"
#include "base/text.h"
#include "base/xalloc.h"

enum {
    KALLSYMS_MAX = 1 << 28,
    /* A function of the kernel is not larger; what lies further from a symbol (a trampoline
     * that is not listed) belongs to nobody. */
    FUNCTION_MAX = 256 * 1024,
};

struct line {
    uint64_t address;
    char type;
    const char *name, *module;
    size_t name_length, module_length;
};

/* "ffffffff81000000 T _stext" with "\t[module]" behind it. */
static bool parse_line(const char *at, const char *end, struct line *line)
{
    const char *tab;

    *line = (struct line){0};
    at = text_hex(at, end, &line->address);
    if (!at || end - at < 4 || at[0] != ' ' || at[2] != ' ')
        return false;
    line->type = at[1];
    line->name = at + 3;
    tab = memchr(line->name, '\t', (size_t)(end - line->name));
    line->name_length = (size_t)((tab ? tab : end) - line->name);
    if (tab && end - tab >= 4 && tab[1] == '[' && end[-1] == ']') {
        line->module = tab + 2;
        line->module_length = (size_t)(end - 1 - line->module);
    }
    return line->name_length != 0;
}

/* Symbols of code; the others only mark where a function ends. */
static bool is_code(char type)
{
    return type == 't' || type == 'T' || type == 'w' || type == 'W';
}

/* Padding in front of a function and the like is never what runs. */
static bool is_marker(const struct line *line)
{
    return line->name_length > 6 && !memcmp(line->name, "__pfx_", 6);
}

/* Of several names at one address the first that is code, as the kernel does where it names
 * an address itself. */
static bool better(const struct line *line, const struct line *than)
{
    return is_code(line->type) && !is_code(than->type);
}

/* For each address the symbol with the greatest start below it, among those that start after
 * the address before; the rest follows from the neighbours. */
static size_t nearest_lines(const char *text, size_t size, const uint64_t *addresses,
                            size_t count, struct line *nearest)
{
    const char *end = text + size;
    size_t known = 0;

    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        struct line line;
        size_t at;

        if (!stop)
            stop = end;
        if (parse_line(text, stop, &line) && line.address && !is_marker(&line)) {
            known++;
            at = line.address > addresses[count - 1]
                     ? count
                     : first_from(addresses, count, line.address);
            if (at < count &&
                (line.address > nearest[at].address ||
                 (line.address == nearest[at].address && better(&line, &nearest[at]))))
                nearest[at] = line;
        }
        text = stop + 1;
    }
    return known;
}

size_t kernel_symbols_find(const char *text, size_t size, const uint64_t *addresses,
                           size_t count, struct kernel_hit *hits)
{
    struct line *nearest;
    struct line before = {0};
    size_t known;

    if (!count)
        return 0;
    nearest = xcalloc(count, sizeof(*nearest));
    known = nearest_lines(text, size, addresses, count, nearest);
    for (size_t i = 0; i < count; i++) {
        hits[i] = (struct kernel_hit){0};
        if (nearest[i].name)
            before = nearest[i];
        if (!before.name || !is_code(before.type) ||
            addresses[i] - before.address >= FUNCTION_MAX)
            continue;
        hits[i] = (struct kernel_hit){.name = before.name,
                                      .name_length = before.name_length,
                                      .module = before.module,
                                      .module_length = before.module_length,
                                      .start = before.address};
    }
    free(nearest);
    return known;
}

char *kernel_symbols_read(size_t *size)
{
    int fd = open("/proc/kallsyms", O_RDONLY | O_CLOEXEC);
    char *text = NULL;
    size_t room = 0;

    *size = 0;
    if (fd < 0)
        return NULL;
    for (;;) {
        ssize_t got;

        text = xgrow(text, &room, *size + (1 << 20), 1);
        got = read(fd, text + *size, room - *size);
        if (got <= 0 || *size > KALLSYMS_MAX)
            break;
        *size += (size_t)got;
    }
    close(fd);
    return text;
}

static int setting(const char *path)
{
    FILE *file = fopen(path, "re");
    int value = 0;

    if (!file)
        return 0;
    if (fscanf(file, "%d", &value) != 1)
        value = 0;
    fclose(file);
    return value;
}

int kernel_symbols_restricted(void)
{
    return setting("/proc/sys/kernel/kptr_restrict");
}

/* What kallsyms_show_value() in kernel/ksyms_common.c asks, in its order. */
char *kernel_symbols_hidden_by(void)
{
    int restricted = kernel_symbols_restricted();

    if (restricted >= 2)
        return xasprintf("kernel addresses are hidden from everybody: kernel.kptr_restrict is "
                         "%d; `sudo sysctl kernel.kptr_restrict=1` shows them to root",
                         restricted);
    if (restricted == 1)
        return xstrdup("kernel addresses are hidden: kernel.kptr_restrict is 1; run as root "
                       "(CAP_SYSLOG) to see the kernel's function names");
    return xasprintf("kernel addresses are hidden: kernel.perf_event_paranoid is %d; run as "
                     "root (CAP_SYSLOG), or `sudo sysctl kernel.perf_event_paranoid=1`",
                     setting("/proc/sys/kernel/perf_event_paranoid"));
}
