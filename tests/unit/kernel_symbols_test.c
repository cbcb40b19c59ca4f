#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "symbolize/kernel_symbols.h"

static const char text[] = "ffffffff81000000 T _stext\n"
                           "ffffffff81000010 t __pfx_first\n"
                           "ffffffff81000020 t __first\n"
                           "ffffffff81000020 T first\n"
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
