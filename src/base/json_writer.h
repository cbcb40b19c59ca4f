#ifndef FIQ_BASE_JSON_WRITER_H
#define FIQ_BASE_JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Writes JSON from front to back; commas come by themselves.
 *
 * Texts must be UTF-8 (those of a profile are).  Besides what JSON asks for, "</" and "<!" are
 * escaped, so that the result may stand inside a <script> of an HTML page, and U+2028 and
 * U+2029, which old JavaScript takes for line ends.  Whoever opens an object or array closes
 * it; nothing checks that.  Errors of the stream stay in the stream.
 */
struct json_writer {
    FILE *out;
    bool separate; /* a comma belongs before the next key or value */
    size_t used;
    uint64_t flushed; /* bytes that have left the buffer */
    char buffer[32 * 1024];
};

void json_begin(struct json_writer *json, FILE *out);
void json_end(struct json_writer *json); /* writes out what is still buffered */

void json_open(struct json_writer *json, char bracket); /* '{' or '[' */
void json_close(struct json_writer *json, char bracket);
void json_key(struct json_writer *json, const char *key); /* of plain ASCII */

void json_string(struct json_writer *json, const char *text, size_t length);
void json_text(struct json_writer *json, const char *text);
void json_u64(struct json_writer *json, uint64_t value);
void json_u128(struct json_writer *json, __uint128_t value);
void json_i64(struct json_writer *json, int64_t value);
void json_hex(struct json_writer *json, uint64_t value);    /* "0x12ab": beyond 2^53 too */
void json_real(struct json_writer *json, double value);     /* null when it is not finite */
void json_fraction(struct json_writer *json, double value); /* six digits: shares, rates */
/* Seconds with nine digits behind the point: a count of nanoseconds, exactly. */
void json_seconds(struct json_writer *json, uint64_t ns);
void json_bool(struct json_writer *json, bool value);
void json_null(struct json_writer *json);

/* A key with its value. */
void json_open_at(struct json_writer *json, const char *key, char bracket);
void json_put_empty(struct json_writer *json, const char *key); /* an empty list */
void json_put_text(struct json_writer *json, const char *key, const char *text);
void json_put_u64(struct json_writer *json, const char *key, uint64_t value);
void json_put_i64(struct json_writer *json, const char *key, int64_t value);
void json_put_real(struct json_writer *json, const char *key, double value);
void json_put_bool(struct json_writer *json, const char *key, bool value);

/* A line end where white space may stand; before a key or value it goes behind the comma. */
void json_line(struct json_writer *json);

/* Bytes written so far. */
uint64_t json_size(const struct json_writer *json);

#endif
