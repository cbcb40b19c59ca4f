#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "base/cursor.h"

Test(cursor, numbers_are_little_endian)
{
    const uint8_t bytes[] = {1, 2, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0x80};
    struct cursor cursor = cursor_over(bytes, sizeof(bytes));

    cr_expect(eq(u8, cursor_u8(&cursor), 1));
    cr_expect(eq(u16, cursor_u16(&cursor), 2));
    cr_expect(eq(u32, cursor_u32(&cursor), 3));
    cr_expect(eq(u64, cursor_u64(&cursor), 0x8000000000000004u));
    cr_expect(not(cursor.failed));
    cr_expect(eq(sz, cursor_left(&cursor), 0));
}

Test(cursor, a_read_past_the_end_gives_zero_and_fails_for_good)
{
    const uint8_t bytes[] = {1, 2, 3};
    struct cursor cursor = cursor_over(bytes, sizeof(bytes));

    cr_expect(eq(u32, cursor_u32(&cursor), 0));
    cr_expect(cursor.failed);
    cr_expect(eq(u8, cursor_u8(&cursor), 0), "no byte after a failure");
}

Test(cursor, varint_takes_ten_bytes_and_no_more)
{
    const uint8_t largest[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01};
    const uint8_t too_large[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02};
    const uint8_t endless[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
                               0x80, 0x80, 0x80, 0x80, 0x00};
    struct cursor good = cursor_over(largest, sizeof(largest));
    struct cursor large = cursor_over(too_large, sizeof(too_large));
    struct cursor without_end = cursor_over(endless, sizeof(endless));

    cr_expect(eq(u64, cursor_varint(&good), UINT64_MAX));
    cr_expect(not(good.failed));
    cursor_varint(&large);
    cr_expect(large.failed);
    cursor_varint(&without_end);
    cr_expect(without_end.failed);
}

Test(cursor, sleb128_extends_the_sign)
{
    const uint8_t bytes[] = {0x7f, 0x80, 0x7f, 0x3f};
    const uint8_t least[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f};
    struct cursor cursor = cursor_over(bytes, sizeof(bytes));
    struct cursor smallest = cursor_over(least, sizeof(least));

    cr_expect(eq(i64, cursor_sleb128(&cursor), -1));
    cr_expect(eq(i64, cursor_sleb128(&cursor), -128));
    cr_expect(eq(i64, cursor_sleb128(&cursor), 63));
    cr_expect(eq(i64, cursor_sleb128(&smallest), INT64_MIN));
    cr_expect(not(smallest.failed));
}

Test(cursor, a_string_must_end_before_the_bytes_do)
{
    const char bytes[] = {'a', 'b', 0, 'c'};
    struct cursor cursor = cursor_over(bytes, sizeof(bytes));

    cr_expect(eq(str, cursor_string(&cursor), "ab"));
    cr_expect(eq(str, cursor_string(&cursor), ""));
    cr_expect(cursor.failed);
}

Test(cursor, bytes_and_skip_refuse_more_than_there_is)
{
    const uint8_t bytes[4] = {0};
    struct cursor cursor = cursor_over(bytes, sizeof(bytes));
    struct cursor other = cursor_over(bytes, sizeof(bytes));

    cr_expect(eq(ptr, (void *)cursor_bytes(&cursor, SIZE_MAX), NULL));
    cr_expect(cursor.failed);
    cursor_skip(&other, 4);
    cr_expect(not(other.failed));
    cursor_skip(&other, 1);
    cr_expect(other.failed);
}
