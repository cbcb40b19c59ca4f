#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../format_text.h"
#include "../random_profile.h"

static struct profile *profile;
static struct error err;

static void set_up(void)
{
    profile = profile_new();
}

static void tear_down(void)
{
    profile_free(profile);
}

static int read_bytes(const char *text, size_t length)
{
    profile_free(profile);
    profile = read_profile(NULL, text, length, &err);
    return profile ? 0 : -err.code;
}

static int read_text(const char *text)
{
    return read_bytes(text, strlen(text));
}

static char *written(bool annotate)
{
    static char *text;

    free(text);
    text = written_profile(&folded_format, profile,
                           &(struct write_options){.annotate = annotate}, NULL, &err);
    return text;
}

static const char *note(size_t index)
{
    size_t count;
    const str_id *notes = profile_notes(profile, &count);

    return index < count ? profile_string(profile, notes[index]) : "";
}

TestSuite(folded, .init = set_up, .fini = tear_down);

Test(folded, lines_of_one_stack_add_up)
{
    cr_assert(eq(int, read_text("main;f 3\nmain;g 1\nmain;f 2\n"), 0));
    cr_expect(eq(str, written(false), "main;f 5\nmain;g 1\n"));
}

Test(folded, the_last_space_separates_the_count)
{
    cr_assert(eq(int, read_text("main;operator new(unsigned long) 7 12\n"), 0));
    cr_expect(eq(str, written(false), "main;operator new(unsigned long) 7 12\n"));
    cr_expect(eq(u64, profile_total(profile, 0), 12));
}

Test(folded, a_frame_that_begins_like_the_one_before_is_another)
{
    cr_assert(eq(int, read_text("main 16\nmain;ab 4\nmain;ab;c 1\nmain;a 2\nmai;ab 8\n"), 0));
    cr_expect(eq(str, written(false), "main 16\nmain;ab 4\nmain;ab;c 1\nmain;a 2\nmai;ab 8\n"));
}

Test(folded, names_of_any_length_are_told_apart)
{
    /* Of each length a pair that differs in the last byte; twice, so that the second half is
     * looked up among the names met before. */
    enum { LONGEST = 80 };
    static char text[4 * LONGEST * (LONGEST + 16)];
    size_t at = 0;

    for (int round = 0; round < 2; round++)
        for (int length = 1; length <= LONGEST; length++)
            for (char last = 'a'; last <= 'b'; last++) {
                memset(text + at, 'x', (size_t)length);
                text[at + (size_t)length - 1] = last;
                at += (size_t)length;
                at += (size_t)sprintf(text + at, ";%d%c;leaf 1\n", round, last);
            }
    cr_assert(eq(int, read_bytes(text, at), 0));

    cr_expect(eq(u32, profile_frame_count(profile), 2 * LONGEST + 5));
    at = 0;
    for (int length = 1; length <= LONGEST; length++)
        at += 2 * (size_t)length;
    for (frame_id i = 0; i < profile_frame_count(profile); i++)
        at -= profile_string_length(profile, profile_frame_at(profile, i)->function);
    cr_expect(eq(long, (long)at, -(long)strlen("0a0b1a1bleaf")));
}

/* The name of a function, of any length up to half a block. */
static int function_name(char *name, uint64_t id)
{
    static const char filling[] = "_of_a_name_that_is_rather_long_and_fills_the_line_more";

    return sprintf(name, "f%d%.*s", (int)id, (int)(hash_u64(id) % sizeof(filling)), filling);
}

/* Adds a stack to the text and to the profile that it should give.  Outer frames are mostly
 * shared with other stacks; some names are blank, or have blanks around them. */
static char *random_line(struct random_source *random, char *at, struct profile *expected)
{
    frame_id frames[64];
    size_t depth = 1 + random_below(random, 60);
    uint64_t function = random_below(random, 2), count = 1 + random_below(random, 9);

    for (size_t i = 0; i < depth; i++) {
        static const char *const between[] = {"; ", " ;", ";;", ";  ;"};
        char name[128];
        int length = function_name(name, function);

        if (i)
            at += sprintf(at, "%s", random_below(random, 30) ? ";" : between[function % 4]);
        at += sprintf(at, "%s", name);
        frames[i] = profile_frame(
            expected,
            &(struct frame){.function = profile_intern(expected, name, (size_t)length)});
        function = (function * 7 + (random_below(random, 9) ? 1 : 2)) % 4000;
    }
    profile_add(expected, frames, depth, 0, &count);
    return at + sprintf(at, " %d\n", (int)count);
}

Test(folded, stacks_in_any_order_lead_to_where_their_names_lead)
{
    enum { STACKS = 3000 };
    char *text = malloc(STACKS * 5000);

    for (uint64_t seed = 0; seed < 8; seed++) {
        struct random_source random = {seed << 32};
        struct profile *expected = profile_new();
        char *at = text, *wanted;

        profile_value_type(expected, "samples", "count");
        for (int i = 0; i < STACKS; i++)
            at = random_line(&random, at, expected);
        cr_assert(eq(int, read_bytes(text, (size_t)(at - text)), 0));

        wanted =
            written_profile(&folded_format, expected, &(struct write_options){0}, NULL, &err);
        cr_expect(zero(int, strcmp(written(false), wanted)), "seed %d", (int)seed);
        cr_expect(eq(u32, profile_node_count(profile), profile_node_count(expected)));
        free(wanted);
        profile_free(expected);
    }
    free(text);
}

/* More names than are kept at first, and met again until there is room for them. */
Test(folded, each_of_very_many_names_keeps_its_own_frames)
{
    enum { PAIRS = 40000, ROUNDS = 4 };
    char *text = malloc((size_t)PAIRS * ROUNDS * 80), *at = text;
    const struct call_node *nodes;
    const struct stack *stacks;
    size_t count;

    for (unsigned round = 0; round < ROUNDS; round++)
        for (unsigned i = 0; i < PAIRS; i++) {
            unsigned pair = i * 7919 % PAIRS;

            at += sprintf(at, "caller_%u;callee_with_a_name_longer_than_an_entry_has_%u 1\n",
                          pair, pair);
        }
    cr_assert(eq(int, read_bytes(text, (size_t)(at - text)), 0));

    nodes = profile_nodes(profile, &count);
    stacks = profile_stacks(profile, &count);
    cr_assert(eq(sz, count, PAIRS));
    cr_expect(eq(u32, profile_frame_count(profile), 2 * PAIRS));
    for (stack_id i = 0; i < count; i++) {
        const struct call_node *callee = &nodes[stacks[i].node];
        const char *names[2];

        names[0] = profile_string(
            profile, profile_frame_at(profile, nodes[callee->parent].frame)->function);
        names[1] = profile_string(profile, profile_frame_at(profile, callee->frame)->function);
        cr_assert(eq(str, strrchr(names[0], '_'), strrchr(names[1], '_')));
        cr_assert(eq(u64, *profile_values(profile, i), ROUNDS));
    }
    free(text);
}

Test(folded, stacks_too_deep_are_cut_alike_in_any_order)
{
    enum { DEEP = 70000, DEEPEST = 1 << 16 };
    char *text = malloc(4 * DEEP * 2 + 100), *at = text + sprintf(text, "z 1\n");

    for (int line = 0; line < 4; line++) {
        for (int i = 0; i < DEEP; i++)
            at += sprintf(at, "f;");
        at += sprintf(at, "%c 1\n", 'd' - line);
    }
    cr_assert(eq(int, read_bytes(text, (size_t)(at - text)), 0));

    cr_expect(eq(u32, profile_node_count(profile), 2 + DEEPEST)); /* the root and z */
    cr_expect(eq(u64, profile_total(profile, 0), 5));
    cr_expect(ne(ptr, strstr(note(0), "4 stacks"), NULL), "%s", note(0));
    free(text);
}

Test(folded, spaces_around_a_name_count_nothing)
{
    cr_assert(eq(int, read_text("main; f ;g 1\nmain;f;g 2\nmain;  ;f 4\n"), 0));
    cr_expect(eq(str, written(false), "main;f 4\nmain;f;g 3\n"));
}

Test(folded, no_newline_at_the_end_carriage_returns_and_a_byte_order_mark_do_no_harm)
{
    cr_assert(eq(int, read_text("\xef\xbb\xbfmain;f 3\r\n\r\n# note\r\nmain;f 4"), 0));
    cr_expect(eq(str, written(false), "main;f 7\n"));
    cr_expect(eq(str, note(0), ""));
}

Test(folded, lines_that_are_no_stacks_are_counted_and_the_first_is_named)
{
    cr_assert(eq(int, read_text("main 1\nwhat is this\nmain;f -3\nmain;g 0\n 7\n"), 0));
    cr_expect(ne(ptr, strstr(note(0), "2 lines"), NULL), "%s", note(0));
    cr_expect(ne(ptr, strstr(note(0), "line 2"), NULL), "%s", note(0));
    cr_expect(ne(ptr, strstr(note(1), "1 lines with a negative"), NULL), "%s", note(1));
    cr_expect(eq(u64, profile_total(profile, 0), 1));
}

Test(folded, a_file_without_any_stack_is_an_error_that_names_it)
{
    cr_expect(eq(int, read_text("hello\nworld\n"), -EBADMSG));
    cr_expect(ne(ptr, strstr(err.message, "in: line 1"), NULL), "%s", err.message);
}

Test(folded, an_empty_file_holds_nothing)
{
    cr_expect(eq(int, read_text(""), -ENODATA));
}

Test(folded, only_zeros_hold_nothing)
{
    cr_expect(eq(int, read_text("main 0\n"), -ENODATA));
}

Test(folded, fractions_keep_their_sum)
{
    cr_assert(eq(int, read_text("a 0.5\nb 1.25\nc 0.25\n"), 0));
    cr_expect(eq(u64, profile_total(profile, 0), 2));
}

Test(folded, counts_beyond_64_bits_are_cut_down_and_said)
{
    cr_assert(
        eq(int, read_text("a 99999999999999999999999\na 5\nb 18446744073709551615\n"), 0));
    cr_expect(eq(u64, profile_total(profile, 0), NOT_MEASURED - 1));
    cr_expect(ne(ptr, strstr(note(0), "2^64"), NULL), "%s", note(0));
}

Test(folded, a_semicolon_in_a_name_does_not_make_two_frames)
{
    struct frame frame = {.function = profile_intern_text(profile, "a;b")};
    frame_id id = profile_frame(profile, &frame);

    profile_value_type(profile, "samples", "count");
    profile_add(profile, &id, 1, 0, (uint64_t[]){1});
    cr_expect(eq(str, written(false), "a:b 1\n"));
}

Test(folded, an_outermost_name_that_begins_with_a_hash_does_not_become_a_comment)
{
    cr_assert(eq(int, read_text(";#private 3\n #private 4\n"), 0));
    cr_expect(eq(str, written(false), " #private 7\n"));
}

Test(folded, annotations_mark_what_is_not_native)
{
    static const enum frame_kind kinds[] = {FRAME_NATIVE, FRAME_INLINE, FRAME_JIT,
                                            FRAME_KERNEL};
    frame_id frames[4];

    for (int i = 0; i < 4; i++)
        frames[i] = profile_frame(
            profile,
            &(struct frame){.function = profile_intern_text(profile, "f"), .kind = kinds[i]});
    profile_value_type(profile, "samples", "count");
    profile_add(profile, frames, 4, 0, (uint64_t[]){1});
    cr_expect(eq(str, written(true), "f;f_[i];f_[j];f_[k] 1\n"));
    cr_expect(eq(str, written(false), "f;f;f;f 1\n"));
}

Test(folded, a_line_across_the_buffers_end_is_read_whole)
{
    /* Buffers are 1 MiB: lines of all lengths around it, and one that is longer. */
    enum { LONG = (1 << 20) + 5000 };
    char *text = malloc(3 * LONG), *at = text;
    size_t lines = 0;

    for (size_t i = 0; i < 30000; i++) {
        at += sprintf(at, "main;function_%zu;%.*s 1\n", i % 100, (int)(i % 37),
                      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
        lines++;
    }
    at += sprintf(at, "main;");
    memset(at, 'y', LONG);
    at += LONG;
    at += sprintf(at, " 1\nmain;end 1");
    cr_assert(eq(int, read_bytes(text, (size_t)(at - text)), 0));
    cr_expect(eq(u64, profile_total(profile, 0), lines + 2));
    cr_expect(ne(ptr, strstr(written(false), "main;end 1\n"), NULL));
    free(text);
}

Test(folded, bytes_with_nul_are_no_folded_text)
{
    cr_expect(eq(int, read_bytes("main\0;f 1\n", 10), -EBADMSG));
}

Test(folded, a_deep_stack_keeps_all_its_frames)
{
    char *text = malloc(200000), *at = text;

    for (int i = 0; i < 10000; i++)
        at += sprintf(at, "%sf%d", i ? ";" : "", i % 3);
    strcpy(at, " 1\n");
    cr_assert(eq(int, read_text(text), 0));
    cr_expect(eq(str, written(false), text));
    free(text);
}

Test(folded, two_counts_on_every_line_are_before_and_after)
{
    size_t count;

    cr_assert(zero(i32, read_text("a;b 3 5\na;c 1 0\na;d 0 4\n")));
    const struct value_type *types = profile_value_types(profile, &count);
    cr_assert(eq(sz, count, 2));
    cr_expect(eq(str, (char *)profile_string(profile, types[1].name), "after"));
    cr_expect(eq(sz, profile_default_value(profile), 1));
    cr_expect(eq(u64, profile_total(profile, 0), 4));
    cr_expect(eq(u64, profile_total(profile, 1), 9));
}

Test(folded, names_that_would_read_as_two_counts_are_respelled)
{
    cr_assert(eq(int, read_text("a;b 3 5\nc 1\n"), 0));
    cr_expect(eq(str, written(false), "a;b 3 5\nc 1\n")); /* the other line tells */
    profile_free(profile);
    profile = profile_new();
    cr_assert(eq(int, read_text("x 0\na;b 3 5\na;c  4 6\n"), 0));
    cr_expect(eq(str, written(false), "a;b_3 5\na;c_4 6\n"));
}

Test(folded, a_name_that_ends_in_a_number_is_no_second_count)
{
    size_t count;

    cr_assert(zero(i32, read_text("a;b 3 5\na;c 1\n")));
    profile_value_types(profile, &count);
    cr_expect(eq(sz, count, 1));
    cr_expect(eq(str, written(false), "a;b 3 5\na;c 1\n"));
}

Test(folded, annotations_become_kinds)
{
    cr_assert(zero(i32, read_text("a;b_[k];c_[i];d_[x] 3\n")));
    cr_expect(eq(str, written(false), "a;b;c;d_[x] 3\n"));
    cr_expect(eq(str, written(true), "a;b_[k];c_[i];d_[x] 3\n"));
}
