/*
 * Lines that follow one another mostly share their outer frames, so the reader keeps the
 * previous line and its nodes and looks up only what differs.  In lines that are not sorted the
 * one to share with is another: there beginnings of lines are known by their hash.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/lines.h"
#include "base/saturate.h"
#include "base/xalloc.h"
#include "format/facts.h"
#include "format/folded.h"
#include "format/frame_names.h"
#include "format/prefixes.h"

/* A name in a line, to be looked up. */
struct name {
    struct frame_name name;
    size_t end; /* counts from the begin of the line */
};

/* Lines worked on at a time: what one waits for, the memory brings for the others meanwhile. */
enum { BATCH = 16 };

/* The beginning of a line, and where it leads. */
struct level {
    size_t end; /* of the last name that is whole */
    node_id node;
    uint32_t depth;
};

/* A line without its count. */
struct stack_text {
    const char *text;
    size_t length;
    uint64_t counts[2];
    size_t hash_at, hash_count; /* in reader.hashes: the i-th is that of i + 1 blocks */
    struct level known;         /* the longest beginning that was found */
    struct frame_name next;     /* behind it */
    frame_id next_frame;
};

struct reader {
    struct profile *profile;
    struct frame_names frames;
    struct name *names; /* of the line's frames that the one before had not */
    size_t name_room;
    char *previous; /* frames of the line before */
    size_t previous_length, previous_room;
    struct level *levels; /* of `previous`: not for each frame, but increasing */
    size_t level_count, level_room;
    struct prefixes *prefixes;  /* NULL as long as the lines are sorted */
    struct prefix_hash *hashes; /* of all lines of the batch */
    size_t hash_count, hash_room;

    struct lines lines;
    bool two_counts; /* before and after */
    uint64_t bad, first_bad, negative, too_deep;
    bool saturated, fractions;
    double carry; /* the fractions of counts that have not made a sample yet */
    uint64_t total;
};

static size_t common_length(const char *a, const char *b, size_t length)
{
    size_t at = 0;
    uint64_t x, y;

    while (at + 8 <= length) {
        memcpy(&x, a + at, 8);
        memcpy(&y, b + at, 8);
        if (x != y)
            return at + (size_t)__builtin_ctzll(x ^ y) / 8;
        at += 8;
    }
    while (at < length && a[at] == b[at])
        at++;
    return at;
}

static struct level last_level(const struct reader *reader)
{
    return reader->level_count ? reader->levels[reader->level_count - 1] : (struct level){0};
}

/* Levels whose frame stands in both lines, whole: in the first `common` bytes. */
static void keep_common_levels(struct reader *reader, const char *stack, size_t length,
                               size_t common)
{
    while (reader->level_count) {
        size_t end = last_level(reader).end;

        if (end < common || (end == common && (end == length || stack[end] == ';')))
            break;
        reader->level_count--;
    }
}

static void push(struct reader *reader, struct level level)
{
    if (reader->level_count == reader->level_room)
        reader->levels = xgrow(reader->levels, &reader->level_room, reader->level_count + 1,
                               sizeof(*reader->levels));
    reader->levels[reader->level_count++] = level;
}

/* Whether the line should stand before the one before, of which it has `common` bytes. */
static bool is_out_of_order(const struct reader *reader, const char *stack, size_t length,
                            size_t common)
{
    if (common == length || common == reader->previous_length)
        return length < reader->previous_length;
    return (unsigned char)stack[common] < (unsigned char)reader->previous[common];
}

static void hash_blocks(struct reader *reader, struct stack_text *stack)
{
    struct prefix_hash hash = {0}, *hashes;

    stack->hash_at = reader->hash_count;
    stack->hash_count = stack->length / PREFIX_BLOCK;
    reader->hash_count += stack->hash_count;
    /* One more, as there is no adding to a NULL when all stacks are too short. */
    reader->hashes = xgrow(reader->hashes, &reader->hash_room, reader->hash_count + 1,
                           sizeof(*reader->hashes));
    hashes = reader->hashes + stack->hash_at;
    for (size_t i = 0; i < stack->hash_count; i++)
        hashes[i] = hash =
            prefixes_extend(reader->prefixes, hash, stack->text + i * PREFIX_BLOCK);
    /* The search begins with the longest and mostly ends soon. */
    for (size_t i = stack->hash_count; i-- > 0 && i + 5 > stack->hash_count;)
        prefixes_prefetch(reader->prefixes, hashes[i]);
}

static void find_beginning(const struct reader *reader, struct stack_text *stack)
{
    const struct prefix_hash *hashes = reader->hashes + stack->hash_at;

    for (size_t i = stack->hash_count; i-- > 0;) {
        struct prefix prefix;
        const char *semicolon;

        if (!prefixes_find(reader->prefixes, hashes[i], &prefix))
            continue;
        semicolon = memrchr(stack->text, ';', (i + 1) * PREFIX_BLOCK);
        if (semicolon)
            stack->known = (struct level){.end = (size_t)(semicolon - stack->text),
                                          .node = prefix.node,
                                          .depth = prefix.depth};
        profile_prefetch(reader->profile, prefix.node);
        return;
    }
}

static void remember(struct reader *reader, const char *stack, size_t from, size_t length)
{
    reader->previous = xgrow(reader->previous, &reader->previous_room, length, 1);
    if (from < length) /* there may be no `previous` yet */
        memcpy(reader->previous + from, stack + from, length - from);
    reader->previous_length = length;
}

/* Finds how much of the line leads to a node that is known; the line is now the previous one.
 */
static struct level find_known(struct reader *reader, const struct stack_text *stack)
{
    size_t length = stack->length;
    size_t shorter = length < reader->previous_length ? length : reader->previous_length;
    size_t common = common_length(stack->text, reader->previous, shorter);

    keep_common_levels(reader, stack->text, length, common);
    if (!reader->prefixes && is_out_of_order(reader, stack->text, length, common))
        reader->prefixes = prefixes_new();
    if (stack->known.end > last_level(reader).end)
        push(reader, stack->known);
    remember(reader, stack->text, common, length);
    return last_level(reader);
}

/* Keeps the beginnings of the line that end behind the level and before `end`. */
static void keep_beginnings(struct reader *reader, const struct stack_text *stack,
                            struct level level, size_t end)
{
    const struct prefix_hash *hashes = reader->hashes + stack->hash_at;

    for (size_t i = level.end / PREFIX_BLOCK; i < end / PREFIX_BLOCK; i++)
        prefixes_add(reader->prefixes, hashes[i],
                     (struct prefix){.node = level.node, .depth = level.depth});
}

/* Byte order marks: in files that were joined there may be one in any line. */
static void skip_marks(const char **text, size_t *length)
{
    while (*length >= 3 && !memcmp(*text, "\xef\xbb\xbf", 3)) {
        *text += 3;
        *length -= 3;
    }
}

/* Spaces around a name count nothing. */
static void trim(const char **name, size_t *length)
{
    while (*length && (*name)[*length - 1] == ' ')
        --*length;
    skip_marks(name, length);
    while (*length && **name == ' ') {
        ++*name;
        --*length;
        skip_marks(name, length);
    }
}

/* Whether trim() may have something to do. */
static bool is_untrimmed(const char *name, size_t length)
{
    return *name == ' ' || name[length - 1] == ' ' || *name == '\xef';
}

/* Finds the names of stack[at..length), and asks for the memory where each will be looked up:
 * all of it arrives while the first ones are worked on. */
static size_t split_names(struct reader *reader, const char *stack, size_t at, size_t length)
{
    size_t count = 0;

    while (at < length) {
        struct frame_name name;

        if (stack[at] == ';') {
            at++;
            continue;
        }
        name = frame_name_at(stack + at, length - at);
        at += name.length;
        if (is_untrimmed(name.text, name.length)) {
            trim(&name.text, &name.length);
            if (!name.length)
                continue;
            name = frame_name_at(name.text, name.length);
        }
        frame_names_prefetch(&reader->frames, &name);
        if (count == reader->name_room)
            reader->names =
                xgrow(reader->names, &reader->name_room, count + 1, sizeof(*reader->names));
        reader->names[count++] = (struct name){.name = name, .end = at};
    }
    return count;
}

/* Finds the name behind the known beginning; false when there is none, or it is empty. */
static bool next_name(const struct reader *reader, struct stack_text *stack)
{
    size_t at = stack->known.node ? stack->known.end + 1 : 0;

    if (at >= stack->length || stack->text[at] == ';')
        return false;
    stack->next = frame_name_at(stack->text + at, stack->length - at);
    frame_names_prefetch(&reader->frames, &stack->next);
    return true;
}

/* Asks for what the next steps will look at; how many can go on, which come first. */
static size_t prepare_steps(const struct reader *reader, struct stack_text **going,
                            size_t count)
{
    size_t named = 0, kept = 0;

    for (size_t i = 0; i < count; i++)
        if (next_name(reader, going[i]))
            going[named++] = going[i];
    for (size_t i = 0; i < named; i++)
        if (frame_names_find(&reader->frames, &going[i]->next, &going[i]->next_frame)) {
            profile_prefetch_child(reader->profile, going[i]->known.node, going[i]->next_frame);
            going[kept++] = going[i];
        }
    return kept;
}

static size_t take_steps(struct reader *reader, struct stack_text **going, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        struct stack_text *stack = going[i];
        size_t end;
        node_id node =
            profile_find_child(reader->profile, stack->known.node, stack->next_frame);

        end = (size_t)(stack->next.text - stack->text) + stack->next.length;
        if (!node)
            continue;
        if (stack->known.node)
            keep_beginnings(reader, stack, stack->known, end);
        stack->known =
            (struct level){.node = node, .end = end, .depth = stack->known.depth + 1};
        going[kept++] = stack;
    }
    return kept;
}

/* Goes on from the beginnings that are known by their hash, or from the root, as far as there
 * are nodes, for all lines a step at a time. */
static void descend(struct reader *reader, struct stack_text *stacks, size_t count)
{
    struct stack_text *going[BATCH];
    size_t left = count;

    for (size_t i = 0; i < count; i++)
        going[i] = &stacks[i];
    while ((left = prepare_steps(reader, going, left)))
        left = take_steps(reader, going, left);
}

static void find_beginnings(struct reader *reader, struct stack_text *stacks, size_t count)
{
    reader->hash_count = 0;
    for (size_t i = 0; i < count; i++)
        hash_blocks(reader, &stacks[i]);
    for (size_t i = 0; i < count; i++)
        find_beginning(reader, &stacks[i]);
    descend(reader, stacks, count);
}

static node_id stack_node(struct reader *reader, const struct stack_text *stack)
{
    struct level level = find_known(reader, stack);
    size_t count = split_names(reader, stack->text, level.end, stack->length);
    node_id fresh = profile_node_count(reader->profile);

    if (count > STACK_DEPTH_MAX - level.depth) {
        count = STACK_DEPTH_MAX - level.depth;
        reader->too_deep++;
    }
    for (size_t i = 0; i < count; i++) {
        const struct name *name = &reader->names[i];

        /* Only what leads to nodes that there were before this line: what is met a second time
         * is likely to be met again, and most is not. */
        if (level.node && level.node < fresh && stack->hash_count)
            keep_beginnings(reader, stack, level, name->end);
        level.node = profile_child(reader->profile, level.node,
                                   frame_names_add(&reader->frames, &name->name));
        level.depth++;
        level.end = name->end;
        push(reader, level);
    }
    return level.node ? level.node : no_frames(reader->profile);
}

/* A count with a fraction: whole samples now, the rest is carried to later lines. */
static bool fraction(struct reader *reader, const char *text, size_t length, uint64_t *count)
{
    char copy[64];
    char *end;
    double value;

    if (length >= sizeof(copy))
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (strspn(copy, "0123456789.") != length)
        return false;
    value = strtod(copy, &end);
    if (*end || value > 9e15)
        return false;
    reader->fractions = true;
    reader->carry += value - (double)(uint64_t)value;
    *count = (uint64_t)value;
    if (reader->carry >= 0.9999999) {
        reader->carry -= 1;
        ++*count;
    }
    return true;
}

static bool parse_count(struct reader *reader, const char *text, size_t length, uint64_t *count)
{
    uint64_t value = 0;
    bool over = false;

    if (!length)
        return false;
    for (size_t i = 0; i < length; i++) {
        unsigned digit = (unsigned)text[i] - '0';

        if (digit > 9)
            return fraction(reader, text, length, count);
        over |= __builtin_mul_overflow(value, 10u, &value);
        over |= __builtin_add_overflow(value, digit, &value);
    }
    if (over || value >= NOT_MEASURED) {
        reader->saturated = true;
        value = NOT_MEASURED - 1;
    }
    *count = value;
    return true;
}

static void bad_line(struct reader *reader, uint64_t number)
{
    if (!reader->bad++)
        reader->first_bad = number;
}

/* Takes the count off the end of the line: a name may hold spaces and end in a number, so the
 * last space counts. */
static bool take_count(struct reader *reader, struct line *line, uint64_t *count)
{
    const char *text = line->text, *space = memrchr(text, ' ', line->length);

    if (!space || space == text) {
        bad_line(reader, line->number);
        return false;
    }
    if (space[1] == '-' && isdigit((unsigned char)space[2])) {
        reader->negative++;
        return false;
    }
    if (!parse_count(reader, space + 1, line->length - (size_t)(space + 1 - text), count)) {
        bad_line(reader, line->number);
        return false;
    }
    line->length = (size_t)(space - text);
    while (line->length && text[line->length - 1] == ' ')
        --line->length;
    return true;
}

/* False when there is no stack in the line, or it counts nothing. */
static bool parse_line(struct reader *reader, struct line line, struct stack_text *stack)
{
    *stack = (struct stack_text){0};
    skip_marks(&line.text, &line.length);
    while (line.length &&
           (line.text[line.length - 1] == '\r' || line.text[line.length - 1] == ' '))
        line.length--;
    if (!line.length || line.text[0] == '#')
        return false;
    if (reader->two_counts && !take_count(reader, &line, &stack->counts[1]))
        return false;
    if (!take_count(reader, &line, &stack->counts[0]))
        return false;
    stack->text = line.text;
    stack->length = line.length;
    return stack->counts[0] || stack->counts[1];
}

static void add_stack(struct reader *reader, const struct stack_text *stack, node_id node)
{
    profile_add_at(reader->profile, node, 0, stack->counts);
    reader->total =
        saturating_add(reader->total, saturating_add(stack->counts[0], stack->counts[1]));
    if (reader->total == UINT64_MAX)
        reader->saturated = true;
}

static void say_what_was_lost(const struct reader *reader, const char *name)
{
    if (reader->bad)
        profile_note(reader->profile,
                     "%s: %" PRIu64
                     " lines without \"stack COUNT\" were left out, the first is "
                     "line %" PRIu64,
                     name, reader->bad, reader->first_bad);
    if (reader->two_counts)
        profile_add_note(reader->profile,
                         "two counts a line: the second is shown; --value before shows the "
                         "first");
    if (reader->negative)
        profile_note(reader->profile,
                     "%s: %" PRIu64 " lines with a negative count were left out", name,
                     reader->negative);
    note_cut_stacks(reader->profile, name, reader->too_deep);
    if (reader->saturated)
        profile_note(reader->profile,
                     "%s: counts beyond 2^64 were cut down to the largest number", name);
    if (reader->fractions) {
        profile_note(reader->profile,
                     "%s: counts with fractions were made whole; their sum is kept", name);
    }
}

static int read_lines(struct reader *reader, struct error *err)
{
    struct line lines[BATCH];
    struct stack_text stacks[BATCH];
    node_id nodes[BATCH];
    int got;

    while ((got = lines_several(&reader->lines, lines, BATCH, err)) > 0) {
        size_t count = 0;

        for (int i = 0; i < got; i++)
            count += parse_line(reader, lines[i], &stacks[count]);
        if (reader->prefixes)
            find_beginnings(reader, stacks, count);
        for (size_t i = 0; i < count; i++) {
            nodes[i] = stack_node(reader, &stacks[i]);
            profile_prefetch_stack(reader->profile, nodes[i]);
        }
        for (size_t i = 0; i < count; i++)
            add_stack(reader, &stacks[i], nodes[i]);
    }
    return got;
}

/* Whether all lines of the head end in two counts, as difffolded.pl makes them: a single line
 * with "f 1 2" is rather a name that ends in a number. */
static bool has_two_counts(struct source *source)
{
    size_t size;
    const char *text = (const char *)source_peek(source, FOLDED_HEAD, &size);
    const char *end = text + size, *newline;
    size_t lines = 0;

    for (; (newline = memchr(text, '\n', (size_t)(end - text))); text = newline + 1) {
        size_t length = (size_t)(newline - text), first, second;

        if (length && text[length - 1] == '\r')
            length--;
        if (!length || *text == '#')
            continue;
        second = folded_trailing_number(text, length);
        first = second ? folded_trailing_number(text, length - second) : 0;
        if (!first || first + second == length)
            return false;
        lines++;
    }
    return lines > 1;
}

int folded_read(struct source *source, struct profile *profile, struct error *err)
{
    struct reader reader = {.profile = profile, .lines = {.source = source}};
    int failed;

    frame_names_begin(&reader.frames, profile);
    reader.two_counts = has_two_counts(source);
    if (reader.two_counts) {
        profile_value_type(profile, "before", "count");
        profile_set_default_value(profile,
                                  (size_t)profile_value_type(profile, "after", "count"));
    } else {
        profile_value_type(profile, "samples", "count");
    }
    failed = read_lines(&reader, err);
    if (!failed) {
        say_what_was_lost(&reader, source_name(source));
        if (reader.bad && !reader.total)
            failed = error_set(err, EBADMSG, "%s: line %" PRIu64 " is not \"stack COUNT\"",
                               source_name(source), reader.first_bad);
    }
    frame_names_end(&reader.frames);
    free(reader.names);
    free(reader.previous);
    free(reader.levels);
    prefixes_free(reader.prefixes);
    free(reader.hashes);
    return failed;
}
