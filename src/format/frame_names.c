#include "format/frame_names.h"

#include <assert.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "format/facts.h"

enum { LINE = 64, ROOM = 16384, ROOM_MAX = ROOM << 4 };
static_assert(sizeof(struct kept_name) == LINE, "a line of the cache");

static void make_room(struct frame_names *names, uint32_t room)
{
    names->room = xcalloc((size_t)room + 1, LINE);
    names->kept = (void *)(((uintptr_t)names->room + LINE - 1) & ~(uintptr_t)(LINE - 1));
    names->mask = room - 1;
    names->count = 0;
}

void frame_names_begin(struct frame_names *names, struct profile *profile)
{
    *names = (struct frame_names){.profile = profile};
    make_room(names, ROOM);
}

void frame_names_end(struct frame_names *names)
{
    free(names->room);
    free(names->frame_of);
}

/* The first empty place for a name with that hash; one that is taken, each time another, when
 * there is none. */
static struct kept_name *place_for(struct frame_names *names, uint32_t hash)
{
    for (uint32_t i = 0; i < FRAME_NAME_PLACES; i++) {
        struct kept_name *kept = &names->kept[(hash + i) & names->mask];

        if (!kept->length) {
            names->count++;
            return kept;
        }
    }
    return &names->kept[(hash + names->driven_out++ % FRAME_NAME_PLACES) & names->mask];
}

static void grow(struct frame_names *names)
{
    struct kept_name *old = names->kept;
    uint32_t count = names->mask + 1;
    void *room = names->room;

    make_room(names, count * 2);
    for (uint32_t i = 0; i < count; i++)
        if (old[i].length)
            *place_for(names, old[i].hash) = old[i];
    free(room);
}

static void keep(struct frame_names *names, const struct frame_name *name, const char *text,
                 frame_id frame)
{
    struct kept_name *kept;

    if (names->count > names->mask / 2 && names->mask < ROOM_MAX - 1)
        grow(names);
    kept = place_for(names, name->hash);
    *kept = (struct kept_name){
        .text = text, .hash = name->hash, .length = (uint32_t)name->length, .frame = frame};
    memcpy(kept->start, text, name->length < FRAME_NAME_TEXT ? name->length : FRAME_NAME_TEXT);
}

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
static frame_id new_frame(struct profile *profile, str_id id, bool is_new)
{
    const char *text = profile_string(profile, id);
    size_t length = profile_string_length(profile, id), bare;
    struct frame frame = {.function = id, .kind = FRAME_NATIVE};

    bare = strip_annotations(text, length, &frame.kind);
    frame.unnamed = is_place(text, bare);
    if (bare == length && is_new)
        return profile_new_frame(profile, &frame);
    frame.function = profile_intern(profile, text, bare);
    return profile_frame(profile, &frame);
}

static frame_id frame_of_text(struct frame_names *names, str_id id, bool is_new)
{
    if (id >= names->frame_count) {
        names->frame_of =
            xgrow(names->frame_of, &names->frame_room, (size_t)id + 1, sizeof(uint32_t));
        while (names->frame_count < names->frame_room)
            names->frame_of[names->frame_count++] = UINT32_MAX;
    }
    if (names->frame_of[id] == UINT32_MAX)
        names->frame_of[id] = new_frame(names->profile, id, is_new);
    return names->frame_of[id];
}

frame_id frame_names_add(struct frame_names *names, const struct frame_name *name)
{
    struct profile *profile = names->profile;
    uint32_t known = strings_count(profile_strings(profile));
    frame_id frame;
    str_id id;

    if (frame_names_find(names, name, &frame))
        return frame;
    id = profile_intern(profile, name->text, name->length);
    frame = frame_of_text(names, id, id >= known);
    /* Only what is met again: names that occur once would drive out the others.  And not what
     * had to be cleaned. */
    if (id < known && profile_string_length(profile, id) == name->length)
        keep(names, name, profile_string(profile, id), frame);
    return frame;
}
