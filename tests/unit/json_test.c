#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_reader.h"
#include "base/json_writer.h"

static struct error err;
static char log_text[1000];

static char *text;
static size_t size;
static struct json_writer json;

static void begin(void)
{
    json_begin(&json, open_memstream(&text, &size));
}

static char *end(void)
{
    json_end(&json);
    fclose(json.out);
    return text;
}

Test(json_writer, commas_stand_between_members_and_elements)
{
    begin();
    json_open(&json, '{');
    json_key(&json, "a");
    json_open(&json, '[');
    json_u64(&json, 1);
    json_i64(&json, -2);
    json_null(&json);
    json_close(&json, ']');
    json_key(&json, "b");
    json_bool(&json, true);
    json_close(&json, '}');
    cr_expect(eq(str, end(), "{\"a\":[1,-2,null],\"b\":true}"));
}

Test(json_writer, texts_are_safe_in_json_and_html)
{
    begin();
    json_text(&json, "a\"b\\c\n</script><!-- \xe2\x80\xa8\xe5\x87\xbd");
    cr_expect(
        eq(str, end(), "\"a\\\"b\\\\c\\u000a\\u003c/script>\\u003c!-- \\u2028\xe5\x87\xbd\""));
}

Test(json_writer, numbers_are_whole_and_exact)
{
    begin();
    json_open(&json, '[');
    json_u64(&json, UINT64_MAX);
    json_i64(&json, INT64_MIN);
    json_hex(&json, UINT64_MAX);
    json_seconds(&json, 1000000001);
    json_real(&json, 1.0 / 0.0);
    json_real(&json, 0.5);
    json_close(&json, ']');
    cr_expect(eq(str, end(),
                 "[18446744073709551615,-9223372036854775808,\"0xffffffffffffffff\","
                 "1.000000001,null,0.5]"));
}

Test(json_writer, long_texts_pass_the_buffer)
{
    char *longer = calloc(1, 200001);

    memset(longer, 'x', 200000);
    begin();
    json_text(&json, longer);
    cr_expect(eq(u64, json_size(&json), 200002));
    cr_expect(eq(sz, strlen(end()), 200002));
    free(longer);
}

/* ---- reading ---- */

enum { ROOT = 1, LIST, ITEM, NAME, DEEP };

static const struct json_rule rules[] = {
    {ROOT, "list", LIST}, {LIST, NULL, ITEM}, {ITEM, "name", NAME}, {ITEM, NULL, DEEP}, {0}};

static int write_down(unsigned place, const struct json_event *event, void *data,
                      struct error *error)
{
    size_t length = strlen(log_text);

    snprintf(log_text + length, sizeof(log_text) - length, "%u%c%.*s ", place,
             "{}sdbn"[event->kind], (int)event -> length, event -> text);
    return 0;
}

static int read_text(const char *input)
{
    struct source *source = source_over("in.json", input, strlen(input));
    int failed;

    log_text[0] = '\0';
    failed = json_read(source, rules, write_down, NULL, &err);
    source_close(source);
    return failed;
}

Test(json_reader, what_the_rules_do_not_know_is_skipped)
{
    cr_assert(zero(i32, read_text("{\"other\":{\"list\":[1]},\"list\":[{\"name\":\"x\\u0041\","
                                  "\"more\":[{\"name\":1}]},7,null]}")));
    cr_expect(eq(str, log_text, "1{ 2{ 3{ 4sxA 3} 3d7 3nnull 2} 1} "));
}

Test(json_reader, elements_of_elements_have_places_of_their_own)
{
    cr_assert(zero(i32, read_text("{\"list\":[[1,2],[]]}")));
    cr_expect(eq(str, log_text, "1{ 2{ 3{ 5d1 5d2 3} 3{ 3} 2} 1} "));
}

Test(json_reader, a_cut_document_is_an_error)
{
    cr_expect(eq(i32, read_text("{\"list\":[1"), -EBADMSG));
    cr_expect(ne(ptr, strstr(err.message, "in.json: byte 10"), NULL), "%s", err.message);
}

Test(json_reader, deep_nesting_is_refused)
{
    char deep[1001];

    memset(deep, '[', 1000);
    deep[1000] = '\0';
    cr_expect(eq(i32, read_text(deep), -EBADMSG));
}

static bool fixed(const char *number, uint64_t *high, uint64_t *low)
{
    struct json_event event = {.kind = JSON_NUMBER, .text = number, .length = strlen(number)};
    __uint128_t value;
    bool good = json_to_fixed(&event, &value);

    if (good) {
        *high = (uint64_t)(value / 1000000000);
        *low = (uint64_t)(value % 1000000000);
    }
    return good;
}

Test(json_reader, decimals_are_exact)
{
    uint64_t high, low;

    cr_assert(fixed("18446744073709551615", &high, &low));
    cr_expect(eq(u64, high, UINT64_MAX));
    cr_assert(fixed("0.1234567891", &high, &low));
    cr_expect(eq(u64, low, 123456789));
    cr_assert(fixed("1.5e3", &high, &low));
    cr_expect(eq(u64, high, 1500));
    cr_expect(not(fixed("-1", &high, &low)));
    cr_expect(not(fixed("1e300", &high, &low)));
}
