#include "base/json_reader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/xalloc.h"

enum { CHUNK = 64 * 1024, TEXT_MAX = 64 << 20, DEPTH_MAX = 200 };

struct reader {
    const struct json_rule *rules;
    json_event_fn *fn;
    void *data;
    struct error *err;
    const char *name;
    int failed;

    struct level {
        uint8_t place;   /* 0: skipped */
        uint8_t element; /* place of an array's elements */
    } levels[DEPTH_MAX];
    size_t depth;
    uint8_t member;   /* place of the member whose key was just read */
    uint64_t silence; /* bytes without an event */
};

/* The place of the value that comes now. */
static unsigned place_here(const struct reader *reader)
{
    if (!reader->depth)
        return 1;
    return reader->member ? reader->member : reader->levels[reader->depth - 1].element;
}

static uint8_t element_place(const struct json_rule *rule, unsigned in)
{
    while (rule->place && !(rule->in == in && !rule->key))
        rule++;
    return rule->place;
}

static int tell(struct reader *reader, unsigned place, enum json_kind kind, const char *text,
                size_t length)
{
    reader->silence = 0;
    if (place)
        reader->failed = reader->fn(
            place, &(struct json_event){.kind = kind, .text = text, .length = length},
            reader->data, reader->err);
    return !reader->failed;
}

static int on_value(struct reader *reader, enum json_kind kind, const char *text, size_t length)
{
    unsigned place = place_here(reader);

    reader->member = 0;
    return tell(reader, place, kind, text, length);
}

static int open_level(struct reader *reader, bool is_array)
{
    unsigned place = place_here(reader);

    if (reader->depth == DEPTH_MAX) {
        reader->failed = error_set(reader->err, EBADMSG, "%s: nested too deeply", reader->name);
        return 0;
    }
    reader->levels[reader->depth++] =
        (struct level){.place = (uint8_t)place,
                       .element = is_array && place ? element_place(reader->rules, place) : 0};
    reader->member = 0;
    return tell(reader, place, JSON_OPEN, "", 0);
}

static int on_open_object(void *data)
{
    return open_level(data, false);
}

static int on_open_array(void *data)
{
    return open_level(data, true);
}

static int on_close(void *data)
{
    struct reader *reader = data;

    reader->member = 0;
    return tell(reader, reader->levels[--reader->depth].place, JSON_CLOSE, "", 0);
}

static int on_key(void *data, const unsigned char *key, size_t length)
{
    struct reader *reader = data;
    unsigned in = reader->levels[reader->depth - 1].place;
    const struct json_rule *rule = reader->rules;

    while (rule->place && !(rule->in == in && rule->key && strlen(rule->key) == length &&
                            !memcmp(rule->key, key, length)))
        rule++;
    reader->member = rule->place;
    reader->silence = 0;
    return 1;
}

static int on_null(void *data)
{
    return on_value(data, JSON_NULL, "null", 4);
}

static int on_boolean(void *data, int value)
{
    return on_value(data, JSON_BOOL, value ? "true" : "false", value ? 4 : 5);
}

static int on_number(void *data, const char *text, size_t length)
{
    return on_value(data, JSON_NUMBER, text, length);
}

static int on_string(void *data, const unsigned char *text, size_t length)
{
    return on_value(data, JSON_STRING, (const char *)text, length);
}

static int not_json(struct reader *reader, yajl_handle parser, uint64_t at)
{
    unsigned char *reason = yajl_get_error(parser, 0, NULL, 0);

    reason[strcspn((char *)reason, "\n")] = '\0';
    reader->failed = error_set(reader->err, EBADMSG, "%s: byte %" PRIu64 ": %s", reader->name,
                               at, (char *)reason);
    yajl_free_error(parser, reason);
    return reader->failed;
}

static int parse(struct reader *reader, yajl_handle parser, struct source *source)
{
    for (;;) {
        size_t available;
        const uint8_t *bytes = source_peek(source, CHUNK, &available);
        yajl_status status;

        if (available > CHUNK)
            available = CHUNK;
        if (source_failed(source, reader->err))
            return source_failed(source, NULL);
        status = available ? yajl_parse(parser, bytes, available) : yajl_complete_parse(parser);
        if (reader->failed)
            return reader->failed;
        if (status != yajl_status_ok)
            return not_json(reader, parser,
                            source_offset(source) +
                                (available ? yajl_get_bytes_consumed(parser) : 0));
        if (!available)
            return 0;
        source_skip(source, available);
        reader->silence += available;
        if (reader->silence > TEXT_MAX)
            return error_set(reader->err, EBADMSG,
                             "%s: byte %" PRIu64 ": a text is longer than %d MiB", reader->name,
                             source_offset(source), TEXT_MAX >> 20);
    }
}

int json_read(struct source *source, const struct json_rule *rules, json_event_fn *fn,
              void *data, struct error *err)
{
    static const yajl_callbacks callbacks = {
        .yajl_null = on_null,
        .yajl_boolean = on_boolean,
        .yajl_number = on_number,
        .yajl_string = on_string,
        .yajl_start_map = on_open_object,
        .yajl_map_key = on_key,
        .yajl_end_map = on_close,
        .yajl_start_array = on_open_array,
        .yajl_end_array = on_close,
    };
    struct reader *reader = xcalloc(1, sizeof(*reader));
    yajl_handle parser = yajl_alloc(&callbacks, NULL, reader);
    int failed;

    *reader = (struct reader){
        .rules = rules, .fn = fn, .data = data, .err = err, .name = source_name(source)};
    yajl_config(parser, yajl_dont_validate_strings, 1);
    failed = parse(reader, parser, source);
    yajl_free(parser);
    free(reader);
    return failed;
}

/* ---- numbers ---- */

bool json_to_u64(const struct json_event *event, uint64_t *value)
{
    uint64_t sum = 0;

    if (event->kind != JSON_NUMBER || !event->length)
        return false;
    for (size_t i = 0; i < event->length; i++) {
        unsigned digit = (unsigned)event->text[i] - '0';

        if (digit > 9 || __builtin_mul_overflow(sum, 10u, &sum) ||
            __builtin_add_overflow(sum, digit, &sum))
            return false;
    }
    *value = sum;
    return true;
}

bool json_to_real(const struct json_event *event, double *value)
{
    char copy[64];

    if (event->kind != JSON_NUMBER || event->length >= sizeof(copy))
        return false;
    memcpy(copy, event->text, event->length);
    copy[event->length] = '\0';
    *value = strtod(copy, NULL);
    return true;
}

static bool fixed_from_real(const struct json_event *event, __uint128_t *value)
{
    double real;

    if (!json_to_real(event, &real) || !(real >= 0 && real < 1e19))
        return false;
    *value = (__uint128_t)(real * 1e9);
    return true;
}

bool json_to_fixed(const struct json_event *event, __uint128_t *value)
{
    __uint128_t sum = 0;
    int places = -1;

    if (event->kind != JSON_NUMBER || !event->length)
        return false;
    for (size_t i = 0; i < event->length; i++) {
        char c = event->text[i];

        if (c == '.' && places < 0) {
            places = 0;
            continue;
        }
        if (c < '0' || c > '9' || sum > (__uint128_t)UINT64_MAX * 1000000000)
            return fixed_from_real(event, value); /* an exponent, a sign, or huge */
        if (places < 9)
            sum = sum * 10 + (unsigned)(c - '0');
        places += places >= 0 && places < 9;
    }
    for (places = places < 0 ? 0 : places; places < 9; places++)
        sum *= 10;
    *value = sum;
    return sum <= (__uint128_t)UINT64_MAX * 1000000000;
}
