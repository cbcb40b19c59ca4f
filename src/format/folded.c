/*
 * Folded stacks: one line a stack, "root;caller;leaf COUNT".
 *
 * Lines that follow one another mostly share their outer frames, so the reader keeps the
 * previous line and its nodes and looks up only what differs.  In lines that are not sorted the
 * one to share with is another: there beginnings of lines are known by their hash.
 */
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/lines.h"
#include "base/saturate.h"
#include "base/xalloc.h"
#include "format/facts.h"
#include "format/format.h"
#include "format/prefixes.h"

/* Names met lately: a name's hash leads to two entries, the first being the later one.  Each is
 * one line of the processor's cache with as much of the text as fits, as fetching it is most of
 * the cost of a name. */
enum { RECENT = 16384, RECENT_TEXT = 44 };
struct recent {
    const char *text; /* in the profile's strings */
    uint32_t hash, length;
    frame_id frame;
    char start[RECENT_TEXT];
};
static_assert(sizeof(struct recent) == 64, "a line of the cache");

/* A name in a line, to be looked up. */
struct name {
    const char *text;
    size_t length, end; /* the end counts from the begin of the line */
    uint64_t hash;
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
    struct name next;           /* behind it */
    frame_id next_frame;
};

struct reader {
    struct profile *profile;
    struct name *names; /* of the line's frames that the one before had not */
    size_t name_room;
    struct recent *recent; /* in `recent_room`, where a line of the cache begins */
    void *recent_room;
    char *previous; /* frames of the line before */
    size_t previous_length, previous_room;
    struct level *levels; /* of `previous`: not for each frame, but increasing */
    size_t level_count, level_room;
    struct prefixes *prefixes;  /* NULL as long as the lines are sorted */
    struct prefix_hash *hashes; /* of all lines of the batch */
    size_t hash_count, hash_room;
    uint32_t *frame_of; /* by text; UINT32_MAX: not yet */
    size_t frame_count, frame_room;

    struct lines lines;
    bool two_counts; /* before and after */
    uint64_t bad, first_bad, negative, too_deep;
    bool saturated, fractions;
    double carry; /* the fractions of counts that have not made a sample yet */
    uint64_t total;
};

/* "do_syscall_64_[k]": the length without what says the kind. */
static size_t strip_annotations(const char *text, size_t length, enum frame_kind *kind)
{
    for (; length > 4 && text[length - 1] == ']' && !memcmp(text + length - 4, "_[", 2);
         length -= 4) {
        if (text[length - 2] == 'k')
            *kind = FRAME_KERNEL;
        else if (text[length - 2] == 'i')
            *kind = FRAME_INLINE;
        else if (text[length - 2] == 'j')
            *kind = FRAME_JIT;
        else
            break;
    }
    return length;
}

/* `is_new`: the text was not in the profile until now. */
static frame_id new_frame(struct reader *reader, str_id id, bool is_new)
{
    const char *text = profile_string(reader->profile, id);
    size_t length = profile_string_length(reader->profile, id), bare;
    struct frame frame = {.function = id, .kind = FRAME_NATIVE};

    bare = strip_annotations(text, length, &frame.kind);
    frame.unnamed = is_place(text, bare);
    if (bare == length && is_new)
        return profile_new_frame(reader->profile, &frame);
    frame.function = profile_intern(reader->profile, text, bare);
    return profile_frame(reader->profile, &frame);
}

static frame_id frame_of_text(struct reader *reader, str_id id, bool is_new)
{
    if (id >= reader->frame_count) {
        reader->frame_of =
            xgrow(reader->frame_of, &reader->frame_room, (size_t)id + 1, sizeof(uint32_t));
        while (reader->frame_count < reader->frame_room)
            reader->frame_of[reader->frame_count++] = UINT32_MAX;
    }
    if (reader->frame_of[id] == UINT32_MAX)
        reader->frame_of[id] = new_frame(reader, id, is_new);
    return reader->frame_of[id];
}

/* The highest bit of each byte that is zero; those above the first such byte may be wrong. */
static uint64_t zero_bytes(uint64_t word)
{
    return (word - 0x0101010101010101u) & ~word & 0x8080808080808080u;
}

/* Where the name at `text` ends: at a semicolon or behind `length` bytes.  Its hash on the way,
 * as each byte has to be fetched anyway. */
static size_t name_end(const char *text, size_t length, uint64_t *hash)
{
    static const uint64_t SEMICOLONS = 0x3b3b3b3b3b3b3b3bu, FACTOR = 0xa0761d6478bd642fu;
    uint64_t sum = 0, word, found;
    size_t at = 0;
    unsigned bytes;

    for (; length - at >= 8; at += 8) {
        memcpy(&word, text + at, 8);
        found = zero_bytes(word ^ SEMICOLONS);
        if (found)
            break;
        sum = (sum ^ word) * FACTOR;
        sum ^= sum >> 32;
    }
    if (length - at < 8) {
        word = SEMICOLONS;
        memcpy(&word, text + at, length - at);
        found = zero_bytes(word ^ SEMICOLONS);
    }
    bytes = (unsigned)__builtin_ctzll(found) / 8;
    word &= (UINT64_C(1) << 8 * bytes) - 1;
    *hash = hash_multiply(sum ^ word, FACTOR ^ (at + bytes));
    return at + bytes;
}

static uint64_t word_at(const char *text)
{
    uint64_t word;

    memcpy(&word, text, sizeof(word));
    return word;
}

/* memcmp() for texts that are mostly equal and short, where its call is much of the cost. */
static bool is_same(const char *a, const char *b, size_t length)
{
    if (length < 8)
        return !memcmp(a, b, length);
    for (size_t at = 0; at + 8 < length; at += 8)
        if (word_at(a + at) != word_at(b + at))
            return false;
    return word_at(a + length - 8) == word_at(b + length - 8);
}

static bool is_recent(const struct recent *recent, const struct name *name)
{
    if (recent->hash != (uint32_t)(name->hash >> 32) || recent->length != name->length)
        return false;
    return is_same(name->length <= RECENT_TEXT ? recent->start : recent->text, name->text,
                   name->length);
}

static struct recent *recent_pair(const struct reader *reader, const struct name *name)
{
    return &reader->recent[name->hash % RECENT & ~UINT64_C(1)];
}

static frame_id frame_of(struct reader *reader, const struct name *name)
{
    struct recent *recent = recent_pair(reader, name);
    uint32_t known;
    frame_id frame;
    str_id id;

    if (is_recent(recent, name))
        return recent->frame;
    if (is_recent(recent + 1, name))
        return recent[1].frame;
    known = strings_count(profile_strings(reader->profile));
    id = profile_intern(reader->profile, name->text, name->length);
    frame = frame_of_text(reader, id, id >= known);
    /* Only what is met again: names that occur once would drive out the others.  And not what
     * had to be cleaned. */
    if (id < known && profile_string_length(reader->profile, id) == name->length) {
        recent[1] = recent[0];
        *recent = (struct recent){.text = profile_string(reader->profile, id),
                                  .hash = (uint32_t)(name->hash >> 32),
                                  .length = (uint32_t)name->length,
                                  .frame = frame};
        memcpy(recent->start, name->text,
               name->length < RECENT_TEXT ? name->length : RECENT_TEXT);
    }
    return frame;
}

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
        struct name name = {.text = stack + at};

        if (*name.text == ';') {
            at++;
            continue;
        }
        name.length = name_end(name.text, length - at, &name.hash);
        at += name.length;
        name.end = at;
        if (is_untrimmed(name.text, name.length)) {
            trim(&name.text, &name.length);
            if (!name.length)
                continue;
            name_end(name.text, name.length, &name.hash);
        }
        __builtin_prefetch(recent_pair(reader, &name));
        if (count == reader->name_room)
            reader->names =
                xgrow(reader->names, &reader->name_room, count + 1, sizeof(*reader->names));
        reader->names[count++] = name;
    }
    return count;
}

/* Finds the name behind the known beginning; false when there is none, or it is empty. */
static bool next_name(const struct reader *reader, struct stack_text *stack)
{
    size_t at = stack->known.end + 1;
    struct name *name = &stack->next;

    if (at >= stack->length || stack->text[at] == ';')
        return false;
    name->text = stack->text + at;
    name->length = name_end(name->text, stack->length - at, &name->hash);
    name->end = at + name->length;
    __builtin_prefetch(recent_pair(reader, name));
    return true;
}

/* The frame of that name, when it takes no more than a look. */
static bool next_frame(const struct reader *reader, struct stack_text *stack)
{
    const struct recent *recent = recent_pair(reader, &stack->next);

    if (!is_recent(recent, &stack->next) && !is_recent(++recent, &stack->next))
        return false;
    stack->next_frame = recent->frame;
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
        if (next_frame(reader, going[i])) {
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
        node_id node =
            profile_find_child(reader->profile, stack->known.node, stack->next_frame);

        if (!node)
            continue;
        keep_beginnings(reader, stack, stack->known, stack->next.end);
        stack->known = (struct level){
            .node = node, .end = stack->next.end, .depth = stack->known.depth + 1};
        going[kept++] = stack;
    }
    return kept;
}

/* Goes on from the beginnings that are known by their hash, as far as there are nodes, for all
 * lines a step at a time. */
static void descend(struct reader *reader, struct stack_text *stacks, size_t count)
{
    struct stack_text *going[BATCH];
    size_t left = 0;

    for (size_t i = 0; i < count; i++)
        if (stacks[i].known.node)
            going[left++] = &stacks[i];
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
        level.node = profile_child(reader->profile, level.node, frame_of(reader, name));
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

/* The length of " 12" or " 1.5" at the end, 0 when there is none. */
static size_t trailing_number(const char *text, size_t length)
{
    size_t at = length;

    while (at && (isdigit((unsigned char)text[at - 1]) || text[at - 1] == '.'))
        at--;
    if (at == length || !at || text[at - 1] != ' ')
        return 0;
    while (at && text[at - 1] == ' ')
        at--;
    return length - at;
}

enum { HEAD = 4096 }; /* bytes that tell what kind of text it is */

/* Whether all lines of the head end in two counts, as difffolded.pl makes them: a single line
 * with "f 1 2" is rather a name that ends in a number. */
static bool has_two_counts(struct source *source)
{
    size_t size;
    const char *text = (const char *)source_peek(source, HEAD, &size);
    const char *end = text + size, *newline;
    size_t lines = 0;

    for (; (newline = memchr(text, '\n', (size_t)(end - text))); text = newline + 1) {
        size_t length = (size_t)(newline - text), first, second;

        if (length && text[length - 1] == '\r')
            length--;
        if (!length || *text == '#')
            continue;
        second = trailing_number(text, length);
        first = second ? trailing_number(text, length - second) : 0;
        if (!first || first + second == length)
            return false;
        lines++;
    }
    return lines > 1;
}

static int folded_read(struct source *source, struct profile *profile, struct error *err)
{
    struct reader reader = {.profile = profile,
                            .lines = {.source = source},
                            .recent_room = xcalloc(RECENT + 1, sizeof(*reader.recent))};
    int failed;

    reader.recent = (void *)(((uintptr_t)reader.recent_room + 63) & ~(uintptr_t)63);
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
    free(reader.recent_room);
    free(reader.names);
    free(reader.previous);
    free(reader.levels);
    prefixes_free(reader.prefixes);
    free(reader.hashes);
    free(reader.frame_of);
    return failed;
}

static bool folded_recognize(const uint8_t *head, size_t size)
{
    return !memchr(head, 0, size);
}

/* A name's bytes; what would be read as something else gets another spelling: the semicolon
 * that would make two frames of one becomes a colon, as in stackcollapse.  With `no_number` the
 * space of "f 12" becomes an underscore. */
static void write_name(const char *name, size_t length, bool no_number, FILE *out)
{
    size_t number = no_number ? trailing_number(name, length) : 0;
    const char *end = name + length, *number_at = end - number;

    if (!length)
        fputs("[unnamed]", out);
    for (const char *at = name; at < end; at++) {
        const char *odd = memchr(at, ';', (size_t)(end - at));

        if (number && at <= number_at && (!odd || odd > number_at))
            odd = number_at;
        if (!odd)
            odd = end;
        fwrite(at, 1, (size_t)(odd - at), out);
        if (odd < end)
            fputc(*odd == ';' ? ':' : '_', out);
        while (odd < end && *odd == ' ' && odd[1] == ' ')
            odd++;
        at = odd;
    }
}

/* Whether each line of the head would end in "f 12 3", which has_two_counts and other programs
 * take for two counts: then no name may end in a number. */
static bool looks_like_two_counts(const struct view *view)
{
    size_t count, size = 0, lines = 0;
    const struct view_node *nodes = view_nodes(view, &count);

    for (size_t i = 1; i < count; i++) {
        if (!nodes[i].self)
            continue;
        if (!trailing_number(view_text(view, nodes[i].name),
                             view_text_length(view, nodes[i].name)))
            return false;
        for (node_id at = (node_id)i; at; at = nodes[at].parent)
            size += view_text_length(view, nodes[at].name) + 1;
        size += (size_t)snprintf(NULL, 0, "%" PRIu64 "\n", nodes[i].self);
        if (size > HEAD)
            break;
        lines++;
    }
    return lines > 1;
}

static const char *annotation(enum frame_kind kind)
{
    switch (kind) {
    case FRAME_KERNEL:
        return "_[k]";
    case FRAME_INLINE:
        return "_[i]";
    case FRAME_JIT:
        return "_[j]";
    case FRAME_NATIVE:
    case FRAME_PYTHON:
    case FRAME_MARK:
    case FRAME_KINDS:
    default:
        return "";
    }
}

static int folded_write(const struct profile *profile, const struct write_options *options,
                        FILE *out, struct error *err)
{
    struct view_options shown = options->view;
    struct view *view;
    size_t count, room = 0;
    const struct view_node *nodes;
    node_id *path = NULL;
    bool no_number;

    (void)err;
    shown.by_text = !options->annotate; /* or a stack would stand there twice */
    view = view_new(profile, &shown);
    nodes = view_nodes(view, &count);
    no_number = looks_like_two_counts(view);
    for (size_t i = 1; i < count; i++) {
        size_t depth = 0;

        if (!nodes[i].self)
            continue;
        for (node_id at = (node_id)i; at; at = nodes[at].parent) {
            path = xgrow(path, &room, depth + 1, sizeof(*path));
            path[depth++] = at;
        }
        /* A line that begins with # is a comment. */
        if (view_text(view, nodes[path[depth - 1]].name)[0] == '#')
            fputc(' ', out);
        while (depth--) {
            name_id name = nodes[path[depth]].name;

            write_name(view_text(view, name), view_text_length(view, name), no_number, out);
            if (options->annotate)
                fputs(annotation(view_name(view, name)->kind), out);
            if (depth)
                fputc(';', out);
        }
        fprintf(out, " %" PRIu64 "\n", nodes[i].self);
    }
    free(path);
    view_free(view);
    return 0;
}

const struct format folded_format = {
    .name = "folded",
    .suffix = ".folded",
    .summary = "one line a stack: root;caller;leaf COUNT",
    .recognize = folded_recognize,
    .read = folded_read,
    .write = folded_write,
};
