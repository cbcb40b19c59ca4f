#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/source.h"

static uint8_t *pattern(size_t size)
{
    uint8_t *bytes = malloc(size);

    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(i * 7 + (i >> 11));
    return bytes;
}

/* A gzip member of the bytes. */
static size_t compress_into(uint8_t *into, size_t room, const uint8_t *bytes, size_t size)
{
    z_stream z = {.next_in = (uint8_t *)bytes,
                  .avail_in = (uInt)size,
                  .next_out = into,
                  .avail_out = (uInt)room};

    deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    deflate(&z, Z_FINISH);
    deflateEnd(&z);
    return z.total_out;
}

/* Reads all in pieces of `piece` and compares; how many bytes came. */
static size_t read_all(struct source *source, const uint8_t *expected, size_t size,
                       size_t piece)
{
    size_t total = 0, available;

    for (;;) {
        const uint8_t *bytes = source_peek(source, piece, &available);

        if (!available)
            return total;
        if (available > piece)
            available = piece;
        if (total + available > size || memcmp(bytes, expected + total, available))
            cr_fail("bytes at %zu differ", total);
        total += available;
        source_skip(source, available);
    }
}

Test(source, memory_comes_as_it_is_in_any_piece)
{
    enum { SIZE = 3 << 20 };
    uint8_t *bytes = pattern(SIZE);
    static const size_t pieces[] = {1000, 65536, (1 << 20) + 17, SIZE + 1};

    for (size_t i = 0; i < 4; i++) {
        struct source *source = source_over("memory", bytes, SIZE);

        cr_expect(eq(sz, read_all(source, bytes, SIZE, pieces[i]), SIZE));
        cr_expect(eq(u64, source_offset(source), SIZE));
        cr_expect(eq(int, source_failed(source, NULL), 0));
        source_close(source);
    }
    free(bytes);
}

Test(source, gzip_is_inflated_member_after_member)
{
    enum { SIZE = 2 << 20 };
    uint8_t *bytes = pattern(SIZE), *packed = malloc(2 * SIZE);
    size_t first = compress_into(packed, SIZE, bytes, SIZE / 2);
    size_t second = compress_into(packed + first, SIZE, bytes + SIZE / 2, SIZE / 2);
    struct source *source;

    memset(packed + first + second, 0, 512); /* as tar pads */
    source = source_over("memory", packed, first + second + 512);
    cr_expect(eq(sz, read_all(source, bytes, SIZE, 4096), SIZE));
    cr_expect(eq(int, source_failed(source, NULL), 0));
    source_close(source);
    free(bytes);
    free(packed);
}

Test(source, gzip_that_is_cut_or_damaged_fails_with_the_name)
{
    uint8_t bytes[5000], packed[6000];
    struct error err = {0};
    struct source *source;
    size_t size, available;

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * i >> 3);
    size = compress_into(packed, sizeof(packed), bytes, sizeof(bytes));
    for (size_t cut = 3; cut < size; cut += size / 7) {
        source = source_over("short.gz", packed, cut);
        while (source_peek(source, 1, &available), available)
            source_skip(source, available);
        cr_expect(eq(int, source_failed(source, &err), -EBADMSG), "cut at %zu", cut);
        cr_expect(ne(ptr, strstr(err.message, "short.gz"), NULL), "%s", err.message);
        source_close(source);
    }
    packed[size - 6] ^= 1; /* the checksum */
    source = source_over("damaged.gz", packed, size);
    while (source_peek(source, 1, &available), available)
        source_skip(source, available);
    cr_expect(eq(int, source_failed(source, &err), -EBADMSG));
    source_close(source);
}

Test(source, a_missing_file_and_a_directory_are_named)
{
    struct source *source;
    struct error err = {0};

    cr_expect(eq(int, source_open(&source, "/no/such/file", &err), -ENOENT));
    cr_expect(ne(ptr, strstr(err.message, "/no/such/file"), NULL));
    cr_expect(eq(int, source_open(&source, "/", &err), -EISDIR));
}

Test(source, a_file_says_how_far_it_is)
{
    char path[] = "/tmp/fiq-source-XXXXXX";
    int fd = mkstemp(path);
    struct source *source;
    size_t available;

    cr_assert(eq(int, (int)write(fd, "abcdef", 6), 6));
    close(fd);
    cr_assert(eq(int, source_open(&source, path, NULL), 0));
    source_peek(source, 100, &available);
    cr_expect(eq(sz, available, 6));
    cr_expect(epsilon_eq(dbl, source_progress(source), 1.0, 1e-9));
    cr_expect(eq(str, source_name(source), path));
    source_close(source);
    unlink(path);
}

Test(source, a_pipe_is_read_to_its_end, .timeout = 120)
{
    int ends[2], saved = dup(STDIN_FILENO);
    struct source *source;
    size_t available;

    cr_assert(eq(int, pipe(ends), 0));
    cr_assert(eq(int, (int)write(ends[1], "x 1\n", 4), 4));
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    cr_assert(eq(int, source_open(&source, "-", NULL), 0));
    source_peek(source, 100, &available);
    cr_expect(eq(sz, available, 4));
    source_close(source);
    dup2(saved, STDIN_FILENO);
}

static void count_call(const struct source *source, void *data)
{
    double share = source_progress(source);

    cr_expect(le(dbl, share, 1));
    ++*(size_t *)data;
}

Test(source, a_watch_is_called_while_the_file_is_read)
{
    enum { SIZE = 5 << 20 };
    char path[] = "/tmp/fiq-source-XXXXXX", *bytes = calloc(1, SIZE);
    int fd = mkstemp(path);
    struct source *source;
    size_t calls = 0, available;

    cr_assert(eq(sz, (size_t)write(fd, bytes, SIZE), SIZE));
    close(fd);
    cr_assert(zero(i32, source_open(&source, path, NULL)));
    source_watch(source, count_call, &calls);
    while (source_peek(source, 1, &available), available)
        source_skip(source, available);

    cr_expect(gt(sz, calls, 2));
    cr_expect(eq(dbl, source_progress(source), 1));
    source_close(source);
    unlink(path);
    free(bytes);
}
