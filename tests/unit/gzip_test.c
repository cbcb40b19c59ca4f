#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/gzip.h"
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

Test(gzip, a_full_disk_is_told)
{
    FILE *full = fopen("/dev/full", "w"), *out = gzip_open(full, GZIP_FAST);

    setvbuf(full, NULL, _IONBF, 0);
    for (unsigned i = 0; i < 1000000; i++)
        fprintf(out, "%u", i * 7919);
    cr_expect(not(gzip_close(out)));
    fclose(full);
}
