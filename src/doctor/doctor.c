#include "doctor/doctor.h"

#include <errno.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "doctor/advice.h"
#include "doctor/other_file.h"
#include "elf/debug_file.h"
#include "elf/mini_debug.h"
#include "symbolize/debuginfod.h"
#include "symbolize/dwarf.h"

enum { MINI_DEBUG_MAX = 256 << 20, PLACES_SHOWN = 12 };

/* What a file offers for names, from the least to the most. */
struct offers {
    bool exported, functions, dwarf, mini, go;
};

struct examination {
    const char *path;
    const char *inner_path;  /* the same, as those below `root` know it */
    const struct root *root; /* of the process that the path begins with, or NULL */
    struct image *image;
    FILE *out;
    struct offers own, all;
    unsigned looked; /* places where a debug file was looked for */
    struct dwarf_split_count splits;
    char *other_build; /* a file with the debug file's name that does not fit */
    bool asked_debuginfod;
};

static void line(const struct examination *at, const char *what, const char *text)
{
    fprintf(at->out, "  %-16s%s\n", what, text);
}

/* ---- what is in a file ---- */

static uint64_t symbol_count(struct image *image, uint32_t type)
{
    Elf_Scn *scn = NULL;
    GElf_Shdr header;

    while ((scn = elf_nextscn(image_elf(image), scn)))
        if (gelf_getshdr(scn, &header) && header.sh_type == type)
            return header.sh_size / sizeof(Elf64_Sym);
    return 0;
}

static bool has_debug(struct image *image, const char *name)
{
    char *plain = xasprintf(".debug_%s", name);
    char *compressed = xasprintf(".zdebug_%s", name);
    bool found = image_has_section(image, plain) || image_has_section(image, compressed);

    free(plain);
    free(compressed);
    return found;
}

static struct offers offers_of(struct image *image)
{
    return (struct offers){
        .exported = symbol_count(image, SHT_DYNSYM) > 1,
        .functions = symbol_count(image, SHT_SYMTAB) > 1,
        .dwarf = has_debug(image, "info"),
        .mini = image_has_section(image, ".gnu_debugdata"),
        .go = image_has_section(image, ".gopclntab") ||
              image_has_section(image, ".data.rel.ro.gopclntab"),
    };
}

static void tell_table(const struct examination *at, const char *name, uint32_t type)
{
    uint64_t count = symbol_count(at->image, type);

    if (count > 1)
        fprintf(at->out, "  %-16s%llu symbols\n", name, (unsigned long long)count);
    else
        line(at, name, "none");
}

static void tell_mini(const struct examination *at)
{
    struct image *mini;

    if (!at->own.mini)
        return;
    mini = mini_debug_open(at->image, MINI_DEBUG_MAX);
    if (mini)
        fprintf(at->out, "  %-16s%llu symbols\n", ".gnu_debugdata",
                (unsigned long long)symbol_count(mini, SHT_SYMTAB));
    else
        line(at, ".gnu_debugdata", "damaged: not used");
    image_close(mini);
}

static void tell_contents(const struct examination *at)
{
    char hex[64];

    build_id_hex(image_build_id(at->image), hex);
    fprintf(at->out, "%s\n", at->path);
    line(at, "build ID", *hex ? hex : "none: a debug file can only be found by its name");
    tell_table(at, ".symtab", SHT_SYMTAB);
    tell_table(at, ".dynsym", SHT_DYNSYM);
    tell_mini(at);
    line(at, "DWARF", at->own.dwarf ? "yes" : "none");
    if (at->own.go)
        line(at, "Go's table", "yes: names, inlined calls and lines");
}

/* What of the DWARF in `image` lies in files of its own. */
static void tell_parts(struct examination *at, struct image *image, const char *path,
                       const struct debug_file_search *search)
{
    struct dwarf_options options = {
        .search = search, .debug_path = path, .limits = dwarf_usual_limits};
    struct dwarf *dwarf;

    if (dwarf_open(&dwarf, image, &options, NULL) || !dwarf)
        return;
    if (image_has_section(image, ".gnu_debugaltlink"))
        line(at, "dwz",
             dwarf_missing(dwarf) ? dwarf_missing(dwarf) : "its common file is there");
    at->splits = dwarf_count_splits(dwarf);
    if (at->splits.units)
        fprintf(at->out, "  %-16sthe .dwo or .dwp of %zu of %zu units was found\n",
                "split DWARF", at->splits.units - at->splits.missing, at->splits.units);
    if (at->splits.missing && dwarf_missing(dwarf))
        line(at, "", dwarf_missing(dwarf));
    dwarf_close(dwarf);
}

/* ---- its debug file ---- */

static void tell_place(const char *path, const char *outcome, void *data)
{
    struct examination *at = data;

    if (outcome && !strncmp(outcome, "another ", 8) && !at->other_build)
        at->other_build = xstrdup(path);
    /* A program may be split into thousands of files. */
    if (++at->looked > PLACES_SHOWN)
        return;
    fprintf(at->out, "  %-16s%s: %s\n", "looked at", path, outcome ? outcome : "this is it");
}

static void add(struct offers *all, const struct offers *more)
{
    all->exported |= more->exported;
    all->functions |= more->functions;
    all->dwarf |= more->dwarf;
    all->mini |= more->mini;
    all->go |= more->go;
}

static void ask_debuginfod(struct examination *at, const struct debug_file_search *search)
{
    struct debug_file file;
    struct offers more;
    struct debuginfod servers = {0};
    const char *why;

    at->asked_debuginfod = true;
    if (!debuginfod_find(&servers, &file, at->image, &why)) {
        line(at, "debuginfod", why);
        return;
    }
    line(at, "debuginfod", file.path);
    more = offers_of(file.image);
    add(&at->all, &more);
    tell_parts(at, file.image, file.path, search);
    debug_file_close(&file);
}

static void look_for_debug_file(struct examination *at,
                                const struct symbolizer_options *options)
{
    struct debug_file_search search = {.directory = options->debug_dir,
                                       .program_path = at->inner_path,
                                       .root = at->root,
                                       .tried = tell_place,
                                       .data = at};
    struct debug_file file;

    if (at->own.dwarf) {
        tell_parts(at, at->image, at->path, &search);
    } else if (debug_file_find(&file, at->image, &search)) {
        struct offers more = offers_of(file.image);

        add(&at->all, &more);
        tell_parts(at, file.image, file.path, &search);
        debug_file_close(&file);
    } else if (options->debuginfod) {
        ask_debuginfod(at, &search);
    } else if (!at->looked) {
        line(at, "debug file", "nothing says what it would be called");
    }
    if (at->looked > PLACES_SHOWN)
        fprintf(at->out, "  %-16sand %u more places\n", "looked at", at->looked - PLACES_SHOWN);
}

/* ---- what it means ---- */

static const char *of_inlined_calls(const struct examination *at)
{
    if (!at->all.dwarf && !at->all.go)
        return "no, and no lines";
    if (!at->splits.missing)
        return "yes, with lines";
    return at->splits.missing < at->splits.units
               ? "in a part of it, with lines"
               : "no, but lines: what was split off is missing";
}

static void advise(struct examination *at)
{
    const struct offers *all = &at->all;
    bool names = all->functions || all->dwarf || all->mini || all->go;
    uint32_t crc;
    struct findings found = {.path = at->path,
                             .inner_path = at->inner_path,
                             .inlined = all->dwarf || all->go,
                             .asked_debuginfod = at->asked_debuginfod,
                             .link = debug_file_link(at->image, &crc),
                             .other_build = at->other_build,
                             .missing_parts = at->splits.missing_version};

    line(at, "names",
         names           ? "of all functions"
         : all->exported ? "of exported functions only; others are shown as [file+0x…]"
                         : "none: functions are shown as [file+0x…]");
    line(at, "inlined calls", of_inlined_calls(at));
    found.functions = names;
    advice_tell(&found, at->out);
}

/* Through the root of a process (/proc/4711/root/usr/bin/x) links count from there: realpath()
 * would lead to our own file of that name. */
static char *path_of(const char *path, const struct root *root, const char **inner)
{
    char *whole = root ? xstrdup(path) : realpath(path, NULL);

    if (whole)
        *inner = whole + (root ? *inner - path : 0);
    return whole;
}

int doctor_file(const char *path, const struct symbolizer_options *options, FILE *out,
                struct error *err)
{
    const char *inner = path;
    struct root *root = root_of_path(&inner);
    char *whole = path_of(path, root, &inner);
    struct examination at = {.out = out, .path = whole, .inner_path = inner, .root = root};
    int fd = whole ? root_open_file(root, inner) : -1;
    int failed;

    if (fd < 0) {
        failed = error_set(err, errno, "cannot open %s: %s", path, strerror(errno));
        root_close(root);
        free(whole);
        return failed;
    }
    failed = image_open(&at.image, fd, path, err);
    if (!failed) {
        at.own = at.all = offers_of(at.image);
        tell_contents(&at);
        look_for_debug_file(&at, options);
        advise(&at);
        image_close(at.image);
        free(at.other_build);
    } else if (other_file_tell(fd, whole, out)) {
        failed = 0;
    }
    close(fd);
    root_close(root);
    free(whole);
    return failed;
}
