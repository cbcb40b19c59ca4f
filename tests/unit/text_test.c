#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static bool is_clean(const char *text)
{
    return text_is_clean(text, strlen(text));
}

Test(text, printable_ascii_and_utf8_are_clean)
{
    cr_expect(is_clean(""));
    cr_expect(is_clean("operator<<(std::ostream&, int) const [clone .part.0] ~"));
    cr_expect(is_clean("größe_日本_\xf0\x9f\x94\xa5 and more behind it"));
}

Test(text, a_control_character_is_found_at_each_place)
{
    static const char *const controls[] = {"\x01", "\n",       "\x1f",
                                           "\x7f", "\xc2\x80", "\xc2\x9b"};

    for (size_t c = 0; c < sizeof(controls) / sizeof(*controls); c++)
        for (size_t place = 0; place <= 17; place++) {
            char text[32] = "";

            memset(text, 'a', place);
            strcpy(text + place, controls[c]);
            strcat(text, "bbbbbbbbb");
            cr_expect(not(is_clean(text)), "control %zu at %zu", c, place);
        }
    cr_expect(not(text_is_clean("a\0b", 3)));
}

Test(text, what_is_no_utf8_is_found)
{
    cr_expect(not(is_clean("\xff")), "no such byte");
    cr_expect(not(is_clean("abc\xc3")), "cut short");
    cr_expect(not(is_clean("\xc0\xaf")), "longer than need be");
    cr_expect(not(is_clean("\xe0\x80\xaf")), "longer than need be, three bytes");
    cr_expect(not(is_clean("\xed\xa0\x80")), "a surrogate");
    cr_expect(not(is_clean("\xf4\x90\x80\x80")), "beyond U+10FFFF");
}

Test(text, cleaning_makes_controls_visible_and_keeps_the_rest)
{
    size_t length;
    char *clean = text_clean("a\x1b[31mb\xff\x7f\xc3\xa4", 11, &length);

    cr_expect(eq(str, clean, "a␛[31mb\xef\xbf\xbd␡ä"));
    cr_expect(eq(sz, length, strlen(clean)));
    cr_expect(text_is_clean(clean, length));
    free(clean);
}

Test(text, every_code_point_survives_there_and_back)
{
    for (uint32_t code = 0; code <= 0x10ffff; code++) {
        char bytes[4];
        uint32_t back = UINT32_MAX;
        unsigned size = text_put_utf8(bytes, code);

        if (code >= 0xd800 && code < 0xe000)
            continue;
        if (text_utf8(bytes, size, &back) != size || back != code)
            cr_fail("U+%X came back as U+%X", code, back);
    }
}
