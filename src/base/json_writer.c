#include "base/json_writer.h"

#include <math.h>
#include <string.h>

static void flush(struct json_writer *json)
{
    fwrite(json->buffer, 1, json->used, json->out);
    json->flushed += json->used;
    json->used = 0;
}

static char *room_for(struct json_writer *json, size_t size)
{
    if (sizeof(json->buffer) - json->used < size)
        flush(json);
    return json->buffer + json->used;
}

static void put(struct json_writer *json, const char *bytes, size_t size)
{
    while (size) {
        size_t part = size < sizeof(json->buffer) ? size : sizeof(json->buffer);

        memcpy(room_for(json, part), bytes, part);
        json->used += part;
        bytes += part;
        size -= part;
    }
}

static void put_char(struct json_writer *json, char c)
{
    *room_for(json, 1) = c;
    json->used++;
}

/* In front of each key and value. */
static void separate(struct json_writer *json)
{
    if (json->separate)
        put_char(json, ',');
    json->separate = true;
}

void json_begin(struct json_writer *json, FILE *out)
{
    json->out = out;
    json->separate = false;
    json->used = 0;
    json->flushed = 0;
}

void json_end(struct json_writer *json)
{
    flush(json);
}

void json_open(struct json_writer *json, char bracket)
{
    separate(json);
    put_char(json, bracket);
    json->separate = false;
}

void json_close(struct json_writer *json, char bracket)
{
    put_char(json, bracket);
    json->separate = true;
}

void json_key(struct json_writer *json, const char *key)
{
    separate(json);
    put_char(json, '"');
    put(json, key, strlen(key));
    put(json, "\":", 2);
    json->separate = false;
}

/* How many bytes at `text` need an escape as one: 0 none, 3 for the line separators. */
static size_t special(const char *text, size_t left)
{
    unsigned char c = (unsigned char)*text;

    if (c < 0x20 || c == '"' || c == '\\')
        return 1;
    if (c == '<' && left > 1 && (text[1] == '/' || text[1] == '!'))
        return 1;
    if (c == 0xe2 && left > 2 && (unsigned char)text[1] == 0x80 &&
        ((unsigned char)text[2] & 0xfe) == 0xa8)
        return 3;
    return 0;
}

static void put_escaped(struct json_writer *json, const char *text, size_t size)
{
    char escape[8];
    unsigned code = (unsigned char)*text;

    if (size == 3)
        code = 0x2028 + ((unsigned char)text[2] & 1);
    if (code == '"' || code == '\\')
        snprintf(escape, sizeof(escape), "\\%c", (char)code);
    else
        snprintf(escape, sizeof(escape), "\\u%04x", code);
    put(json, escape, strlen(escape));
}

void json_string(struct json_writer *json, const char *text, size_t length)
{
    size_t plain = 0; /* start of what goes as it is */

    separate(json);
    put_char(json, '"');
    for (size_t i = 0; i < length;) {
        size_t size = special(text + i, length - i);

        if (!size) {
            i++;
            continue;
        }
        put(json, text + plain, i - plain);
        put_escaped(json, text + i, size);
        plain = i += size;
    }
    put(json, text + plain, length - plain);
    put_char(json, '"');
}

void json_text(struct json_writer *json, const char *text)
{
    json_string(json, text, strlen(text));
}

void json_u64(struct json_writer *json, uint64_t value)
{
    char digits[20];
    size_t at = sizeof(digits), size;
    char *to = room_for(json, sizeof(digits) + 1);

    do
        digits[--at] = (char)('0' + value % 10);
    while (value /= 10);
    /* Byte by byte: most numbers are short, and there are millions of them. */
    size = json->separate;
    if (size)
        *to = ',';
    while (at < sizeof(digits))
        to[size++] = digits[at++];
    json->used += size;
    json->separate = true;
}

void json_u128(struct json_writer *json, __uint128_t value)
{
    char digits[40];
    size_t at = sizeof(digits);

    separate(json);
    do
        digits[--at] = (char)('0' + (unsigned)(value % 10));
    while (value /= 10);
    put(json, digits + at, sizeof(digits) - at);
}

void json_i64(struct json_writer *json, int64_t value)
{
    if (value >= 0) {
        json_u64(json, (uint64_t)value);
        return;
    }
    separate(json);
    put_char(json, '-');
    json->separate = false;
    json_u64(json, -(uint64_t)value);
}

static void put_formatted(struct json_writer *json, const char *text)
{
    separate(json);
    put(json, text, strlen(text));
}

void json_hex(struct json_writer *json, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "\"0x%llx\"", (unsigned long long)value);
    put_formatted(json, text);
}

void json_real(struct json_writer *json, double value)
{
    char text[32];

    if (!isfinite(value)) {
        json_null(json);
        return;
    }
    snprintf(text, sizeof(text), "%.17g", value);
    put_formatted(json, text);
}

void json_fraction(struct json_writer *json, double value)
{
    char text[32];

    if (!isfinite(value)) {
        json_null(json);
        return;
    }
    snprintf(text, sizeof(text), "%.6g", value);
    put_formatted(json, text);
}

void json_seconds(struct json_writer *json, uint64_t ns)
{
    char text[40];

    snprintf(text, sizeof(text), "%llu.%09llu", (unsigned long long)(ns / 1000000000),
             (unsigned long long)(ns % 1000000000));
    put_formatted(json, text);
}

void json_bool(struct json_writer *json, bool value)
{
    put_formatted(json, value ? "true" : "false");
}

void json_null(struct json_writer *json)
{
    put_formatted(json, "null");
}

void json_open_at(struct json_writer *json, const char *key, char bracket)
{
    json_key(json, key);
    json_open(json, bracket);
}

void json_put_empty(struct json_writer *json, const char *key)
{
    json_open_at(json, key, '[');
    json_close(json, ']');
}

void json_put_text(struct json_writer *json, const char *key, const char *text)
{
    json_key(json, key);
    json_text(json, text);
}

void json_put_u64(struct json_writer *json, const char *key, uint64_t value)
{
    json_key(json, key);
    json_u64(json, value);
}

void json_put_i64(struct json_writer *json, const char *key, int64_t value)
{
    json_key(json, key);
    json_i64(json, value);
}

void json_put_real(struct json_writer *json, const char *key, double value)
{
    json_key(json, key);
    json_real(json, value);
}

void json_put_bool(struct json_writer *json, const char *key, bool value)
{
    json_key(json, key);
    json_bool(json, value);
}

void json_line(struct json_writer *json)
{
    if (json->separate)
        put_char(json, ',');
    json->separate = false;
    put_char(json, '\n');
}

uint64_t json_size(const struct json_writer *json)
{
    return json->flushed + json->used;
}
