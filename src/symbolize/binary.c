#include "symbolize/binary.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/log.h"
#include "base/search.h"
#include "base/xalloc.h"
#include "elf/mini_debug.h"
#include "symbolize/go_names.h"
#include "symbolize/plt.h"

struct binary {
    const struct dso *dso;
    struct image *image;
    int fd; /* opened here; -1 when it is the dso's */
    char *failure;
    struct debug_file debug;
    struct image *mini; /* MiniDebugInfo; opened when the tables before it left names open */
    bool mini_opened;
    struct debug_file_search search;
    bool wants_lines;
    struct dwarf *dwarf; /* opened when first asked for */
    bool dwarf_opened;
    struct go_names go;
    bool has_go;
    bool wants_inlines;
    struct dwarf_frame *frames; /* of the last call of binary_chains() */
    size_t frame_count, frame_room;
    char *complaint;
    bool stripped;
};

enum { MINI_DEBUG_MAX = 256 << 20 };

/* The path may mean another file by now, or here: only a proof of identity opens it. */
static bool is_the_file(const struct dso *dso, struct image *image, int fd)
{
    struct stat file;

    if (dso->build_id.size)
        return build_id_same(&dso->build_id, image_build_id(image));
    return dso->inode && !fstat(fd, &file) && file.st_ino == dso->inode &&
           file.st_dev == dso->device;
}

static void open_by_path(struct binary *binary, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct image *image;

    if (fd < 0)
        return;
    if (image_open(&image, fd, binary->dso->path, NULL)) {
        close(fd);
        return;
    }
    if (!is_the_file(binary->dso, image, fd)) {
        image_close(image);
        close(fd);
        return;
    }
    binary->image = image;
    binary->fd = fd;
}

static void open_file(struct binary *binary)
{
    const struct dso *dso = binary->dso;
    struct error err = {0};

    if (dso->fd >= 0) {
        if (image_open(&binary->image, dso->fd, dso->path, &err))
            binary->failure = xstrdup(err.message);
        return;
    }
    char *inside = xasprintf("/proc/%d/root%s", (int)dso->pid, dso->path);
    open_by_path(binary, inside);
    free(inside);
    if (!binary->image)
        open_by_path(binary, dso->path);
    if (!binary->image)
        binary->failure = xasprintf("%s was gone before it could be read, or is another file "
                                    "now: its functions have no names",
                                    dso->path);
}

/* All processes share one vDSO: ours will do.  Its size is what the last section header or
 * segment reaches to, within the two pages that the kernel gives it. */
static void open_vdso(struct binary *binary)
{
    const uint8_t *bytes = (const uint8_t *)getauxval(AT_SYSINFO_EHDR);
    Elf64_Ehdr header;
    size_t size;
    struct error err = {0};

    if (!bytes) {
        binary->failure = xstrdup("this process has no vDSO to take names from");
        return;
    }
    memcpy(&header, bytes, sizeof(header));
    size = (size_t)header.e_shoff + (size_t)header.e_shnum * header.e_shentsize;
    if (image_open_memory(&binary->image, bytes, size, "[vdso]", &err))
        binary->failure = xstrdup(err.message);
}

static void check_identity(struct binary *binary)
{
    const struct build_id *running = &binary->dso->build_id;
    const struct build_id *found;

    if (!binary->image)
        return;
    found = image_build_id(binary->image);
    if (!running->size || !found->size || build_id_same(running, found))
        return;
    binary->failure = xasprintf("%s is not the file that ran (another build ID): its functions "
                                "have no names",
                                binary->dso->path);
    image_close(binary->image);
    binary->image = NULL;
}

static void open_debug_file(struct binary *binary, const struct symbolizer_options *options,
                            struct debuginfod *servers)
{
    const char *why;

    binary->search = (struct debug_file_search){.directory = options->debug_dir,
                                                .program_path = binary->dso->path,
                                                .root = binary->dso->root};
    if (image_has_section(binary->image, ".debug_info") ||
        image_has_section(binary->image, ".zdebug_info") ||
        debug_file_find(&binary->debug, binary->image, &binary->search))
        return;
    if (options->debuginfod && !debuginfod_find(servers, &binary->debug, binary->image, &why))
        log_note("%s: no debug file from debuginfod: %s", binary->dso->path, why);
}

struct binary *binary_open(const struct dso *dso, const struct symbolizer_options *options,
                           struct debuginfod *servers)
{
    struct binary *binary = xcalloc(1, sizeof(*binary));

    binary->dso = dso;
    binary->fd = -1;
    binary->debug.fd = -1;
    binary->wants_lines = options->lines;
    binary->wants_inlines = options->inlines;
    if (dso->kind == DSO_VDSO)
        open_vdso(binary);
    else
        open_file(binary);
    check_identity(binary);
    if (binary->image && dso->kind == DSO_FILE)
        open_debug_file(binary, options, servers);
    return binary;
}

void binary_close(struct binary *binary)
{
    if (!binary)
        return;
    dwarf_close(binary->dwarf);
    go_names_close(&binary->go);
    image_close(binary->mini);
    image_close(binary->image);
    debug_file_close(&binary->debug);
    if (binary->fd >= 0)
        close(binary->fd);
    free(binary->failure);
    free(binary->complaint);
    free(binary->frames);
    free(binary);
}

const char *binary_failure(const struct binary *binary)
{
    return binary->failure;
}

bool binary_is_stripped(const struct binary *binary)
{
    return binary->stripped;
}

struct image *binary_image(struct binary *binary)
{
    return binary->image;
}

static bool search_mini(struct binary *binary, struct symbol_search *search)
{
    if (!binary->mini_opened && binary->dso->kind == DSO_FILE)
        binary->mini = mini_debug_open(binary->image, MINI_DEBUG_MAX);
    binary->mini_opened = true;
    return binary->mini && symbol_search_table(search, binary->mini, SHT_SYMTAB);
}

/* Whether there was more than the dynamic table.  search->hits is the caller's to free. */
static bool search_tables(struct binary *binary, const uint64_t *addresses, size_t count,
                          struct symbol_search *search)
{
    bool table;

    symbol_search_begin(search, addresses, count);
    table = symbol_search_table(search, binary->image, SHT_SYMTAB);
    if (!table && binary->debug.image)
        table = symbol_search_table(search, binary->debug.image, SHT_SYMTAB);
    if (!table)
        table = search_mini(binary, search);
    if (!symbol_search_complete(search))
        symbol_search_table(search, binary->image, SHT_DYNSYM);
    symbol_search_end(search);
    return table;
}

static int ascending(const void *a, const void *b)
{
    const uint64_t *left = a;
    const uint64_t *right = b;

    return (*left > *right) - (*left < *right);
}

/* A function that is chosen when the program starts bears the name of what chooses it. */
static void name_chosen(struct binary *binary, struct symbol_hit *hits, size_t count)
{
    uint64_t *resolvers = xalloc(count * sizeof(*resolvers));
    struct symbol_search search;
    size_t found = 0, distinct = 0;

    for (size_t i = 0; i < count; i++)
        if (hits[i].resolver)
            resolvers[found++] = hits[i].resolver;
    if (found)
        qsort(resolvers, found, sizeof(*resolvers), ascending);
    for (size_t i = 0; i < found; i++)
        if (!i || resolvers[i] != resolvers[i - 1])
            resolvers[distinct++] = resolvers[i];
    if (distinct) {
        search_tables(binary, resolvers, distinct, &search);
        for (size_t i = 0; i < count; i++)
            if (hits[i].resolver)
                hits[i].name =
                    search.hits[first_from(resolvers, distinct, hits[i].resolver)].name;
        free(search.hits);
    }
    free(resolvers);
}

void binary_symbols(struct binary *binary, const uint64_t *addresses, size_t count,
                    struct symbol_hit *hits)
{
    struct symbol_search search;

    binary->stripped = !search_tables(binary, addresses, count, &search);
    symbol_search_plt(&search, binary->image);
    memcpy(hits, search.hits, count * sizeof(*hits));
    free(search.hits);
    name_chosen(binary, hits, count);
}

static void open_dwarf(struct binary *binary)
{
    struct image *image = binary->debug.image ? binary->debug.image : binary->image;
    struct dwarf_options options = {
        .search = &binary->search,
        .debug_path = binary->debug.path ? binary->debug.path : binary->dso->path,
        .limits = dwarf_usual_limits,
        .lines = binary->wants_lines,
    };
    struct error err = {0};

    binary->dwarf_opened = true;
    binary->has_go = go_names_open(&binary->go, binary->image);
    if (binary->dso->kind == DSO_FILE && dwarf_open(&binary->dwarf, image, &options, &err) &&
        !binary->complaint)
        binary->complaint = xstrdup(err.message);
}

static void chains_from_dwarf(struct binary *binary, const uint64_t *addresses, size_t count,
                              struct dwarf_chain *chains)
{
    size_t found = 0;

    dwarf_find(binary->dwarf, addresses, count, chains);
    for (size_t i = 0; i < count; i++)
        if (chains[i].first + chains[i].count > found)
            found = chains[i].first + chains[i].count;
    binary->frames =
        xgrow(binary->frames, &binary->frame_room, found + 1, sizeof(*binary->frames));
    if (found)
        memcpy(binary->frames, dwarf_frames(binary->dwarf), found * sizeof(*binary->frames));
    binary->frame_count = found;
    if (dwarf_gave_up(binary->dwarf) && !binary->complaint)
        binary->complaint =
            xasprintf("%s: reading its debugging information took too long and was stopped: "
                      "some inlined calls and lines are missing",
                      binary->dso->path);
}

/* What DWARF does not know, Go's own table may. */
static void chains_from_go(struct binary *binary, const uint64_t *addresses, size_t count,
                           struct dwarf_chain *chains)
{
    for (size_t i = 0; i < count; i++) {
        struct dwarf_chain chain = {.first = (uint32_t)binary->frame_count};

        if (chains[i].count ||
            !go_names_find(&binary->go, addresses[i], binary->wants_inlines, &binary->frames,
                           &binary->frame_count, &binary->frame_room))
            continue;
        chain.count = (uint32_t)binary->frame_count - chain.first;
        chain.complete = true;
        chains[i] = chain;
    }
}

const struct dwarf_frame *binary_chains(struct binary *binary, const uint64_t *addresses,
                                        size_t count, struct dwarf_chain *chains)
{
    if (!binary->dwarf_opened)
        open_dwarf(binary);
    if (!binary->dwarf && !binary->has_go)
        return NULL;
    memset(chains, 0, count * sizeof(*chains));
    binary->frame_count = 0;
    if (binary->dwarf)
        chains_from_dwarf(binary, addresses, count, chains);
    if (binary->has_go)
        chains_from_go(binary, addresses, count, chains);
    return binary->frames;
}

void binary_trim(struct binary *binary)
{
    if (binary->dwarf && !binary->complaint && dwarf_missing(binary->dwarf))
        binary->complaint = xstrdup(dwarf_missing(binary->dwarf));
    dwarf_close(binary->dwarf);
    binary->dwarf = NULL;
    go_names_close(&binary->go);
    binary->has_go = false;
    binary->dwarf_opened = false;
}

const char *binary_complaint(const struct binary *binary)
{
    if (binary->complaint)
        return binary->complaint;
    return binary->dwarf ? dwarf_missing(binary->dwarf) : NULL;
}
