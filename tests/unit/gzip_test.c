#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/gzip.h"
#include "base/hash.h"
#include "base/source.h"

Test(gzip, what_goes_in_comes_out_also_in_one_large_piece)
{
    size_t size, available, length = 3000000;
    char *text = malloc(length), *packed;
    FILE *below = open_memstream(&packed, &size), *out = gzip_open(below, GZIP_FAST);

    for (size_t i = 0; i < length; i++)
        text[i] = (char)(i * 2654435761u >> 13);
    fputs("head", out);
    fwrite(text, 1, length, out);
    cr_assert(gzip_close(out));
    fclose(below);

    struct source *source = source_over("x", packed, size);
    const uint8_t *bytes = source_peek(source, length + 5, &available);
    cr_assert(eq(sz, available, length + 4));
    cr_expect(zero(i32, memcmp(bytes, "head", 4)));
    cr_expect(zero(i32, memcmp(bytes + 4, text, length)));
    source_close(source);
    free(packed);
    free(text);
}

enum { NOISE = 2 << 20, TEXT = 12 << 20, SIZE = NOISE + TEXT };

/* Noise, which nothing makes smaller, and then text that is one line again and again. */
static char *noise_and_text(void)
{
    char *bytes = malloc(SIZE);

    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = i < NOISE ? (char)(hash_u64(i) & 0xff) : "what is said again, "[i % 20];
    return bytes;
}

static char *packed_in_pieces(const char *bytes, size_t piece, size_t *size)
{
    char *packed;
    FILE *below = open_memstream(&packed, size), *out = gzip_open(below, GZIP_FAST);

    for (size_t at = 0; at < SIZE; at += piece)
        fwrite(bytes + at, 1, piece < SIZE - at ? piece : SIZE - at, out);
    cr_assert(gzip_close(out));
    fclose(below);
    return packed;
}

Test(gzip, repetition_is_found_also_behind_what_has_none)
{
    size_t size, available;
    char *bytes = noise_and_text(), *packed = packed_in_pieces(bytes, SIZE, &size);
    struct source *source = source_over("x", packed, size);

    cr_assert(zero(int, memcmp(source_peek(source, SIZE + 1, &available), bytes, SIZE)));
    cr_expect(eq(sz, available, SIZE));
    cr_expect(lt(sz, size, NOISE + TEXT / 5));
    source_close(source);
    free(packed);
    free(bytes);
}

Test(gzip, equal_bytes_give_equal_files_in_whatever_pieces_they_come)
{
    size_t size, size_again;
    char *bytes = noise_and_text(), *packed = packed_in_pieces(bytes, SIZE, &size);
    char *again = packed_in_pieces(bytes, 12345, &size_again);

    cr_assert(eq(sz, size, size_again));
    cr_expect(zero(int, memcmp(packed, again, size)));
    free(packed);
    free(again);
    free(bytes);
}

Test(gzip, a_full_disk_is_told)
{
    FILE *full = fopen("/dev/full", "w"), *out = gzip_open(full, GZIP_FAST);

    setvbuf(full, NULL, _IONBF, 0);
    for (unsigned i = 0; i < 1000000; i++)
        fprintf(out, "%u", i * 7919);
    cr_expect(not(gzip_close(out)));
    cr_expect(eq(int, errno, ENOSPC));
    fclose(full);
}

/* Only the last bytes, which are compressed at the end, are refused, or a block in the middle.
 */
Test(gzip, a_disk_that_fills_up_is_told_whenever_it_is)
{
    char *bytes = noise_and_text(), *small = malloc(SIZE);
    size_t size, whole;

    free(packed_in_pieces(bytes, SIZE, &whole));
    for (size_t room = 0; room < whole + 1000; room += whole / 20) {
        FILE *below = fmemopen(small, room + 1, "w"), *out = gzip_open(below, GZIP_FAST);

        setvbuf(below, NULL, _IONBF, 0);
        for (size_t at = 0; at < SIZE; at += size) {
            size = SIZE - at < 70000 ? SIZE - at : 70000;
            fwrite(bytes + at, 1, size, out);
        }
        cr_expect(eq(int, gzip_close(out), room >= whole), "room for %zu of %zu", room, whole);
        fclose(below);
    }
    free(small);
    free(bytes);
}
