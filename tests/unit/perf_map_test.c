#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "symbolize/perf_map.h"

static struct jit_hit *find(const char *text, const uint64_t *addresses, size_t count)
{
    struct jit_hit *hits = calloc(count, sizeof(*hits));

    perf_map_find_in(text, strlen(text), addresses, count, hits);
    return hits;
}

Test(perf_map, names_with_spaces_in_both_styles_of_hexadecimal)
{
    uint64_t addresses[] = {0x1000, 0x10ff, 0x1100, 0xabcdef00};
    struct jit_hit *hits = find("1000 100 JS:*fib /tmp/x y.js:1:13\n"
                                "0xABCDEF00 0x10 py::f:/a.py\r\n",
                                addresses, 4);

    cr_expect_str_eq(hits[0].name, "JS:*fib /tmp/x y.js:1:13");
    cr_expect_str_eq(hits[1].name, "JS:*fib /tmp/x y.js:1:13");
    cr_expect_null(hits[2].name);
    cr_expect_str_eq(hits[3].name, "py::f:/a.py");
    jit_hits_free(hits, 4);
}

Test(perf_map, later_lines_replace_earlier_ones)
{
    uint64_t addresses[] = {0x1000, 0x1080};
    struct jit_hit *hits = find("1000 100 old\n1080 10 new\n", addresses, 2);

    cr_expect_str_eq(hits[0].name, "old");
    cr_expect_str_eq(hits[1].name, "new");
    jit_hits_free(hits, 2);
}

Test(perf_map, a_line_that_is_cut_off_or_senseless_is_not_used)
{
    uint64_t addresses[] = {0x1000, 0x2000};
    struct jit_hit *hits =
        find("xyz\n1000\n1000 10\n1000 10 \n11112222333344445 1 x\n2000 10 na", addresses, 2);

    cr_expect_null(hits[0].name);
    cr_expect_null(hits[1].name);
    jit_hits_free(hits, 2);
}

Test(perf_map, nothing_is_looked_for_behind_a_hole)
{
    FILE *file = tmpfile();
    uint64_t addresses[] = {0x1000, 0x2000};
    struct jit_hit hits[2] = {0};

    fputs("1000 10 before\n", file);
    cr_assert(zero(int, fseek(file, 1l << 30, SEEK_CUR)));
    fputs("\n2000 10 behind\n", file);
    fflush(file);
    perf_map_find(fileno(file), UINT64_MAX, addresses, 2, hits);

    cr_expect_str_eq(hits[0].name, "before");
    cr_expect_null(hits[1].name);
    free(hits[0].name);
    fclose(file);
}

Test(perf_map, files_larger_than_the_buffer_are_read_to_their_end)
{
    FILE *file = tmpfile();
    uint64_t address = 0x1000 + 99999 * 16;
    struct jit_hit hit = {0};

    for (unsigned i = 0; i < 100000; i++)
        fprintf(file, "%x 10 function number %u of many\n", 0x1000 + i * 16, i);
    fflush(file);
    perf_map_find(fileno(file), UINT64_MAX, &address, 1, &hit);

    cr_assert_not_null(hit.name);
    cr_expect_str_eq(hit.name, "function number 99999 of many");
    free(hit.name);
    fclose(file);
}
