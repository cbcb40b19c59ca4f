#include "doctor/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "elf/debug_file.h"
#include "elf/mini_debug.h"

enum { MINI_DEBUG_MAX = 256 << 20 };

/* What a file offers for names, from the least to the most. */
struct offers {
    bool exported, functions, dwarf, split, mini, go;
};

struct examination {
    const char *path;
    struct image *image;
    FILE *out;
    struct offers own, all;
    unsigned looked; /* places where a debug file was looked for */
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

/* A skeleton of split DWARF refers to addresses by number, and names no function itself. */
static bool is_split(struct image *image)
{
    return has_debug(image, "info") && has_debug(image, "addr") &&
           image_has_section(image, ".debug_gnu_pubnames");
}

static struct offers offers_of(struct image *image)
{
    return (struct offers){
        .exported = symbol_count(image, SHT_DYNSYM) > 1,
        .functions = symbol_count(image, SHT_SYMTAB) > 1,
        .dwarf = has_debug(image, "info"),
        .split = is_split(image),
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
    line(at, "DWARF",
         at->own.split   ? "yes; parts of it may be in .dwo files or a .dwp"
         : at->own.dwarf ? "yes"
                         : "none");
    if (at->own.go)
        line(at, "Go's table", "yes: names, inlined calls and lines");
    if (at->own.dwarf && image_has_section(at->image, ".gnu_debugaltlink"))
        line(at, "dwz", "parts of its DWARF are in a common file");
}

/* ---- its debug file ---- */

static void tell_place(const char *path, const char *outcome, void *data)
{
    struct examination *at = data;

    at->looked++;
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

static void look_for_debug_file(struct examination *at,
                                const struct symbolizer_options *options)
{
    const char *directories[2];
    struct debug_file_search search = {
        .directories = directories, .program_path = at->path, .tried = tell_place, .data = at};
    struct debug_file file;

    if (options->debug_dir)
        directories[search.directory_count++] = options->debug_dir;
    directories[search.directory_count++] = "/usr/lib/debug";
    if (debug_file_find(&file, at->image, &search)) {
        struct offers more = offers_of(file.image);

        add(&at->all, &more);
        if (image_has_section(file.image, ".gnu_debugaltlink")) {
            struct debug_file common;

            if (debug_file_find_common(&common, file.image, file.path, &search))
                debug_file_close(&common);
        }
        debug_file_close(&file);
    } else if (!at->looked) {
        line(at, "debug file", "nothing says what it would be called");
    }
}

/* ---- what it means ---- */

static const char *how_to_install(void)
{
    FILE *file = fopen("/etc/os-release", "re");
    char text[4096];
    size_t size = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

    if (file)
        fclose(file);
    text[size] = 0;
    if (strstr(text, "debian") || strstr(text, "ubuntu"))
        return "install its -dbgsym package (`find-dbgsym-packages FILE` of debian-goodies "
               "names it)";
    if (strstr(text, "fedora") || strstr(text, "rhel") || strstr(text, "centos"))
        return "`dnf debuginfo-install FILE`";
    if (strstr(text, "suse"))
        return "install its -debuginfo package";
    if (strstr(text, "arch"))
        return "use --debuginfod: this distribution has its debug files there";
    return "install its debug package";
}

static void advise(const struct examination *at)
{
    const struct offers *all = &at->all;
    bool names = all->functions || all->dwarf || all->mini || all->go;

    line(at, "names",
         names           ? "of all functions"
         : all->exported ? "of exported functions only; others are shown as [file+0x…]"
                         : "none: functions are shown as [file+0x…]");
    line(at, "inlined calls", all->dwarf || all->go ? "yes, with lines" : "no, and no lines");
    if (all->dwarf || all->go)
        return;
    fprintf(at->out, "  %-16s%s;\n  %-16s--debuginfod fetches the file; or build with -g\n",
            "what helps", how_to_install(), "");
}

int doctor_file(const char *path, const struct symbolizer_options *options, FILE *out,
                struct error *err)
{
    struct examination at = {.out = out};
    char *whole = realpath(path, NULL);
    int fd = whole ? open(whole, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) : -1;
    int failed;

    if (fd < 0) {
        failed = error_set(err, errno, "cannot open %s: %s", path, strerror(errno));
        free(whole);
        return failed;
    }
    failed = image_open(&at.image, fd, path, err);
    if (!failed) {
        at.path = whole;
        at.own = at.all = offers_of(at.image);
        tell_contents(&at);
        if (!at.own.dwarf)
            look_for_debug_file(&at, options);
        advise(&at);
        image_close(at.image);
    }
    close(fd);
    free(whole);
    return failed;
}
