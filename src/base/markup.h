#ifndef FIQ_BASE_MARKUP_H
#define FIQ_BASE_MARKUP_H

#include <stdint.h>
#include <stdio.h>

/*
 * Writes XML or HTML fast: numbers without printf, texts escaped, all through one buffer.
 *
 * Texts are those of a profile: valid UTF-8 without control characters.  What is left of evil
 * is made inert here: the characters of markup, code points that XML does not allow, and the
 * invisible ones that turn the direction of text, which appear as <U+202E>.
 */
struct markup {
    FILE *out;
    size_t used;
    char bytes[1 << 16];
};

void markup_flush(struct markup *markup);

void markup_bytes(struct markup *markup, const char *bytes, size_t size);
void markup_raw(struct markup *markup, const char *text); /* up to its NUL, as it is */
void markup_text(struct markup *markup, const char *text, size_t length);
void markup_u64(struct markup *markup, uint64_t number);
/* With up to `decimals` (at most 3) behind the point, without trailing zeros. */
void markup_real(struct markup *markup, double number, unsigned decimals);

/* For where a text has to be cut: bytes of its first characters that take up to `columns` of a
 * fixed-width font, and what they take, in *used.  Wide characters (CJK) take two. */
size_t text_columns(const char *text, size_t length, size_t columns, size_t *used);

#endif
