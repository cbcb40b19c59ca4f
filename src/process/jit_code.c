#include "process/jit_code.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cursor.h"
#include "base/map.h"
#include "base/xalloc.h"
#include "process/jit_map.h"

enum {
    MAGIC = 0x4a695444, /* "JiTD" as a little-endian machine writes it */
    FLAG_ARCH_TIMESTAMP = 1,
    RECORD_LOAD = 0,
    RECORD_MOVE = 1,
    RECORD_DEBUG_INFO = 2,
    RECORD_UNWINDING = 4,
    FILE_HEADER = 40,
    RECORD_HEADER = 16,
    FIELDS = 48, /* of the longest record that is read here, behind its header */
    WINDOW = 16 << 10,
    PAGE_SHIFT = 12,
    CHUNK = 1024,
    FUNCTIONS_MAX = 1 << 20,
    PLACES_MAX = 1 << 22,
    PAGES_MAX = 1 << 12,   /* of one function: 16 MB */
    CANDIDATES_MAX = 4096, /* functions of one page that are looked at */
    MAP_FUNCTIONS_MAX = 1 << 18,
    MAP_PIECE = 8 << 20, /* of a map, read at once */
    NONE = -1
};

/* A function in a page; those of one page are a list, the latest first. */
struct place {
    const struct jit_function *function;
    uint32_t older;
};

struct jit_code {
    const struct jit_home *home; /* of a map; else NULL */
    int fd;
    bool good;
    bool late;          /* is written in pieces that end within a record: long after the fact */
    bool own_clock;     /* its times are ticks of something else: only their order counts */
    uint64_t offset;    /* read up to here */
    uint64_t read_ns;   /* when that was */
    uint64_t before_ns; /* when it was read before that */
    uint64_t told_ns;   /* of the latest record */
    bool behind;        /* a map: there is more that has not been read yet */
    bool in_line;       /* a map: it ended within a line */
    uint64_t debug, unwinding; /* records that belong to the next function */

    struct jit_function **chunks;
    size_t chunk_count, chunk_room;
    uint32_t count;
    struct map by_index; /* code index → number */
    struct map pages;    /* → index of the latest place */
    struct place *places;
    size_t place_count, place_room;

    uint8_t window[WINDOW];
    uint64_t window_offset;
    size_t window_size;
};

/* Up to `size` bytes at `offset`; fewer where the file ends. */
static struct cursor bytes_at(struct jit_code *code, uint64_t offset, size_t size)
{
    uint64_t from = offset - code->window_offset;

    if (offset < code->window_offset || from > code->window_size ||
        code->window_size - from < size) {
        ssize_t got = pread(code->fd, code->window, WINDOW, (off_t)offset);

        code->window_offset = offset;
        code->window_size = got > 0 ? (size_t)got : 0;
        from = 0;
    }
    if (size > code->window_size - from)
        size = code->window_size - (size_t)from;
    return cursor_over(code->window + from, size);
}

struct jit_code *jit_code_open(int fd)
{
    struct jit_code *code = xcalloc(1, sizeof(*code));

    code->fd = fd;
    return code;
}

struct jit_code *jit_code_open_map(const struct jit_home *home)
{
    struct jit_code *code = jit_code_open(-1);

    code->home = home;
    return code;
}

void jit_code_free(struct jit_code *code)
{
    if (!code)
        return;
    if (code->home && code->fd >= 0)
        close(code->fd);
    for (size_t i = 0; i < code->chunk_count; i++)
        free(code->chunks[i]);
    free(code->chunks);
    free(code->places);
    map_free(&code->by_index);
    map_free(&code->pages);
    free(code);
}

/* ---- what is known ---- */

static struct jit_function *function_at(const struct jit_code *code, uint32_t number)
{
    return &code->chunks[(number - 1) / CHUNK][(number - 1) % CHUNK];
}

static void note_page(struct jit_code *code, uint64_t page, const struct jit_function *function)
{
    uint32_t *latest = map_at(&code->pages, page);

    code->places =
        xgrow(code->places, &code->place_room, code->place_count + 1, sizeof(*code->places));
    code->places[code->place_count] = (struct place){function, *latest};
    *latest = (uint32_t)code->place_count++;
}

/* Its number.  A function that says it is larger than there is room for is noted as far as that
 * goes; one that makes no sense is not: 0. */
static uint32_t add(struct jit_code *code, struct jit_function function)
{
    uint64_t first = function.address >> PAGE_SHIFT, last;
    struct jit_function *added;

    if (!function.size || code->count == FUNCTIONS_MAX ||
        __builtin_add_overflow(function.address, function.size - 1, &last))
        return 0;
    if (code->count % CHUNK == 0) {
        code->chunks = xgrow(code->chunks, &code->chunk_room, code->chunk_count + 1,
                             sizeof(*code->chunks));
        code->chunks[code->chunk_count++] = xcalloc(CHUNK, sizeof(**code->chunks));
    }
    function.number = ++code->count;
    added = function_at(code, function.number);
    *added = function;
    for (uint64_t page = first; page <= last >> PAGE_SHIFT && page - first < PAGES_MAX &&
                                code->place_count < PLACES_MAX;
         page++)
        note_page(code, page, added);
    return function.number;
}

/* ---- records ---- */

/* {pid, tid, vma, code address, size, index}, name, code */
static void take_load(struct jit_code *code, uint64_t record, uint64_t time_ns)
{
    struct cursor cursor = bytes_at(code, record + RECORD_HEADER, FIELDS);
    struct jit_function function = {
        .time_ns = time_ns, .load = record, .debug = code->debug, .unwinding = code->unwinding};
    uint64_t index;

    code->debug = code->unwinding = 0;
    cursor_skip(&cursor, 16); /* pid, tid, vma */
    function.address = function.loaded_at = cursor_u64(&cursor);
    function.size = cursor_u64(&cursor);
    index = cursor_u64(&cursor);
    if (!cursor.failed)
        map_set(&code->by_index, index, add(code, function));
}

/* {pid, tid, vma, old address, new address, size, index} */
static void take_move(struct jit_code *code, uint64_t record, uint64_t time_ns)
{
    struct cursor cursor = bytes_at(code, record + RECORD_HEADER, FIELDS);
    struct jit_function function;
    uint64_t address, size, index;
    uint32_t number;

    cursor_skip(&cursor, 24); /* pid, tid, vma, old address */
    address = cursor_u64(&cursor);
    size = cursor_u64(&cursor);
    index = cursor_u64(&cursor);
    number = map_get(&code->by_index, index);
    if (cursor.failed || number == UINT32_MAX || !number)
        return;
    function = *function_at(code, number);
    function.address = address;
    function.size = size;
    function.time_ns = time_ns;
    map_set(&code->by_index, index, add(code, function));
}

static void take_record(struct jit_code *code, uint32_t kind, uint64_t time_ns)
{
    if (code->own_clock)
        time_ns = 0;
    code->told_ns = time_ns;
    switch (kind) {
    case RECORD_LOAD:
        take_load(code, code->offset, time_ns);
        break;
    case RECORD_MOVE:
        take_move(code, code->offset, time_ns);
        break;
    case RECORD_DEBUG_INFO:
        code->debug = code->offset;
        break;
    case RECORD_UNWINDING:
        code->unwinding = code->offset;
        break;
    default:
        break;
    }
}

static bool take_file_header(struct jit_code *code)
{
    struct cursor cursor = bytes_at(code, 0, FILE_HEADER);
    bool magic = cursor_u32(&cursor) == MAGIC;
    uint32_t size;

    cursor_u32(&cursor); /* version */
    size = cursor_u32(&cursor);
    cursor_skip(&cursor, 20); /* machine, padding, pid, time */
    code->own_clock = cursor_u64(&cursor) & FLAG_ARCH_TIMESTAMP;
    code->good = magic && !cursor.failed && size >= FILE_HEADER && size < WINDOW;
    code->offset = size;
    return code->good;
}

/* What has been written since the last time.  The last record may still be on its way. */
static void read_dump(struct jit_code *code)
{
    struct stat file;

    if (fstat(code->fd, &file) || !S_ISREG(file.st_mode))
        return;
    code->late |= file.st_size == 0;
    if (file.st_size <= 0)
        return;
    code->window_size = 0; /* it may have ended in the middle */
    if (!code->good && !take_file_header(code))
        return;
    while (code->offset < (uint64_t)file.st_size) {
        struct cursor cursor = bytes_at(code, code->offset, RECORD_HEADER);
        uint32_t kind = cursor_u32(&cursor);
        uint32_t size = cursor_u32(&cursor);
        uint64_t time_ns = cursor_u64(&cursor);

        if (cursor.failed || size < RECORD_HEADER ||
            size > (uint64_t)file.st_size - code->offset) {
            code->late = true;
            return;
        }
        take_record(code, kind, time_ns);
        code->offset += size;
    }
}

static void take_line(const struct jit_map_line *line, void *data)
{
    struct jit_code *code = data;

    if (code->count == MAP_FUNCTIONS_MAX)
        code->late = true; /* what comes now will not be known */
    else
        add(code, (struct jit_function){.address = line->start,
                                        .loaded_at = line->start,
                                        .size = line->size,
                                        .time_ns = code->before_ns,
                                        .load = line->offset});
}

/* A writer that holds lines back has them written when its buffer is full, which is hardly ever
 * at the end of one.  Once may be a line that is being written. */
static void read_map(struct jit_code *code)
{
    struct stat file;
    uint64_t from;
    bool was_in_line = code->in_line, rest;

    if (code->fd < 0)
        code->fd = jit_home_open_map(code->home);
    if (code->fd < 0 || code->late || fstat(code->fd, &file) || file.st_size < 0)
        return;
    if ((uint64_t)file.st_size < code->offset)
        code->offset = 0; /* written anew */
    from = code->offset;
    if ((uint64_t)file.st_size == from)
        return;
    code->offset = jit_map_read(code->fd, from, from + MAP_PIECE, take_line, code);
    rest = code->offset < (uint64_t)file.st_size;
    code->behind = rest && (uint64_t)file.st_size - from > MAP_PIECE;
    code->in_line = rest && !code->behind;
    code->late |= was_in_line && code->in_line;
}

static void read_on(struct jit_code *code)
{
    code->before_ns = code->read_ns;
    code->read_ns = clock_ns(CLOCK_MONOTONIC);
    if (code->home)
        read_map(code);
    else
        read_dump(code);
}

bool jit_code_is_settled(const struct jit_code *code, uint64_t time_ns)
{
    return !code->late || code->own_clock || code->told_ns >= time_ns;
}

const struct jit_function *jit_code_find(struct jit_code *code, uint64_t address,
                                         uint64_t time_ns)
{
    const struct jit_function *first = NULL;
    uint32_t at;

    if (time_ns >= code->read_ns)
        read_on(code);
    if (code->home && (code->late || code->behind))
        return NULL;
    at = map_get(&code->pages, address >> PAGE_SHIFT);
    for (int i = 0; at != UINT32_MAX && i < CANDIDATES_MAX; i++, at = code->places[at].older) {
        const struct jit_function *function = code->places[at].function;

        if (address - function->address >= function->size)
            continue;
        if (function->time_ns <= time_ns)
            return function;
        first = function;
    }
    /* Code may run a moment before its record tells of it. */
    return first;
}
