#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "symbolize/kernel_lookup.h"
#include "symbolize/kernel_symbols.h"

static const char text[] = "ffffffff81000000 T _stext\n"
                           "ffffffff81000010 t __pfx_first\n"
                           "ffffffff81000020 t first\n"
                           "ffffffff81000020 T first_too\n"
                           "ffffffff81000400 T second\n"
                           "ffffffff81002000 D data\n"
                           "garbage\n"
                           "ffffffffa0000000 t ext4_read\t[ext4]\n";

static void expect(uint64_t address, const char *name, const char *module)
{
    struct kernel_hit hit;

    kernel_symbols_find(text, sizeof(text) - 1, &address, 1, &hit);
    if (!name) {
        cr_expect_null(hit.name);
        return;
    }
    cr_assert_not_null(hit.name);
    cr_expect(hit.name_length == strlen(name) && !memcmp(hit.name, name, strlen(name)));
    if (module)
        cr_expect(hit.module && !memcmp(hit.module, module, hit.module_length));
    else
        cr_expect_null(hit.module);
}

Test(kernel_symbols, the_nearest_function_below)
{
    expect(0xffffffff81000005, "_stext", NULL);
    expect(0xffffffff81000018, "_stext", NULL); /* padding is nobody's name */
    expect(0xffffffff81000020, "first", NULL);
    expect(0xffffffff810003ff, "first", NULL);
    expect(0xffffffff81000400, "second", NULL);
}

Test(kernel_symbols, modules_and_what_is_no_code)
{
    expect(0xffffffffa0000123, "ext4_read", "ext4");
    expect(0xffffffff81002004, NULL, NULL);
    expect(0xffffffffa9000000, NULL, NULL); /* too far from anything */
    expect(0x1000, NULL, NULL);
}

Test(kernel_symbols, several_at_once_and_hidden_ones_counted)
{
    static const char hidden[] = "0000000000000000 T _stext\n0000000000000000 T first\n";
    uint64_t addresses[] = {0xffffffff81000021, 0xffffffff81000022, 0xffffffff81000401};
    struct kernel_hit hits[3];

    cr_expect(
        eq(sz, kernel_symbols_find(text, sizeof(text) - 1, addresses, 3, hits), (size_t)6));
    cr_expect(memcmp(hits[1].name, "first", 5) == 0 && memcmp(hits[2].name, "second", 6) == 0);
    cr_expect(
        eq(sz, kernel_symbols_find(hidden, sizeof(hidden) - 1, addresses, 3, hits), (size_t)0));
    cr_expect_null(hits[0].name);
}

static void expect_line(const char *printed, uint64_t address, const char *expected)
{
    char line[256];
    size_t length = kernel_lookup_line(printed, address, line, sizeof(line));

    cr_expect(length == strlen(expected) && !memcmp(line, expected, length), "%.*s",
              (int)length, line);
}

Test(kernel_symbols, what_the_kernel_prints_as_a_line_of_kallsyms)
{
    expect_line("first+0x21/0x3e0", 0xffffffff81000041, "ffffffff81000020 T first\n");
    expect_line("ext4_read+0x0/0x10 [ext4]", 0xffffffffa0000000,
                "ffffffffa0000000 T ext4_read\t[ext4]\n");
    expect_line("0xffffffffb0000000", 0xffffffffb0000000, "");
    expect_line("", 0xffffffffb0000000, "");
    expect_line("+0x1/0x2", 0xffffffffb0000000, "");
}

Test(kernel_symbols, a_line_that_does_not_fit_is_left_out)
{
    char line[24];

    cr_expect(eq(sz, kernel_lookup_line("first+0x21/0x3e0", 0xffffffff81000041, line, 24), 0));
}

/* Both ways to a name must agree; skipped where the kernel does not let us ask. */
Test(kernel_symbols, asking_the_kernel_gives_what_kallsyms_says)
{
    size_t size, asked_size, count = 0, agreed = 0;
    uint64_t addresses[64];
    struct kernel_hit listed[64], asked[64];
    char *text = kernel_symbols_read(&size);
    unsigned long long start;

    cr_assert_not_null(text);
    for (const char *at = strstr(text, " T "); at && count < 64;
         at = strstr(at + 40000, " T ")) {
        if (sscanf(at - 16, "%16llx", &start) != 1 || !start)
            break;
        if (strncmp(at, " T __pfx_", 9))
            addresses[count++] = start + 1;
        if (at + 40000 >= text + size)
            break;
    }
    char *answer = kernel_lookup(addresses, count, &asked_size);

    if (!answer) {
        free(text);
        cr_skip("BPF or kernel addresses are not allowed here");
    }
    kernel_symbols_find(text, size, addresses, count, listed);
    kernel_symbols_find(answer, asked_size, addresses, count, asked);
    for (size_t i = 0; i < count; i++) {
        if (!asked[i].name)
            continue; /* code for booting, which is gone */
        agreed++;
        cr_expect(listed[i].name_length == asked[i].name_length &&
                      listed[i].start == asked[i].start &&
                      !memcmp(listed[i].name, asked[i].name, listed[i].name_length),
                  "%.*s, not %.*s", (int)asked[i].name_length, asked[i].name,
                  (int)listed[i].name_length, listed[i].name);
    }
    cr_expect(ge(sz, agreed, count / 2));
    free(text);
    free(answer);
}
