/*
 * What `perf script` prints: a header line for each sample, its frames innermost first, and an
 * empty line.
 *
 *   comm  pid/tid [cpu] time: period event: text of a tracepoint
 *           addr symbol+0xoffset (file)
 *
 * Nearly all of the header is optional (perf script -F), the name may hold spaces, parentheses
 * and digits, symbols and files too.  Stacks that follow one another share outer frames, and
 * most frame lines have been seen before: the text behind the address leads to the frame.
 *
 * Addresses are not kept: without the mappings, which the text does not tell, they mean
 * nothing.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/lines.h"
#include "base/map.h"
#include "base/xalloc.h"
#include "format/facts.h"
#include "format/format.h"

enum { EVENTS_MAX = PROFILE_VALUES_MAX / 2, TOKENS_MAX = 64 };

struct token {
    const char *text;
    size_t length;
};

/* What a header says. */
struct header {
    struct token comm, event, rest;
    int32_t pid, tid;
    uint64_t time_ns, period;
    bool timed, has_period, has_event;
};

static const struct header empty_header = {.comm.text = "", .event.text = "", .rest.text = ""};

struct event {
    str_id name;
    int samples, period; /* indices of its values, -1: none */
    uint64_t count;
};

struct reader {
    struct profile *profile;
    struct lines lines;
    const char *name;

    /* Frames by the text of their line, without address and offset; those of the kernel
     * apart. */
    struct strings *texts[2];
    frame_id *frames_of[2];
    size_t frames_room[2], frames_known[2];

    bool has_inlined; /* anywhere so far */

    bool in_sample;
    struct header header; /* its texts are gone with their line */
    label_id labels;
    str_id event;
    frame_id *stack; /* of this sample, innermost first */
    size_t depth, stack_room;
    bool cut;

    /* The stack before, outermost first, to share nodes with. */
    struct shared {
        frame_id frame;
        node_id node;
    } * shared;
    size_t shared_depth, shared_room;

    struct map process_names; /* pid -> name of its first thread seen */
    struct event events[EVENTS_MAX];
    size_t event_count;
    uint64_t *values;

    uint64_t samples, odd_lines, first_odd, too_deep, other_events;
    uint64_t period; /* of all samples so far, while it is the same */
    bool period_varies;
};

/* ---- words ---- */

static bool all_digits(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!isdigit((unsigned char)text[i]))
            return false;
    return length > 0;
}

static uint64_t digits(const char *text, size_t length)
{
    uint64_t value = 0;

    for (size_t i = 0; i < length && isdigit((unsigned char)text[i]); i++)
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (unsigned)text[i] - '0', &value))
            return UINT64_MAX - 1;
    return value;
}

static size_t hex_length(const char *text, size_t length)
{
    size_t i = 0;

    while (i < length && isxdigit((unsigned char)text[i]))
        i++;
    return i;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static size_t split(const char *text, size_t length, struct token *tokens)
{
    size_t count = 0, at = 0;

    while (count < TOKENS_MAX) {
        while (at < length && is_space(text[at]))
            at++;
        if (at == length)
            break;
        tokens[count].text = text + at;
        while (at < length && !is_space(text[at]))
            at++;
        tokens[count].length = (size_t)(text + at - tokens[count].text);
        count++;
    }
    return count;
}

/* From the begin of one token to the end of another. */
static struct token span(const struct token *first, const struct token *last)
{
    return (struct token){.text = first->text,
                          .length = (size_t)(last->text + last->length - first->text)};
}

/* ---- headers ---- */

/* "12345.678901:", seconds with a fraction. */
static bool is_time(const struct token *token)
{
    const char *point = memchr(token->text, '.', token->length);
    size_t whole = point ? (size_t)(point - token->text) : 0;

    return point && token->text[token->length - 1] == ':' && all_digits(token->text, whole) &&
           all_digits(point + 1, token->length - whole - 2);
}

static uint64_t time_of(const struct token *token)
{
    const char *point = memchr(token->text, '.', token->length);
    size_t places = token->length - (size_t)(point - token->text) - 2;
    uint64_t ns = digits(point + 1, places < 9 ? places : 9);
    uint64_t seconds = digits(token->text, token->length);

    for (; places < 9; places++)
        ns *= 10;
    return seconds > UINT64_MAX / 2000000000 ? 0 : seconds * 1000000000 + ns;
}

/* "12", "12/13"; negative numbers of events without a task as well. */
static bool take_ids(const struct token *token, struct header *header)
{
    const char *slash = memchr(token->text, '/', token->length);
    const char *end = token->text + token->length;
    uint64_t pid, tid;

    if (token->length == 2 && !memcmp(token->text, "-1", 2))
        return true;
    if (!slash) {
        if (!all_digits(token->text, token->length))
            return false;
        tid = digits(token->text, token->length);
        header->tid = tid <= INT32_MAX ? (int32_t)tid : 0;
        return true;
    }
    if (!all_digits(token->text, (size_t)(slash - token->text)) ||
        !all_digits(slash + 1, (size_t)(end - slash - 1)))
        return false;
    pid = digits(token->text, (size_t)(slash - token->text));
    tid = digits(slash + 1, (size_t)(end - slash - 1));
    header->pid = pid <= INT32_MAX ? (int32_t)pid : 0;
    header->tid = tid <= INT32_MAX ? (int32_t)tid : 0;
    return true;
}

/* What stands in front of the time: name, numbers, processor, flags. */
static void take_task(struct header *header, const struct token *tokens, size_t count)
{
    for (size_t i = count; i-- > 0;) {
        if (tokens[i].text[0] == '[' || !take_ids(&tokens[i], header))
            continue;
        if (i)
            header->comm = span(&tokens[0], &tokens[i - 1]);
        return;
    }
    /* No number at all: the name alone, perhaps with the processor behind it. */
    while (count && tokens[count - 1].text[0] == '[')
        count--;
    if (count)
        header->comm = span(&tokens[0], &tokens[count - 1]);
}

/* What stands behind the time: period, event, text. */
static void take_event(struct header *header, const struct token *tokens, size_t count,
                       const char *end)
{
    size_t first = 0, last;

    if (count > 1 && all_digits(tokens[0].text, tokens[0].length)) {
        header->period = digits(tokens[0].text, tokens[0].length);
        header->has_period = true;
        first = 1;
    }
    for (last = first; last < count; last++)
        if (tokens[last].text[tokens[last].length - 1] == ':')
            break;
    if (last == count)
        return;
    header->event = span(&tokens[first], &tokens[last]);
    header->event.length--;
    header->has_event = true;
    if (last + 1 < count)
        header->rest = (struct token){.text = tokens[last + 1].text,
                                      .length = (size_t)(end - tokens[last + 1].text)};
}

/* Without a time: the first word that ends in a colon, or a number before it, begins the
 * event. */
static bool parse_untimed(struct header *header, const struct token *tokens, size_t count,
                          const char *end)
{
    size_t event = 1;

    while (event < count && tokens[event].text[tokens[event].length - 1] != ':')
        event++;
    if (event >= count) {
        take_task(header, tokens, count);
        return header->tid || header->pid;
    }
    if (event > 2 && all_digits(tokens[event - 1].text, tokens[event - 1].length) &&
        all_digits(tokens[event - 2].text, 1))
        event--;
    take_task(header, tokens, event);
    take_event(header, tokens + event, count - event, end);
    return header->has_event;
}

static bool parse_header(struct header *header, const char *text, size_t length)
{
    struct token tokens[TOKENS_MAX];
    size_t count = split(text, length, tokens);

    *header = empty_header;
    for (size_t i = 0; i < count; i++)
        if (is_time(&tokens[i])) {
            header->time_ns = time_of(&tokens[i]);
            header->timed = true;
            take_task(header, tokens, i);
            take_event(header, tokens + i + 1, count - i - 1, text + length);
            return true;
        }
    return count && parse_untimed(header, tokens, count, text + length);
}

/* ---- frames ---- */

/* The parenthesis that the last one closes, with a space in front: " (file)". */
static const char *find_file(const char *text, size_t length)
{
    bool closed = length && text[length - 1] == ')';
    size_t depth = 0;

    for (size_t i = length; closed && i-- > 1;) {
        if (text[i] == ')')
            depth++;
        else if (text[i] == '(' && !--depth)
            return text[i - 1] == ' ' ? text + i - 1 : NULL;
    }
    for (size_t i = length; i-- > 1;) /* unbalanced, or the line was cut */
        if (text[i] == '(' && text[i - 1] == ' ' &&
            (closed || i + 1 == length || text[i + 1] == '/' || text[i + 1] == '['))
            return text + i - 1;
    return NULL;
}

static size_t without_offset(const char *text, size_t length)
{
    size_t at = length;

    while (at && isxdigit((unsigned char)text[at - 1]))
        at--;
    return at > 3 && at < length && !memcmp(text + at - 3, "+0x", 3) ? at - 3 : length;
}

static size_t without_deleted(const char *text, size_t length)
{
    static const char deleted[] = " (deleted)";
    size_t size = sizeof(deleted) - 1;

    return length > size && !memcmp(text + length - size, deleted, size) ? length - size
                                                                         : length;
}

static bool equals(const char *text, size_t length, const char *with)
{
    return length == strlen(with) && !memcmp(text, with, length);
}

/* "[libc.so.6]": what others call a frame of which only the file is known. */
static str_id file_text(struct profile *profile, const char *file, size_t length)
{
    const char *slash = memrchr(file, '/', length);
    char text[512];

    if (slash && slash + 1 < file + length) {
        length -= (size_t)(slash + 1 - file);
        file = slash + 1;
    }
    if (!length || equals(file, length, "[unknown]"))
        return profile_intern_text(profile, "[unknown]");
    if (file[0] == '[')
        return profile_intern(profile, file, length);
    snprintf(text, sizeof(text), "[%.*s]", (int)(length < 500 ? length : 500), file);
    return profile_intern_text(profile, text);
}

static enum frame_kind kind_of(const struct frame *frame, const struct profile *profile,
                               bool kernel)
{
    const char *path =
        profile_string(profile, profile_mapping_at(profile, frame->mapping)->path);
    enum frame_kind kind = frame_kind_of_path(path);

    if (kind == FRAME_NATIVE && kernel && strcmp(path, "[vsyscall]"))
        return FRAME_KERNEL;
    if (!strncmp(profile_string(profile, frame->function), "py::", 4))
        return FRAME_PYTHON;
    return kind;
}

/* "symbol+0x12 (file)", "symbol (inlined)", "[unknown] ([unknown])" */
static frame_id make_frame(struct reader *reader, const char *text, size_t length, bool kernel)
{
    struct profile *profile = reader->profile;
    const char *file = find_file(text, length);
    size_t symbol = file ? (size_t)(file - text) : length;
    size_t file_length = 0;
    struct frame frame = {.kind = FRAME_NATIVE};
    bool inlined;

    if (file) {
        file += 2;
        file_length = (size_t)(text + length - file);
        file_length -= file_length && file[file_length - 1] == ')';
        file_length = without_deleted(file, file_length);
    }
    inlined = equals(file, file_length, "inlined");
    if (file_length && !inlined && !equals(file, file_length, "[unknown]"))
        frame.mapping = profile_mapping(
            profile,
            &(struct profile_mapping){.path = profile_intern(profile, file, file_length)});
    while (symbol && text[symbol - 1] == ' ')
        symbol--;
    symbol = without_offset(text, symbol);
    if (symbol && !equals(text, symbol, "[unknown]"))
        frame.function = profile_intern(profile, text, symbol);
    if (!frame.function) {
        frame.function = file_text(profile, file ? file : "", inlined ? 0 : file_length);
        frame.unnamed = true;
    }
    frame.kind = inlined ? FRAME_INLINE : kind_of(&frame, profile, kernel);
    reader->has_inlined |= inlined;
    return profile_frame(profile, &frame);
}

/* "leaf+0x10 (/bin/app)" without the offset, which differs from sample to sample, in `room`; as
 * it is where that is not simple. */
static const char *without_middle(const char *text, size_t *length, char *room, size_t size)
{
    const char *file = memrchr(text, '(', *length);
    size_t symbol, rest;

    if (!file || file - text < 2 || file[-1] != ' ' || *length > size ||
        memchr(file, ')', (size_t)(text + *length - file)) != text + *length - 1)
        return text;
    symbol = without_offset(text, (size_t)(file - text) - 1);
    rest = (size_t)(text + *length - file);
    memcpy(room, text, symbol);
    memcpy(room + symbol, file - 1, rest + 1);
    *length = symbol + rest + 1;
    return room;
}

static frame_id frame_of(struct reader *reader, const char *text, size_t length, bool kernel)
{
    char room[512];
    frame_id **frames = &reader->frames_of[kernel];
    str_id id;

    text = without_middle(text, &length, room, sizeof(room));
    id = strings_add(reader->texts[kernel], text, length);
    if (id >= reader->frames_known[kernel]) {
        *frames =
            xgrow(*frames, &reader->frames_room[kernel], (size_t)id + 1, sizeof(**frames));
        while (reader->frames_known[kernel] <= id)
            (*frames)[reader->frames_known[kernel]++] = UINT32_MAX;
    }
    if ((*frames)[id] == UINT32_MAX)
        (*frames)[id] = make_frame(reader, text, length, kernel);
    return (*frames)[id];
}

static void push_frame(struct reader *reader, frame_id frame)
{
    if (reader->depth == STACK_DEPTH_MAX) {
        reader->too_deep += !reader->cut;
        reader->cut = true;
        return;
    }
    reader->stack =
        xgrow(reader->stack, &reader->stack_room, reader->depth + 1, sizeof(*reader->stack));
    reader->stack[reader->depth++] = frame;
}

/* "55d0 leaf+0x10 (/bin/app)" behind white space; false: it is no frame. */
static bool take_frame(struct reader *reader, const char *text, size_t length)
{
    size_t address = hex_length(text, length);
    bool kernel = address >= 16 && !memcmp(text, "ffff", 4);

    if (!address || (address < length && text[address] != ' '))
        return false;
    text += address;
    length -= address;
    while (length && *text == ' ') {
        text++;
        length--;
    }
    push_frame(reader, frame_of(reader, text, length, kernel));
    return true;
}

/* "file.c:123", on a line of its own below its frame. */
static bool take_source_line(struct reader *reader, const char *text, size_t length)
{
    const char *colon = memrchr(text, ':', length);
    size_t end = colon ? (size_t)(colon - text) : length;
    struct frame frame;

    if (!reader->depth)
        return false;
    if (!colon) /* "app[55d0]": perf does not know it either */
        return text[length - 1] == ']';
    if (!end || !all_digits(colon + 1, length - end - 1))
        return false;
    frame = *profile_frame_at(reader->profile, reader->stack[reader->depth - 1]);
    frame.file = profile_intern(reader->profile, text, end);
    frame.line = (uint32_t)digits(colon + 1, length - end - 1);
    reader->stack[reader->depth - 1] = profile_frame(reader->profile, &frame);
    return true;
}

/* ---- samples ---- */

/* perf names no file for inlined frames; theirs is that of the frame around them. */
static void place_inlined(struct reader *reader)
{
    mapping_id mapping = 0;

    for (size_t i = reader->depth; i-- > 0;) {
        struct frame frame = *profile_frame_at(reader->profile, reader->stack[i]);

        if (frame.kind == FRAME_INLINE && frame.mapping != mapping) {
            frame.mapping = mapping;
            reader->stack[i] = profile_frame(reader->profile, &frame);
        }
        mapping = frame.mapping;
    }
}

/* The outer frames that the stack before has too keep their nodes. */
static node_id stack_node(struct reader *reader)
{
    size_t depth = reader->depth, shared = 0;
    node_id node;

    while (shared < depth && shared < reader->shared_depth &&
           reader->shared[shared].frame == reader->stack[depth - 1 - shared])
        shared++;
    node = shared ? reader->shared[shared - 1].node : 0;
    reader->shared =
        xgrow(reader->shared, &reader->shared_room, depth, sizeof(*reader->shared));
    for (; shared < depth; shared++) {
        frame_id frame = reader->stack[depth - 1 - shared];

        node = profile_child(reader->profile, node, frame);
        reader->shared[shared] = (struct shared){.frame = frame, .node = node};
    }
    reader->shared_depth = depth;
    return node ? node : no_frames(reader->profile);
}

/* The name of a process is that of its main thread; until that shows, of the first. */
static str_id process_name(struct reader *reader, const struct header *header, str_id comm)
{
    uint32_t *name;

    if (!header->pid)
        return comm;
    name = map_at(&reader->process_names, (uint64_t)header->pid);
    if (*name == UINT32_MAX || header->pid == header->tid)
        *name = comm;
    return *name;
}

static label_id labels_of(struct reader *reader, const struct header *header)
{
    str_id comm = profile_intern(reader->profile, header->comm.text, header->comm.length);
    struct label_set labels = {.process = process_name(reader, header, comm),
                               .thread = comm,
                               .pid = header->pid,
                               .tid = header->tid};

    return profile_labels(reader->profile, &labels);
}

/* NULL when there are too many. */
static struct event *event_named(struct reader *reader, str_id name)
{
    struct event *event = reader->events;
    char column[256];

    for (size_t i = 0; i < reader->event_count; i++)
        if (event[i].name == name)
            return &event[i];
    if (reader->event_count == EVENTS_MAX)
        return NULL;
    event += reader->event_count;
    *event = (struct event){.name = name, .period = -1};
    if (!reader->event_count)
        snprintf(column, sizeof(column), "samples");
    else
        snprintf(column, sizeof(column), "samples:%s", profile_string(reader->profile, name));
    event->samples = profile_value_type(reader->profile, column, "count");
    if (!reader->event_count)
        profile_info(reader->profile)->event = name;
    reader->event_count++;
    return event;
}

static bool is_clock(const char *event)
{
    return !strncmp(event, "cpu-clock", 9) || !strncmp(event, "task-clock", 10);
}

/* Periods of a clock are nanoseconds; those of other events count the event. */
static int period_type(struct reader *reader, struct event *event, uint64_t period)
{
    const char *name = profile_string(reader->profile, event->name);

    if (event->period < 0 && is_clock(name))
        event->period = profile_value_type(reader->profile, "cpu", "nanoseconds");
    else if (event->period < 0 && period > 1)
        event->period = profile_value_type(reader->profile, *name ? name : "event", "count");
    return event->period;
}

static void odd_line(struct reader *reader)
{
    if (!reader->odd_lines++)
        reader->first_odd = reader->lines.number;
}

static void end_sample(struct reader *reader)
{
    const struct header *header = &reader->header;
    struct event *event;
    uint64_t values[PROFILE_VALUES_MAX];
    stack_id stack;

    if (!reader->in_sample)
        return;
    reader->in_sample = false;
    if (!reader->depth && !header->timed && !header->has_event) { /* just a word and a number */
        odd_line(reader);
        return;
    }
    event = event_named(reader, reader->event);
    if (!event) {
        reader->other_events++;
        return;
    }
    for (size_t i = 0; i < PROFILE_VALUES_MAX; i++)
        values[i] = NOT_MEASURED;
    values[event->samples] = 1;
    if (header->has_period && period_type(reader, event, header->period) >= 0)
        values[event->period] = header->period;
    if (reader->has_inlined)
        place_inlined(reader);
    stack = profile_add_at(reader->profile, stack_node(reader), reader->labels, values);
    if (header->timed)
        profile_add_moment(reader->profile, header->time_ns, stack);
    reader->period_varies |= event->count && reader->period != header->period;
    reader->period = header->period;
    event->count++;
    reader->samples++;
}

static void begin_sample(struct reader *reader, const struct header *header)
{
    end_sample(reader);
    reader->in_sample = true;
    reader->header = *header;
    reader->labels = labels_of(reader, header);
    reader->event = profile_intern(reader->profile, header->event.text, header->event.length);
    reader->depth = 0;
    reader->cut = false;
    /* Without a callchain perf puts the address into the same line. */
    if (header->rest.length && header->rest.text[header->rest.length - 1] == ')')
        take_frame(reader, header->rest.text, header->rest.length);
}

/* Frames begin with a tab, or with the blanks that somebody made of it. */
static void read_indented(struct reader *reader, const char *text, size_t length)
{
    bool tab = text[0] == '\t';
    struct header header;

    while (length && is_space(*text)) {
        text++;
        length--;
    }
    if (!length) {
        end_sample(reader);
        return;
    }
    if (!tab && parse_header(&header, text, length) && header.timed) {
        begin_sample(reader, &header); /* perf pads names in front */
        return;
    }
    if (!reader->in_sample) { /* perf script -F ip,sym */
        header = empty_header;
        begin_sample(reader, &header);
    }
    if (!take_frame(reader, text, length) && !take_source_line(reader, text, length))
        odd_line(reader);
}

static void read_line(struct reader *reader, const char *text, size_t length)
{
    struct header header;

    if (!length)
        end_sample(reader);
    else if (is_space(*text))
        read_indented(reader, text, length);
    else if (*text == '#' && !reader->in_sample)
        return;
    else if (parse_header(&header, text, length))
        begin_sample(reader, &header);
    else
        odd_line(reader);
}

/* ---- the whole ---- */

static void say_events(struct reader *reader)
{
    char list[700] = "";
    size_t end = 0;

    if (reader->event_count < 2)
        return;
    for (size_t i = 0; i < reader->event_count && end < sizeof(list); i++)
        end += (size_t)snprintf(
            list + end, sizeof(list) - end, "%s%s (%" PRIu64 ")", i ? ", " : "",
            profile_string(reader->profile, reader->events[i].name), reader->events[i].count);
    profile_note(
        reader->profile,
        "%s: samples of %zu events: %s; the first is shown, --value samples:EVENT shows "
        "another",
        reader->name, reader->event_count, list);
}

static void say_what_was_lost(struct reader *reader)
{
    say_events(reader);
    if (reader->odd_lines)
        profile_note(reader->profile,
                     "%s: %" PRIu64
                     " lines are neither samples nor frames and were left out, the "
                     "first is line %" PRIu64,
                     reader->name, reader->odd_lines, reader->first_odd);
    if (reader->other_events)
        profile_note(reader->profile,
                     "%s: %" PRIu64 " samples of more than %d events were left out",
                     reader->name, reader->other_events, EVENTS_MAX);
    note_cut_stacks(reader->profile, reader->name, reader->too_deep);
}

static int read_lines(struct reader *reader, struct error *err)
{
    const char *text;
    size_t length;
    int got;

    while ((got = lines_next(&reader->lines, &text, &length, err)) > 0)
        read_line(reader, text, length);
    end_sample(reader);
    return got;
}

static int perfscript_read(struct source *source, struct profile *profile, struct error *err)
{
    struct reader reader = {.profile = profile,
                            .lines = {.source = source},
                            .name = source_name(source),
                            .texts = {strings_new(), strings_new()}};
    int failed = read_lines(&reader, err);

    if (!failed) {
        if (!reader.period_varies)
            profile_info(profile)->period = reader.period;
        say_what_was_lost(&reader);
    }
    for (int i = 0; i < 2; i++) {
        strings_free(reader.texts[i]);
        free(reader.frames_of[i]);
    }
    free(reader.stack);
    free(reader.shared);
    map_free(&reader.process_names);
    return failed;
}

/* The first line that is no comment decides. */
static bool looks_like_sample(const char *text, size_t length, const char *after, size_t left)
{
    struct header header;
    size_t at = 0;

    while (at < length && is_space(text[at]))
        at++;
    if (at < length && text[0] == '\t' && length - at > 8) {
        size_t address = hex_length(text + at, length - at);

        return address >= 4 && at + address < length && text[at + address] == ' ';
    }
    if (!parse_header(&header, text, length))
        return false;
    if (header.timed)
        return header.has_event || (left && is_space(*after));
    return (header.has_event || header.tid) && left && *after == '\t';
}

static bool perfscript_recognize(const uint8_t *head, size_t size)
{
    const char *text = (const char *)head, *end = text + size;

    if (memchr(head, 0, size))
        return false;
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *after = newline ? newline + 1 : end;
        size_t length = (size_t)((newline ? newline : end) - text);

        if (length && text[length - 1] == '\r')
            length--;
        if (length && *text != '#')
            return looks_like_sample(text, length, after, (size_t)(end - after));
        if (length > 10 && !memcmp(text, "# captured ", 11))
            return true;
        text = after;
    }
    return false;
}

const struct format perfscript_format = {
    .name = "perfscript",
    .suffix = ".perf.txt",
    .summary = "what perf script prints",
    .recognize = perfscript_recognize,
    .read = perfscript_read,
};
