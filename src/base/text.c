#include "base/text.h"

#include <string.h>

#include "base/xalloc.h"

unsigned text_utf8(const char *text, size_t length, uint32_t *code)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const uint8_t *at = (const uint8_t *)text;
    unsigned size;

    if (!length)
        return 0;
    if (at[0] < 0x80) {
        *code = at[0];
        return 1;
    }
    size = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    if (at[0] < 0xc2 || at[0] > 0xf4 || size > length)
        return 0;
    *code = at[0] & (0x7fu >> size);
    for (unsigned i = 1; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (at[i] & 0x3f);
    }
    if (*code < smallest[size] || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000))
        return 0;
    return size;
}

unsigned text_put_utf8(char *at, uint32_t code)
{
    if (code < 0x80) {
        at[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        at[0] = (char)(0xc0 | code >> 6);
        at[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        at[0] = (char)(0xe0 | code >> 12);
        at[1] = (char)(0x80 | (code >> 6 & 0x3f));
        at[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    at[0] = (char)(0xf0 | code >> 18);
    at[1] = (char)(0x80 | (code >> 12 & 0x3f));
    at[2] = (char)(0x80 | (code >> 6 & 0x3f));
    at[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

static bool is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

/* Eight bytes at once: none above 0x7e and none below 0x20 (Bit Twiddling Hacks, "determine if
 * a word has a byte less than n"). */
static bool all_printable_ascii(uint64_t word)
{
    const uint64_t ones = ~UINT64_C(0) / 255;
    uint64_t high = word & (ones * 0x80);
    uint64_t below = (word - ones * 0x20) & ~word & (ones * 0x80);
    uint64_t is_del = ((word ^ (ones * 0x7f)) - ones) & ~(word ^ (ones * 0x7f)) & (ones * 0x80);

    return !(high | below | is_del);
}

bool text_is_clean(const char *text, size_t length)
{
    size_t at = 0;

    while (at < length) {
        uint64_t word;
        uint32_t code;
        unsigned size;

        if (length - at >= 8) {
            memcpy(&word, text + at, 8);
            if (all_printable_ascii(word)) {
                at += 8;
                continue;
            }
        }
        size = text_utf8(text + at, length - at, &code);
        if (!size || is_control(code))
            return false;
        at += size;
    }
    return true;
}

char *text_clean(const char *text, size_t length, size_t *clean_length)
{
    char *clean = xalloc(length * 3 + 1);
    size_t at = 0, end = 0;

    while (at < length) {
        uint32_t code = 0;
        unsigned size = text_utf8(text + at, length - at, &code);

        if (!size)
            code = 0xfffd;
        else if (code < 0x20)
            code += 0x2400;
        else if (code == 0x7f)
            code = 0x2421;
        else if (is_control(code))
            code = 0xfffd;
        end += text_put_utf8(clean + end, code);
        at += size ? size : 1;
    }
    clean[end] = '\0';
    *clean_length = end;
    return clean;
}

const char *text_file_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash && slash[1] ? slash + 1 : path;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 'a' ^ 'A';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

const char *text_hex(const char *at, const char *end, uint64_t *number)
{
    const char *start = at;

    *number = 0;
    for (; at < end && hex_digit(*at) >= 0; at++)
        *number = *number << 4 | (unsigned)hex_digit(*at);
    return at > start && at - start <= 16 ? at : NULL;
}
