#include "symbolize/symbolize.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/map.h"
#include "base/xalloc.h"
#include "symbolize/binary.h"
#include "symbolize/demangle.h"
#include "symbolize/function_starts.h"
#include "symbolize/jitdump.h"
#include "symbolize/kernel_lookup.h"
#include "symbolize/kernel_symbols.h"
#include "symbolize/perf_map.h"

struct symbolizer {
    struct symbolizer_options options;
    char *debug_dir;
    struct debuginfod servers;
    struct map binary_of_dso; /* id to index */
    struct binary **binaries;
    size_t binary_count, binary_room;
};

/* A distinct address of one dso and what became of it. */
struct place {
    uint64_t offset; /* as the locations have it, calls one before the return address */
    const struct jit_function *made;
    uint64_t moment_ns;
    str_id function, file;
    uint32_t line;
    mapping_id mapping;
    bool unnamed;
    uint32_t first_call, call_count; /* what was inlined there, outermost first */
};

/* A call that was inlined. */
struct call {
    str_id function, file;
    uint32_t line;
};

/* A location in the order of its dso and offset. */
struct query {
    const struct dso *dso;
    uint64_t offset;
    const struct jit_function *made;
    uint64_t moment_ns;
    size_t location;
};

/* All distinct places of one dso, sorted. */
struct group {
    const struct dso *dso;
    struct place *places;
    size_t count;
    struct call *calls;
    size_t call_count, call_room;
    uint64_t bias; /* from an address of the image to the first process's */
    bool biased;
    enum frame_kind kind;
};

struct symbolizer *symbolizer_new(const struct symbolizer_options *options)
{
    struct symbolizer *symbolizer = xcalloc(1, sizeof(*symbolizer));

    symbolizer->options = *options;
    if (options->debug_dir)
        symbolizer->debug_dir = xstrdup(options->debug_dir);
    symbolizer->options.debug_dir = symbolizer->debug_dir;
    return symbolizer;
}

void symbolizer_free(struct symbolizer *symbolizer)
{
    if (!symbolizer)
        return;
    for (size_t i = 0; i < symbolizer->binary_count; i++)
        binary_close(symbolizer->binaries[i]);
    free(symbolizer->binaries);
    map_free(&symbolizer->binary_of_dso);
    free(symbolizer->debug_dir);
    free(symbolizer);
}

static struct binary *binary_of(struct symbolizer *symbolizer, const struct dso *dso)
{
    uint32_t *index = map_at(&symbolizer->binary_of_dso, dso->id);

    if (*index == UINT32_MAX) {
        *index = (uint32_t)symbolizer->binary_count;
        symbolizer->binaries =
            xgrow(symbolizer->binaries, &symbolizer->binary_room, symbolizer->binary_count + 1,
                  sizeof(*symbolizer->binaries));
        symbolizer->binaries[symbolizer->binary_count++] =
            binary_open(dso, &symbolizer->options, &symbolizer->servers);
    }
    return symbolizer->binaries[*index];
}

/* ---- what a place is called ---- */

static mapping_id mapping_of(struct profile *profile, const struct dso *dso)
{
    char hex[2 * sizeof(dso->build_id.bytes) + 1];
    struct profile_mapping mapping = {
        .start = dso->first_start, .limit = dso->first_limit, .offset = dso->first_offset};

    build_id_hex(&dso->build_id, hex);
    mapping.path = profile_intern_text(profile, dso->path);
    mapping.build_id = profile_intern_text(profile, hex);
    return profile_mapping(profile, &mapping);
}

/* A mapping that has only a name. */
static mapping_id mapping_named(struct profile *profile, const char *name, size_t length)
{
    struct profile_mapping mapping = {.path = profile_intern(profile, name, length)};

    return profile_mapping(profile, &mapping);
}

static void leave_unnamed(struct group *group, struct profile *profile)
{
    mapping_id mapping = mapping_of(profile, group->dso);

    for (size_t i = 0; i < group->count; i++) {
        struct place *place = &group->places[i];

        place->mapping = mapping;
        if (!place->function) {
            place->function = profile_intern_place(profile, group->dso->path, place->offset);
            place->unnamed = true;
        }
    }
}

/* ---- files ---- */

/* From the image's addresses to those of the process that was seen first. */
static void find_bias(struct group *group, struct image *image)
{
    const struct dso *dso = group->dso;
    uint64_t address;

    if (dso->first_limit > dso->first_start &&
        image_address(image, dso->first_offset, &address)) {
        group->bias = dso->first_start - address;
        group->biased = true;
    }
}

/* Names are made readable once for all addresses that have them. */
struct naming {
    struct profile *profile;
    enum demangle demangle;
    struct map readable; /* by the address of the name in its file */
    struct map texts;    /* the same for paths, which stay as they are */
};

static str_id readable_name(struct naming *naming, const char *name)
{
    uint32_t *id = map_at(&naming->readable, (uintptr_t)name);

    if (*id == UINT32_MAX) {
        char *text = symbol_display_name(name, naming->demangle);

        /* DWARF has some names as they stand in the source. */
        if (naming->demangle == DEMANGLE_SHORT)
            shorten_templates(text);
        *id = profile_intern_text(naming->profile, text);
        free(text);
    }
    return *id;
}

static str_id text_id(struct naming *naming, const char *text)
{
    uint32_t *id;

    if (!text)
        return 0;
    id = map_at(&naming->texts, (uintptr_t)text);
    if (*id == UINT32_MAX)
        *id = profile_intern_text(naming->profile, text);
    return *id;
}

static str_id name_of_hit(struct naming *naming, const struct symbol_hit *hit)
{
    str_id id = readable_name(naming, hit->name);
    char *stub;

    if (!hit->plt)
        return id;
    stub = xasprintf("%s@plt", profile_string(naming->profile, id));
    id = profile_intern_text(naming->profile, stub);
    free(stub);
    return id;
}

/* Whether the symbol is more to be trusted than what DWARF calls the function. */
static bool is_sure(const struct symbol_hit *hit)
{
    return hit->name && hit->size && hit->kind == 2;
}

/* The outermost frame of a chain is the function itself, the others were inlined into it. */
static void take_chain(struct group *group, struct place *place, struct naming *naming,
                       const struct dwarf_frame *frames, const struct dwarf_chain *chain,
                       bool inlines)
{
    uint32_t inlined = chain->count - chain->complete;

    if (chain->complete) {
        const struct dwarf_frame *function = &frames[chain->first + chain->count - 1];

        place->file = text_id(naming, function->path);
        place->line = function->line;
        if (!place->function && function->name)
            place->function = readable_name(naming, function->name);
    }
    if (!inlines)
        return;
    place->first_call = (uint32_t)group->call_count;
    place->call_count = inlined;
    group->calls = xgrow(group->calls, &group->call_room, group->call_count + inlined,
                         sizeof(*group->calls));
    for (uint32_t i = inlined; i-- > 0;) {
        const struct dwarf_frame *frame = &frames[chain->first + i];

        group->calls[group->call_count++] = (struct call){
            .function = frame->name ? readable_name(naming, frame->name)
                                    : profile_intern_text(naming->profile, "[inlined]"),
            .file = text_id(naming, frame->path),
            .line = frame->line};
    }
}

/* The image's addresses of the places that have one, ascending, without repetition, and which
 * place each is. */
static size_t addresses_of(const struct group *group, struct image *image, uint64_t *addresses,
                           size_t *place)
{
    size_t count = 0;

    for (size_t i = 0; i < group->count; i++)
        if (image_address(image, group->places[i].offset, &addresses[count]))
            place[count++] = i;
    return count;
}

struct pair {
    uint64_t address;
    size_t place;
};

static int by_address(const void *a, const void *b)
{
    const struct pair *left = a;
    const struct pair *right = b;

    return (left->address > right->address) - (left->address < right->address);
}

/* Segments may lie in the file in another order than in memory. */
static void sort_addresses(uint64_t *addresses, size_t *places, size_t count)
{
    struct pair *pairs;
    bool sorted = true;

    for (size_t i = 1; i < count; i++)
        sorted &= addresses[i - 1] < addresses[i];
    if (sorted)
        return;
    pairs = xalloc(count * sizeof(*pairs));
    for (size_t i = 0; i < count; i++)
        pairs[i] = (struct pair){addresses[i], places[i]};
    qsort(pairs, count, sizeof(*pairs), by_address);
    for (size_t i = 0; i < count; i++) {
        addresses[i] = pairs[i].address;
        places[i] = pairs[i].place;
    }
    free(pairs);
}

static void name_places(struct symbolizer *symbolizer, struct group *group,
                        struct binary *binary, struct profile *profile)
{
    uint64_t *addresses = xalloc(group->count * sizeof(*addresses));
    size_t *places = xalloc(group->count * sizeof(*places));
    struct symbol_hit *hits = xcalloc(group->count, sizeof(*hits));
    struct dwarf_chain *chains = xcalloc(group->count, sizeof(*chains));
    const struct symbolizer_options *options = &symbolizer->options;
    struct naming naming = {.profile = profile, .demangle = options->demangle};
    const struct dwarf_frame *frames = NULL;
    size_t count = addresses_of(group, binary_image(binary), addresses, places);

    sort_addresses(addresses, places, count);
    binary_symbols(binary, addresses, count, hits);
    if (options->inlines || options->lines || binary_is_stripped(binary))
        frames = binary_chains(binary, addresses, count, chains);
    for (size_t i = 0; i < count; i++) {
        struct place *place = &group->places[places[i]];

        if (is_sure(&hits[i]) || (hits[i].name && !(frames && chains[i].complete)))
            place->function = name_of_hit(&naming, &hits[i]);
        if (frames && chains[i].count)
            take_chain(group, place, &naming, frames, &chains[i], options->inlines);
        if (!place->function && hits[i].name)
            place->function = name_of_hit(&naming, &hits[i]);
    }
    map_free(&naming.readable);
    map_free(&naming.texts);
    free(addresses);
    free(places);
    free(hits);
    free(chains);
}

/* All addresses of a function without a name get that of its start. */
static void name_by_starts(struct group *group, struct image *image, struct profile *profile)
{
    struct function_starts starts;
    uint64_t address, start, offset;

    if (!function_starts_open(&starts, image))
        return;
    for (size_t i = 0; i < group->count; i++) {
        struct place *place = &group->places[i];

        if (place->function || !image_address(image, place->offset, &address) ||
            !function_starts_find(&starts, address, &start) ||
            !image_offset(image, start, &offset))
            continue;
        place->function = profile_intern_place(profile, group->dso->path, offset);
        place->unnamed = true;
    }
}

static void resolve_file(struct symbolizer *symbolizer, struct group *group,
                         struct profile *profile)
{
    struct binary *binary = binary_of(symbolizer, group->dso);

    if (binary_failure(binary)) {
        profile_add_note(profile, binary_failure(binary));
    } else {
        find_bias(group, binary_image(binary));
        name_places(symbolizer, group, binary, profile);
        name_by_starts(group, binary_image(binary), profile);
        if (binary_complaint(binary))
            profile_add_note(profile, binary_complaint(binary));
    }
    leave_unnamed(group, profile);
}

/* ---- the kernel ---- */

static void name_kernel_place(const struct dso *dso, struct place *place,
                              const struct kernel_hit *hit, struct profile *profile,
                              mapping_id kernel)
{
    const struct kernel_piece *made =
        dso->kernel_code ? kernel_code_find(dso->kernel_code, place->offset) : NULL;
    char *module;

    place->mapping = kernel;
    /* It may have gone, and have left its place to others. */
    if (made) {
        place->function = profile_intern_text(profile, made->name);
        if (made->is_bpf)
            place->mapping = mapping_named(profile, "[bpf]", strlen("[bpf]"));
        return;
    }
    if (!hit->name) {
        place->function = profile_intern_place(profile, "[kernel]", place->offset);
        place->unnamed = true;
        return;
    }
    place->function = profile_intern(profile, hit->name, hit->name_length);
    if (!hit->module)
        return;
    module = xasprintf("[%.*s]", (int)hit->module_length, hit->module);
    place->mapping = mapping_named(profile, module, strlen(module));
    free(module);
}

static void resolve_kernel(struct symbolizer *symbolizer, struct group *group,
                           struct profile *profile)
{
    uint64_t *addresses = xalloc(group->count * sizeof(*addresses));
    struct kernel_hit *hits = xcalloc(group->count, sizeof(*hits));
    mapping_id kernel = mapping_of(profile, group->dso);
    size_t size;
    const struct symbolizer_options *options = &symbolizer->options;
    bool other = options->other_kernel;
    char *text = NULL;

    group->kind = FRAME_KERNEL;
    for (size_t i = 0; i < group->count; i++)
        addresses[i] = group->places[i].offset;
    if (!other)
        text = kernel_lookup(addresses, group->count, &size);
    if (!other && !text)
        text = kernel_symbols_read(&size);
    if (other) {
        profile_add_note(profile, "recorded under another kernel than runs here: its functions "
                                  "have no names");
    } else if (!text || !kernel_symbols_find(text, size, addresses, group->count, hits)) {
        char *why = kernel_symbols_hidden_by();

        profile_add_note(profile, why);
        free(why);
    }
    for (size_t i = 0; i < group->count && options->kernel_text; i++)
        if (addresses[i] < options->kernel_text || addresses[i] >= options->kernel_text_end)
            hits[i] = (struct kernel_hit){0};
    for (size_t i = 0; i < group->count; i++)
        name_kernel_place(group->dso, &group->places[i], &hits[i], profile, kernel);
    free(addresses);
    free(hits);
    free(text);
}

/* ---- memory without a file ---- */

/* "[jit]" for anonymous memory, "[stack]" and "[anon:name]" by their own names. */
static const char *memory_name(const struct dso *dso)
{
    return dso->path[0] == '[' && dso->kind == DSO_ANONYMOUS ? dso->path : "[jit]";
}

/* What a run-time must be told so that it leaves names. */
static const struct {
    const char *program, *remedy;
} runtimes[] = {
    {"node", "run it as `node --perf-basic-prof`"},
    {"java", "run it with -XX:+PreserveFramePointer -XX:+UnlockDiagnosticVMOptions "
             "-XX:+DumpPerfMapAtExit, or give `jcmd PID Compiler.perfmap` while it runs"},
    {"python", "from Python 3.12 on, run it with -X perf"},
    {"dotnet", "set DOTNET_PerfMapEnabled=1"},
    {"ruby", "run it with --yjit-perf"},
    {"beam", "run erl with +JPperf true"},
    {"php", "set opcache.jit_debug=0x10"},
    {"julia", "set ENABLE_JITPROFILING=1"},
    {"luajit", "LuaJIT writes no names: -joff interprets instead"},
};

/* Once for all processes of a program: what is to be done is the same. */
static void note_missing_names(const struct dso *dso, int reason, struct profile *profile)
{
    char *note = NULL;

    if (reason == EPERM)
        note = xasprintf("perf-%d.map is not a file of that process's user: its names are not "
                         "used",
                         (int)dso->jit->inner_pid);
    for (size_t i = 0; !note && i < ARRAY_LENGTH(runtimes); i++)
        if (!strncmp(dso->jit->program, runtimes[i].program, strlen(runtimes[i].program)))
            note = xasprintf("%s makes code without telling names: %s", dso->jit->program,
                             runtimes[i].remedy);
    if (note)
        profile_add_note(profile, note);
    free(note);
}

/* What a jitdump tells.  Run-times that write it in large pieces (V8) tell only now what they
 * made long ago. */
static size_t name_by_dump(const struct group *group, struct jit_hit *hits)
{
    struct jit_code *code = jit_code_open(group->dso->fd);
    uint64_t budget = JIT_WORK_MAX;
    size_t named = 0;

    for (size_t i = 0; i < group->count; i++) {
        const struct place *place = &group->places[i];
        const struct jit_function *made = place->made;

        if (!made && place->moment_ns)
            made = jit_code_find(code, place->offset, place->moment_ns);
        if (made)
            jitdump_name(group->dso->fd, made, place->offset, &budget, &hits[i]);
        named += hits[i].name != NULL;
    }
    jit_code_free(code);
    return named;
}

/* The places that are left, by the perf map. */
static void name_by_map(const struct group *group, int fd, struct jit_hit *hits)
{
    uint64_t *addresses = xalloc(group->count * sizeof(*addresses));
    struct jit_hit *found = xcalloc(group->count, sizeof(*found));
    size_t count = 0;

    for (size_t i = 0; i < group->count; i++)
        if (!hits[i].name)
            addresses[count++] = group->places[i].offset;
    perf_map_find(fd, (uint64_t)1 << 30, addresses, count, found);
    count = 0;
    for (size_t i = 0; i < group->count; i++)
        if (!hits[i].name)
            hits[i] = found[count++];
    free(addresses);
    free(found);
}

/* What lay there when the sample was taken, by what the perf map had told then. */
static void name_by_lines(const struct group *group, int fd, struct jit_hit *hits)
{
    for (size_t i = 0; i < group->count; i++)
        if (group->places[i].made && !hits[i].name)
            perf_map_name(fd, group->places[i].made, &hits[i]);
}

static void find_made_code(const struct group *group, struct jit_hit *hits,
                           struct profile *profile)
{
    const struct dso *dso = group->dso;
    size_t named = dso->kind == DSO_JIT ? name_by_dump(group, hits) : 0;
    int fd;

    if (named == group->count)
        return;
    fd = jit_home_open_map(dso->jit);
    if (fd >= 0) {
        if (dso->kind == DSO_ANONYMOUS)
            name_by_lines(group, fd, hits);
        name_by_map(group, fd, hits);
        close(fd);
    } else if (!named) {
        note_missing_names(dso, errno, profile);
    }
}

static void resolve_memory(struct symbolizer *symbolizer, struct group *group,
                           struct profile *profile)
{
    const char *name = memory_name(group->dso);
    struct jit_hit *hits = xcalloc(group->count, sizeof(*hits));
    mapping_id mapping = mapping_named(profile, name, strlen(name));

    group->kind = FRAME_JIT;
    if (group->dso->jit)
        find_made_code(group, hits, profile);
    for (size_t i = 0; i < group->count; i++) {
        struct place *place = &group->places[i];
        char *readable = hits[i].name && *hits[i].name
                             ? symbol_display_name(hits[i].name, symbolizer->options.demangle)
                             : NULL;

        place->mapping = mapping;
        place->unnamed = !readable;
        place->function = profile_intern_text(profile, readable ? readable : name);
        if (hits[i].path)
            place->file = profile_intern_text(profile, hits[i].path);
        place->line = hits[i].line;
        free(readable);
    }
    jit_hits_free(hits, group->count);
}

/* Three calls, a kilobyte apart, in a page at a fixed address. */
static void resolve_vsyscall(struct symbolizer *symbolizer, struct group *group,
                             struct profile *profile)
{
    static const char *const calls[] = {"gettimeofday", "time", "getcpu"};
    mapping_id mapping = mapping_named(profile, "[vsyscall]", strlen("[vsyscall]"));

    (void)symbolizer;
    for (size_t i = 0; i < group->count; i++) {
        struct place *place = &group->places[i];
        uint64_t call = (place->offset & 0xfff) >> 10;

        place->mapping = mapping;
        place->unnamed = call >= ARRAY_LENGTH(calls);
        place->function =
            profile_intern_text(profile, place->unnamed ? "[vsyscall]" : calls[call]);
    }
}

/* ---- batches ---- */

typedef void resolver(struct symbolizer *symbolizer, struct group *group,
                      struct profile *profile);
static resolver *const resolvers[] = {
    [DSO_FILE] = resolve_file,  [DSO_KERNEL] = resolve_kernel,
    [DSO_VDSO] = resolve_file,  [DSO_VSYSCALL] = resolve_vsyscall,
    [DSO_JIT] = resolve_memory, [DSO_ANONYMOUS] = resolve_memory,
};

static uint32_t made_number(const struct query *query)
{
    return query->made ? query->made->number : 0;
}

static int by_dso_and_offset(const void *a, const void *b)
{
    const struct query *left = a;
    const struct query *right = b;
    uint64_t left_id = left->dso ? left->dso->id : UINT64_MAX;
    uint64_t right_id = right->dso ? right->dso->id : UINT64_MAX;

    if (left_id != right_id)
        return left_id < right_id ? -1 : 1;
    if (left->offset != right->offset)
        return left->offset < right->offset ? -1 : 1;
    if (left->made != right->made)
        return made_number(left) < made_number(right) ? -1 : 1;
    return (left->moment_ns > right->moment_ns) - (left->moment_ns < right->moment_ns);
}

static bool same_place(const struct query *a, const struct query *b)
{
    return a->offset == b->offset && a->made == b->made && a->moment_ns == b->moment_ns;
}

static struct query *sorted_queries(const struct location *locations, size_t count)
{
    struct query *queries = xalloc(count * sizeof(*queries));

    for (size_t i = 0; i < count; i++) {
        const struct location *location = &locations[i];

        queries[i] = (struct query){
            .dso = location->dso,
            .offset = location->offset - (location->is_return && location->offset),
            .made = location->made,
            .moment_ns = location->moment_ns,
            .location = i,
        };
    }
    if (count)
        qsort(queries, count, sizeof(*queries), by_dso_and_offset);
    return queries;
}

/* As the process that was seen first saw it. */
static uint64_t shown_address(const struct group *group, const struct binary *binary,
                              const struct location *location)
{
    uint64_t address;
    struct image *image = binary ? binary_image((struct binary *)(uintptr_t)binary) : NULL;

    if (image && image_address(image, location->offset, &address))
        return group->biased ? group->bias + address : location->offset;
    if (group->dso->first_limit > group->dso->first_start && group->dso->kind != DSO_KERNEL &&
        group->dso->kind != DSO_JIT && group->dso->kind != DSO_ANONYMOUS)
        return group->dso->first_start + (location->offset - group->dso->first_offset);
    return location->offset;
}

/* Frames of all locations, in the order of the queries; `first` and `last` by location. */
struct answers {
    frame_id *frames;
    size_t count, room;
    size_t *first; /* where each location's frames begin */
    uint32_t *depth;
};

static void add_frame(struct answers *answers, struct profile *profile,
                      const struct frame *frame)
{
    answers->frames =
        xgrow(answers->frames, &answers->room, answers->count + 1, sizeof(*answers->frames));
    answers->frames[answers->count++] = profile_frame(profile, frame);
}

static void answer(struct answers *answers, struct group *group, const struct place *place,
                   const struct binary *binary, const struct location *location, size_t index,
                   struct profile *profile)
{
    struct frame frame = {
        .function = place->function,
        .file = place->file,
        .line = place->line,
        .mapping = place->mapping,
        .address = shown_address(group, binary, location),
        .kind = group->kind,
        .unnamed = place->unnamed,
    };

    answers->first[index] = answers->count;
    answers->depth[index] = 1 + place->call_count;
    add_frame(answers, profile, &frame);
    frame.kind = FRAME_INLINE;
    frame.unnamed = false;
    for (uint32_t i = 0; i < place->call_count; i++) {
        const struct call *call = &group->calls[place->first_call + i];

        frame.function = call->function;
        frame.file = call->file;
        frame.line = call->line;
        add_frame(answers, profile, &frame);
    }
}

/* queries[0..count) are all of one dso. */
static void resolve_group(struct symbolizer *symbolizer, const struct location *locations,
                          const struct query *queries, size_t count, struct profile *profile,
                          struct answers *answers)
{
    struct group group = {.dso = queries->dso, .kind = FRAME_NATIVE};
    const struct binary *binary = NULL;
    size_t place = 0;

    group.places = xcalloc(count, sizeof(*group.places));
    for (size_t i = 0; i < count; i++)
        if (!i || !same_place(&queries[i], &queries[i - 1]))
            group.places[group.count++] = (struct place){.offset = queries[i].offset,
                                                         .made = queries[i].made,
                                                         .moment_ns = queries[i].moment_ns};
    resolvers[group.dso->kind](symbolizer, &group, profile);
    if (resolvers[group.dso->kind] == resolve_file)
        binary = binary_of(symbolizer, group.dso);
    for (size_t i = 0; i < count; i++) {
        size_t index = queries[i].location;

        place += i && !same_place(&queries[i], &queries[i - 1]);
        answer(answers, &group, &group.places[place], binary, &locations[index], index,
               profile);
    }
    if (resolvers[group.dso->kind] == resolve_file)
        binary_trim(binary_of(symbolizer, group.dso));
    free(group.places);
    free(group.calls);
}

static void answer_unknown(struct answers *answers, const struct location *location,
                           size_t index, struct profile *profile)
{
    struct frame frame = {.function = profile_intern_text(profile, "[unknown]"),
                          .address = location->offset,
                          .unnamed = true};

    answers->first[index] = answers->count;
    answers->depth[index] = 1;
    add_frame(answers, profile, &frame);
}

/* From the order of the queries to that of the locations. */
static frame_id *in_order(const struct answers *answers, size_t count, size_t *first)
{
    frame_id *frames = xalloc((answers->count + 1) * sizeof(*frames));

    first[0] = 0;
    for (size_t i = 0; i < count; i++) {
        memcpy(frames + first[i], answers->frames + answers->first[i],
               answers->depth[i] * sizeof(*frames));
        first[i + 1] = first[i] + answers->depth[i];
    }
    return frames;
}

void symbolize(struct symbolizer *symbolizer, const struct location *locations, size_t count,
               struct profile *profile, frame_id **frames, size_t *first)
{
    struct query *queries = sorted_queries(locations, count);
    struct answers answers = {.first = xalloc((count + 1) * sizeof(*answers.first)),
                              .depth = xalloc((count + 1) * sizeof(*answers.depth))};

    for (size_t at = 0, end; at < count; at = end) {
        for (end = at + 1; end < count && queries[end].dso == queries[at].dso; end++)
            ;
        if (queries[at].dso)
            resolve_group(symbolizer, locations, queries + at, end - at, profile, &answers);
        else
            for (size_t i = at; i < end; i++)
                answer_unknown(&answers, &locations[queries[i].location], queries[i].location,
                               profile);
    }
    *frames = in_order(&answers, count, first);
    free(answers.frames);
    free(answers.first);
    free(answers.depth);
    free(queries);
}
