/*
 * Folded stacks: one line a stack, "root;caller;leaf COUNT".
 *
 * Lines that follow one another mostly share their outer frames, so the reader keeps the
 * previous line and its nodes and looks up only what differs.
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

/* Names met lately: a name's hash leads to its entry.  That is one line of the processor's
 * cache with as much of the text as fits, as fetching it is most of the cost of a name. */
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

struct reader {
    struct profile *profile;
    struct name *names; /* of the line's frames that the one before had not */
    size_t name_room;
    struct recent *recent;
    char *previous; /* frames of the line before */
    size_t previous_length, previous_room;
    struct level {
        size_t end; /* behind the frame, in `previous` */
        node_id node;
    } * levels;
    size_t depth, level_room;
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

static bool is_recent(const struct recent *recent, const struct name *name)
{
    if (recent->hash != (uint32_t)(name->hash >> 32) || recent->length != name->length)
        return false;
    return !memcmp(name->length <= RECENT_TEXT ? recent->start : recent->text, name->text,
                   name->length);
}

static frame_id frame_of(struct reader *reader, const struct name *name)
{
    struct recent *recent = &reader->recent[name->hash % RECENT];
    uint32_t known;
    frame_id frame;
    str_id id;

    if (is_recent(recent, name))
        return recent->frame;
    known = strings_count(profile_strings(reader->profile));
    id = profile_intern(reader->profile, name->text, name->length);
    frame = frame_of_text(reader, id, id >= known);
    /* Only what is met again: names that occur once would drive out the others.  And not what
     * had to be cleaned. */
    if (id < known && profile_string_length(reader->profile, id) == name->length) {
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

/* Levels whose frame stands in both lines, whole. */
static void keep_common_levels(struct reader *reader, const char *stack, size_t length)
{
    size_t shorter = length < reader->previous_length ? length : reader->previous_length;
    size_t common = common_length(stack, reader->previous, shorter);

    while (reader->depth) {
        size_t end = reader->levels[reader->depth - 1].end;

        if (end < common || (end == common && (end == length || stack[end] == ';')))
            break;
        reader->depth--;
    }
}

static void push(struct reader *reader, size_t end, node_id node)
{
    if (reader->depth == reader->level_room)
        reader->levels = xgrow(reader->levels, &reader->level_room, reader->depth + 1,
                               sizeof(*reader->levels));
    reader->levels[reader->depth++] = (struct level){.end = end, .node = node};
}

static void remember(struct reader *reader, const char *stack, size_t from, size_t length)
{
    reader->previous = xgrow(reader->previous, &reader->previous_room, length, 1);
    if (from < length) /* there may be no `previous` yet */
        memcpy(reader->previous + from, stack + from, length - from);
    reader->previous_length = length;
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
        __builtin_prefetch(&reader->recent[name.hash % RECENT]);
        if (count == reader->name_room)
            reader->names =
                xgrow(reader->names, &reader->name_room, count + 1, sizeof(*reader->names));
        reader->names[count++] = name;
    }
    return count;
}

static node_id stack_node(struct reader *reader, const char *stack, size_t length)
{
    size_t at, count;
    node_id node;

    keep_common_levels(reader, stack, length);
    at = reader->depth ? reader->levels[reader->depth - 1].end : 0;
    node = reader->depth ? reader->levels[reader->depth - 1].node : 0;
    remember(reader, stack, at, length);
    count = split_names(reader, stack, at, length);
    if (count > STACK_DEPTH_MAX - reader->depth) {
        count = STACK_DEPTH_MAX - reader->depth;
        reader->too_deep++;
    }
    for (size_t i = 0; i < count; i++) {
        node = profile_child(reader->profile, node, frame_of(reader, &reader->names[i]));
        push(reader, reader->names[i].end, node);
    }
    return node ? node : no_frames(reader->profile);
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

static void bad_line(struct reader *reader)
{
    if (!reader->bad++)
        reader->first_bad = reader->lines.number;
}

/* Takes the count off the end of the line: a name may hold spaces and end in a number, so the
 * last space counts. */
static bool take_count(struct reader *reader, const char *text, size_t *length, uint64_t *count)
{
    const char *space = memrchr(text, ' ', *length);

    if (!space || space == text) {
        bad_line(reader);
        return false;
    }
    if (space[1] == '-' && isdigit((unsigned char)space[2])) {
        reader->negative++;
        return false;
    }
    if (!parse_count(reader, space + 1, *length - (size_t)(space + 1 - text), count)) {
        bad_line(reader);
        return false;
    }
    *length = (size_t)(space - text);
    while (*length && text[*length - 1] == ' ')
        --*length;
    return true;
}

static void add_stack(struct reader *reader, const char *text, size_t length,
                      const uint64_t *counts)
{
    uint64_t sum = saturating_add(counts[0], reader->two_counts ? counts[1] : 0);

    if (!sum)
        return;
    profile_add_at(reader->profile, stack_node(reader, text, length), 0, counts);
    reader->total = saturating_add(reader->total, sum);
    if (reader->total == UINT64_MAX)
        reader->saturated = true;
}

static void read_line(struct reader *reader, const char *text, size_t length)
{
    uint64_t counts[2] = {0};

    skip_marks(&text, &length);
    while (length && (text[length - 1] == '\r' || text[length - 1] == ' '))
        length--;
    if (!length || text[0] == '#')
        return;
    if (reader->two_counts && !take_count(reader, text, &length, &counts[1]))
        return;
    if (take_count(reader, text, &length, &counts[0]))
        add_stack(reader, text, length, counts);
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
    const char *text;
    size_t length;
    int got;

    while ((got = lines_next(&reader->lines, &text, &length, err)) > 0)
        read_line(reader, text, length);
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
                            .recent = xcalloc(RECENT, sizeof(*reader.recent))};
    int failed;

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
    free(reader.recent);
    free(reader.names);
    free(reader.previous);
    free(reader.levels);
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
