#include "base/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/xalloc.h"

enum { BUFFER = 256 * 1024, INPUT = 256 * 1024 };

struct source {
    char *name;
    int fd;                /* -1 for memory */
    const uint8_t *memory; /* what is left of it */
    size_t memory_left;
    const uint8_t *memory_start;
    uint64_t file_size, file_read;

    uint8_t *buffer; /* what the caller sees */
    size_t room, start, end;
    uint64_t offset; /* of buffer[start] */
    bool ended;

    bool gzip, member_ended;
    z_stream z;
    uint8_t *input;

    source_watch_fn *watch;
    void *watch_data;

    struct error failure;
};

static struct source *source_new(const char *name, int fd)
{
    struct source *source = xcalloc(1, sizeof(*source));

    source->name = xstrdup(name);
    source->fd = fd;
    source->room = BUFFER;
    source->buffer = xalloc(source->room);
    return source;
}

/* Raw bytes, before inflating.  0 at the end and after a failure. */
static size_t read_raw(struct source *source, uint8_t *into, size_t room)
{
    ssize_t got;

    if (source->fd < 0) {
        size_t size = source->memory_left < room ? source->memory_left : room;

        if (size)
            memcpy(into, source->memory, size);
        source->memory += size;
        source->memory_left -= size;
        return size;
    }
    do
        got = read(source->fd, into, room);
    while (got < 0 && errno == EINTR);
    if (got < 0) {
        error_set(&source->failure, errno, "cannot read %s: %s", source->name, strerror(errno));
        return 0;
    }
    source->file_read += (uint64_t)got;
    return (size_t)got;
}

static void broken_gzip(struct source *source, const char *reason)
{
    error_set(&source->failure, EBADMSG, "%s: the gzip data is damaged near byte %llu: %s",
              source->name,
              (unsigned long long)(source->offset + (source->end - source->start)), reason);
}

/* Inflated bytes, members one after the other.  0 at the end and after a failure. */
static size_t read_inflated(struct source *source, uint8_t *into, size_t room)
{
    z_stream *z = &source->z;

    z->next_out = into;
    z->avail_out = (uInt)(room > UINT32_MAX ? UINT32_MAX : room);
    while (z->next_out == into) {
        int result;

        if (!z->avail_in) {
            z->next_in = source->input;
            z->avail_in = (uInt)read_raw(source, source->input, INPUT);
            if (!z->avail_in) {
                if (!source->member_ended && !source->failure.code)
                    broken_gzip(source, "it ends too early");
                return 0;
            }
        }
        if (source->member_ended) {
            if (z->next_in[0] != 0x1f) /* padding behind the last member, as tar makes it */
                return 0;
            inflateReset(z);
            source->member_ended = false;
        }
        result = inflate(z, Z_NO_FLUSH);
        if (result == Z_STREAM_END) {
            source->member_ended = true;
        } else if (result != Z_OK && result != Z_BUF_ERROR) {
            size_t got = (size_t)(z->next_out - into);

            broken_gzip(source, z->msg ? z->msg : "unknown compression");
            return got;
        }
    }
    return (size_t)(z->next_out - into);
}

static void fill(struct source *source, size_t wanted)
{
    if (source->end - source->start >= wanted || source->ended)
        return;
    if (source->start) {
        memmove(source->buffer, source->buffer + source->start, source->end - source->start);
        source->end -= source->start;
        source->start = 0;
    }
    if (wanted > source->room)
        source->buffer = xgrow(source->buffer, &source->room, wanted, 1);
    while (source->end < wanted && !source->ended) {
        size_t room = source->room - source->end;
        uint8_t *into = source->buffer + source->end;
        size_t got =
            source->gzip ? read_inflated(source, into, room) : read_raw(source, into, room);

        source->end += got;
        source->ended = !got || source->failure.code;
    }
    if (source->watch)
        source->watch(source, source->watch_data);
}

static void start_gzip(struct source *source)
{
    size_t available;
    const uint8_t *head = source_peek(source, 2, &available);

    if (available < 2 || head[0] != 0x1f || head[1] != 0x8b)
        return;
    /* What has been read so far becomes the first input. */
    source->input = xalloc(source->room > INPUT ? source->room : INPUT);
    memcpy(source->input, head, available);
    source->z.next_in = source->input;
    source->z.avail_in = (uInt)available;
    if (inflateInit2(&source->z, 15 + 16) != Z_OK)
        return;
    source->gzip = true;
    source->end = source->start = 0;
    source->ended = false;
}

int source_open(struct source **source, const char *path, struct error *err)
{
    struct source *opened;
    struct stat file;
    int fd;

    if (!strcmp(path, "-")) {
        fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
        path = "standard input";
    } else {
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    }
    if (fd < 0)
        return error_set(err, errno, "cannot read %s: %s", path, strerror(errno));
    if (fstat(fd, &file) == 0 && S_ISDIR(file.st_mode)) {
        close(fd);
        return error_set(err, EISDIR, "cannot read %s: it is a directory", path);
    }
    if (fcntl(fd, F_GETFL) & O_NONBLOCK)
        fcntl(fd, F_SETFL, 0);
    opened = source_new(path, fd);
    if (S_ISREG(file.st_mode))
        opened->file_size = (uint64_t)file.st_size;
    start_gzip(opened);
    *source = opened;
    return 0;
}

struct source *source_over(const char *name, const void *bytes, size_t size)
{
    struct source *source = source_new(name, -1);

    source->memory = source->memory_start = bytes;
    source->file_size = size;
    source->memory_left = size;
    start_gzip(source);
    return source;
}

void source_close(struct source *source)
{
    if (!source)
        return;
    if (source->gzip)
        inflateEnd(&source->z);
    if (source->fd >= 0)
        close(source->fd);
    free(source->input);
    free(source->buffer);
    free(source->name);
    free(source);
}

const uint8_t *source_peek(struct source *source, size_t wanted, size_t *available)
{
    fill(source, wanted);
    *available = source->end - source->start;
    return source->buffer + source->start;
}

void source_skip(struct source *source, size_t size)
{
    source->start += size;
    source->offset += size;
}

size_t source_look(struct source *source, uint64_t offset, void *into, size_t size)
{
    ssize_t got;

    if (source->gzip || offset >= source->file_size)
        return 0;
    if (size > source->file_size - offset)
        size = (size_t)(source->file_size - offset);
    if (source->fd < 0) {
        memcpy(into, source->memory_start + offset, size);
        return size;
    }
    do
        got = pread(source->fd, into, size, (off_t)offset);
    while (got < 0 && errno == EINTR);
    return got < 0 ? 0 : (size_t)got;
}

int source_failed(const struct source *source, struct error *err)
{
    if (!source->failure.code)
        return 0;
    if (err)
        *err = source->failure;
    return -source->failure.code;
}

const char *source_name(const struct source *source)
{
    return source->name;
}

uint64_t source_offset(const struct source *source)
{
    return source->offset;
}

double source_progress(const struct source *source)
{
    return source->file_size ? (double)source->file_read / (double)source->file_size : -1;
}

void source_watch(struct source *source, source_watch_fn *fn, void *data)
{
    source->watch = fn;
    source->watch_data = data;
}
