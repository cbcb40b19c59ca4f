#define ZLIB_CONST /* next_in leads to what is only read */
#include "base/gzip.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/xalloc.h"

enum { OUTPUT = 256 * 1024, INPUT = 256 * 1024 };

/* With GZIP_FAST a piece is tried; when it did not lose a fifth, those behind it are stored:
 * most of the time goes into what hardly makes the file smaller. */
enum { PIECE = 256 * 1024, STORED_PIECES = 7 };

/* Compresses beside whoever writes, who then makes the next block meanwhile. */
struct worker {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    char block[INPUT];
    size_t size; /* of the block that is to be compressed, 0: none */
    bool ending;
    int failed; /* the errno of a write to `below` */
};

struct gzip {
    FILE *below;
    bool started;          /* the first block has come */
    struct worker *worker; /* from the second block on; has all below this line then */
    z_stream z;
    uint8_t *output;
    int level;
    size_t piece_left;            /* bytes until the next decision */
    uint64_t piece_in, piece_out; /* where the piece began */
    unsigned stored;              /* pieces still to be stored */
    char *input; /* the stream's own buffer: deflate is fastest in large pieces */
};

static bool put_output(struct gzip *gzip)
{
    size_t size = OUTPUT - gzip->z.avail_out;

    return fwrite(gzip->output, 1, size, gzip->below) == size;
}

/* Compresses what z.next_in holds; false when `below` took less than all of it. */
static bool deflate_input(struct gzip *gzip, int mode)
{
    do {
        gzip->z.next_out = gzip->output;
        gzip->z.avail_out = OUTPUT;
        deflate(&gzip->z, mode);
        if (!put_output(gzip))
            return false;
    } while (!gzip->z.avail_out);
    return true;
}

/* Another level from here on; false as deflate_input(). */
static bool set_level(struct gzip *gzip, int level)
{
    int result;

    do {
        gzip->z.next_out = gzip->output;
        gzip->z.avail_out = OUTPUT;
        gzip->z.avail_in = 0;
        result = deflateParams(&gzip->z, level, Z_DEFAULT_STRATEGY);
        if (!put_output(gzip))
            return false;
    } while (result == Z_BUF_ERROR);
    return true;
}

static bool is_smaller(const struct gzip *gzip)
{
    uint64_t in = gzip->z.total_in - gzip->piece_in;

    return gzip->z.total_out - gzip->piece_out < in - in / 5;
}

/* Decides between two pieces; false as deflate_input(). */
static bool next_piece(struct gzip *gzip)
{
    bool written = true;

    if (gzip->stored) {
        if (!--gzip->stored)
            written = set_level(gzip, gzip->level);
    } else if (gzip->level == GZIP_FAST && gzip->z.total_in && !is_smaller(gzip)) {
        gzip->stored = STORED_PIECES;
        written = set_level(gzip, Z_NO_COMPRESSION);
    }
    gzip->piece_left = PIECE;
    gzip->piece_in = gzip->z.total_in;
    gzip->piece_out = gzip->z.total_out;
    return written;
}

/* False, with errno, when `below` took less than all of it. */
static bool compress_block(struct gzip *gzip, const char *bytes, size_t size)
{
    while (size) {
        size_t part;

        if (!gzip->piece_left && !next_piece(gzip))
            return false;
        part = size < gzip->piece_left ? size : gzip->piece_left;
        gzip->z.next_in = (const void *)bytes;
        gzip->z.avail_in = (uInt)part;
        if (!deflate_input(gzip, Z_NO_FLUSH))
            return false;
        bytes += part;
        size -= part;
        gzip->piece_left -= part;
    }
    return true;
}

/* ---- the worker ---- */

static void *work(void *data)
{
    struct gzip *gzip = data;
    struct worker *worker = gzip->worker;

    pthread_mutex_lock(&worker->lock);
    while (worker->size || !worker->ending) {
        int failed = worker->failed;

        if (!worker->size) {
            pthread_cond_wait(&worker->changed, &worker->lock);
            continue;
        }
        pthread_mutex_unlock(&worker->lock);
        errno = 0;
        if (!failed && !compress_block(gzip, worker->block, worker->size))
            failed = errno ? errno : EIO;
        pthread_mutex_lock(&worker->lock);
        worker->failed = failed;
        worker->size = 0;
        pthread_cond_signal(&worker->changed);
    }
    pthread_mutex_unlock(&worker->lock);
    return NULL;
}

/* Without a thread to be had the writer compresses, as it did the first block. */
static void start_worker(struct gzip *gzip)
{
    struct worker *worker = xcalloc(1, sizeof(*worker));

    pthread_mutex_init(&worker->lock, NULL);
    pthread_cond_init(&worker->changed, NULL);
    gzip->worker = worker;
    if (!pthread_create(&worker->thread, NULL, work, gzip))
        return;
    gzip->worker = NULL;
    pthread_cond_destroy(&worker->changed);
    pthread_mutex_destroy(&worker->lock);
    free(worker);
}

/* False, with errno, when an earlier block could not be written. */
static bool give_to_worker(struct worker *worker, const char *bytes, size_t size)
{
    int failed;

    pthread_mutex_lock(&worker->lock);
    while (worker->size)
        pthread_cond_wait(&worker->changed, &worker->lock);
    failed = worker->failed;
    if (!failed) {
        memcpy(worker->block, bytes, size);
        worker->size = size;
        pthread_cond_signal(&worker->changed);
    }
    pthread_mutex_unlock(&worker->lock);
    errno = failed;
    return !failed;
}

/* All that was given to it has been written then; or its errno. */
static int end_worker(struct worker *worker)
{
    int failed;

    pthread_mutex_lock(&worker->lock);
    worker->ending = true;
    pthread_cond_signal(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
    pthread_join(worker->thread, NULL);
    failed = worker->failed;
    pthread_cond_destroy(&worker->changed);
    pthread_mutex_destroy(&worker->lock);
    free(worker);
    return failed;
}

/* ---- the stream ---- */

/* All of it: the C library takes a short write for a failure. */
static ssize_t write_cookie(void *cookie, const char *bytes, size_t size)
{
    struct gzip *gzip = cookie;

    if (!gzip->worker && gzip->started)
        start_worker(gzip);
    gzip->started = true;
    for (size_t done = 0, part; done < size; done += part) {
        part = size - done < INPUT ? size - done : INPUT;
        if (gzip->worker ? !give_to_worker(gzip->worker, bytes + done, part)
                         : !compress_block(gzip, bytes + done, part))
            return 0;
    }
    return (ssize_t)size;
}

static int close_cookie(void *cookie)
{
    struct gzip *gzip = cookie;
    int failed = gzip->worker ? end_worker(gzip->worker) : 0;
    bool written;

    errno = 0;
    gzip->z.avail_in = 0;
    written = !failed && deflate_input(gzip, Z_FINISH);
    deflateEnd(&gzip->z);
    free(gzip->output);
    free(gzip->input);
    free(gzip);
    if (failed)
        errno = failed;
    return written ? 0 : -1;
}

FILE *gzip_open(FILE *below, int level)
{
    static const cookie_io_functions_t functions = {.write = write_cookie,
                                                    .close = close_cookie};
    struct gzip *gzip = xcalloc(1, sizeof(*gzip));
    FILE *stream = fopencookie(gzip, "w", functions);

    if (!stream || deflateInit2(&gzip->z, level, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY))
        abort(); /* both fail only without memory */
    gzip->below = below;
    gzip->level = level;
    gzip->output = xalloc(OUTPUT);
    gzip->input = xalloc(INPUT);
    setvbuf(stream, gzip->input, _IOFBF, INPUT);
    return stream;
}

bool gzip_close(FILE *stream)
{
    bool bad = ferror(stream); /* of an earlier write: fclose() does not tell */

    errno = 0;
    if (!fclose(stream) && !bad)
        return true;
    if (!errno)
        errno = EIO;
    return false;
}
