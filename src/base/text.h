#ifndef FIQ_BASE_TEXT_H
#define FIQ_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Names come from files that others made.  Clean text is valid UTF-8 without control
 * characters (C0, DEL, C1): it can be shown on a terminal and put into any output format with
 * that format's own escapes alone.
 */
bool text_is_clean(const char *text, size_t length);

/* A clean copy, to be freed: a control character becomes its visible picture (U+2400 and up),
 * each byte that is not UTF-8 becomes U+FFFD. */
char *text_clean(const char *text, size_t length, size_t *clean_length);

/* Bytes of the valid UTF-8 sequence at `text`, 1 to 4, or 0 when there is none; its code point
 * in *code. */
unsigned text_utf8(const char *text, size_t length, uint32_t *code);

/* Appends the code point in UTF-8; returns the bytes written, 1 to 4. */
unsigned text_put_utf8(char *at, uint32_t code);

/* The last part of a path; all of it when it ends with a slash. */
const char *text_file_name(const char *path);

/* Reads 1 to 16 hexadecimal digits of either case; returns what stands behind them, or NULL. */
const char *text_hex(const char *at, const char *end, uint64_t *number);

#endif
