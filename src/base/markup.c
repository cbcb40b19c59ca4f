#include "base/markup.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"

void markup_flush(struct markup *markup)
{
    fwrite(markup->bytes, 1, markup->used, markup->out);
    markup->used = 0;
}

void markup_bytes(struct markup *markup, const char *bytes, size_t size)
{
    if (size > sizeof(markup->bytes) - markup->used)
        markup_flush(markup);
    if (size > sizeof(markup->bytes)) {
        fwrite(bytes, 1, size, markup->out);
        return;
    }
    memcpy(markup->bytes + markup->used, bytes, size);
    markup->used += size;
}

void markup_raw(struct markup *markup, const char *text)
{
    markup_bytes(markup, text, strlen(text));
}

static const char *entity(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

/* Marks, embeddings, overrides and isolates of the bidirectional algorithm (Unicode UAX 9),
 * line and paragraph separators, and other characters without a shape of their own. */
static bool is_invisible(uint32_t code)
{
    return code == 0xad || code == 0x61c || (code >= 0x200b && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
           code == 0xfeff || (code >= 0xe0000 && code <= 0xe007f);
}

/* Not a Char of XML 1.0, or a noncharacter. */
static bool is_forbidden(uint32_t code)
{
    return (code & 0xfffe) == 0xfffe || (code >= 0xfdd0 && code <= 0xfdef);
}

static void put_wide(struct markup *markup, const char *text, unsigned size, uint32_t code)
{
    char shown[24];

    if (is_forbidden(code)) {
        markup_raw(markup, "\xef\xbf\xbd");
    } else if (is_invisible(code)) {
        snprintf(shown, sizeof(shown), "&lt;U+%04X&gt;", (unsigned)code);
        markup_raw(markup, shown);
    } else {
        markup_bytes(markup, text, size);
    }
}

void markup_text(struct markup *markup, const char *text, size_t length)
{
    size_t plain = 0; /* start of what can be copied in one piece */

    for (size_t at = 0; at < length;) {
        const char *special = entity(text[at]);
        uint32_t code = 0;
        unsigned size = 1;

        if (!special && (uint8_t)text[at] < 0x80) {
            at++;
            continue;
        }
        markup_bytes(markup, text + plain, at - plain);
        if (special) {
            markup_raw(markup, special);
        } else {
            size = text_utf8(text + at, length - at, &code);
            if (size)
                put_wide(markup, text + at, size, code);
        }
        at += size ? size : 1;
        plain = at;
    }
    markup_bytes(markup, text + plain, length - plain);
}

void markup_u64(struct markup *markup, uint64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);

    do
        digits[--at] = (char)('0' + number % 10);
    while (number /= 10);
    markup_bytes(markup, digits + at, sizeof(digits) - at);
}

void markup_real(struct markup *markup, double number, unsigned decimals)
{
    static const unsigned powers[] = {1, 10, 100, 1000};
    uint64_t scaled = (uint64_t)llround(fabs(number) * powers[decimals]);
    unsigned rest = (unsigned)(scaled % powers[decimals]);
    char digits[4];

    if (number < 0 && scaled)
        markup_bytes(markup, "-", 1);
    if (scaled >= powers[decimals] || !rest)
        markup_u64(markup, scaled / powers[decimals]);
    if (!rest)
        return;
    for (unsigned i = decimals; i-- > 0; rest /= 10)
        digits[i] = (char)('0' + rest % 10);
    while (digits[decimals - 1] == '0')
        decimals--;
    markup_bytes(markup, ".", 1);
    markup_bytes(markup, digits, decimals);
}

/* East Asian wide and full-width characters and emoji, by block. */
static bool is_wide(uint32_t code)
{
    return (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0xa4cf) ||
           (code >= 0xac00 && code <= 0xd7a3) || (code >= 0xf900 && code <= 0xfaff) ||
           (code >= 0xfe30 && code <= 0xfe6f) || (code >= 0xff00 && code <= 0xff60) ||
           (code >= 0x1f300 && code <= 0x1faff) || (code >= 0x20000 && code <= 0x3fffd);
}

size_t text_columns(const char *text, size_t length, size_t columns, size_t *used)
{
    size_t at = 0;

    *used = 0;
    while (at < length) {
        uint32_t code = 0;
        unsigned size = text_utf8(text + at, length - at, &code);
        size_t width = is_invisible(code) ? 8 : is_wide(code) ? 2 : 1;

        if (*used + width > columns)
            break;
        *used += width;
        at += size ? size : 1;
    }
    return at;
}
