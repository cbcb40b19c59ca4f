#include "elf/debug_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/cursor.h"
#include "base/xalloc.h"

enum { LINK_SECTION_MAX = 8192 };

/* How the file is known to be the right one. */
struct expectation {
    const struct build_id *build_id; /* size 0: by CRC */
    uint32_t crc;
    bool has_crc;
};

void build_id_hex(const struct build_id *id, char *text)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < id->size; i++) {
        *text++ = digits[id->bytes[i] >> 4];
        *text++ = digits[id->bytes[i] & 15];
    }
    *text = 0;
}

static bool file_crc(int fd, uint32_t *crc)
{
    enum { CHUNK = 1 << 18 };
    uint8_t *chunk = xalloc(CHUNK);
    uLong sum = crc32(0, NULL, 0);
    off_t at = 0;
    ssize_t got;

    while ((got = pread(fd, chunk, CHUNK, at)) > 0) {
        sum = crc32(sum, chunk, (uInt)got);
        at += got;
    }
    free(chunk);
    *crc = (uint32_t)sum;
    return got == 0;
}

/* NULL when it fits, else why not. */
static const char *mismatch(const struct debug_file *file, const struct expectation *expected)
{
    const struct build_id *id = image_build_id(file->image);
    uint32_t crc;

    if (expected->build_id->size && id->size)
        return build_id_same(id, expected->build_id) ? NULL : "another build ID";
    if (!expected->has_crc)
        return "no build ID";
    if (!file_crc(file->fd, &crc))
        return "cannot be read";
    return crc == expected->crc ? NULL : "another checksum than .gnu_debuglink says";
}

/* A link may lead back to the stripped program itself, which has the same build ID. */
static bool has_more_than_program(struct image *image)
{
    return image_has_section(image, ".symtab") || image_has_section(image, ".debug_info") ||
           image_has_section(image, ".zdebug_info");
}

bool debug_file_look(const struct debug_file_search *search, const struct root *root,
                     const char *path, debug_file_judge *judge, void *data)
{
    int fd = root_open_file(root, path);
    const char *why;

    if (fd >= 0)
        why = judge(fd, path, data);
    else
        why = errno == ENOENT || errno == ENOTDIR ? "not there" : strerror(errno);
    if (search->tried)
        search->tried(path, why, search->data);
    if (why && fd >= 0)
        close(fd);
    return !why;
}

bool debug_file_look_inside(const struct debug_file_search *search, const char *path,
                            debug_file_judge *judge, void *data)
{
    return (search->root && debug_file_look(search, search->root, path, judge, data)) ||
           debug_file_look(search, NULL, path, judge, data);
}

/* What is being looked for. */
struct quest {
    struct debug_file *file; /* to be filled */
    const struct expectation *expected;
    const struct debug_file_search *search;
};

static const char *judge_debug_file(int fd, const char *path, void *data)
{
    const struct quest *quest = data;
    struct debug_file file = {.fd = fd};
    const char *why;

    if (image_open(&file.image, fd, path, NULL))
        return "no ELF file";
    why = has_more_than_program(file.image) ? mismatch(&file, quest->expected)
                                            : "holds neither symbols nor DWARF";
    if (why) {
        image_close(file.image);
        return why;
    }
    file.path = xstrdup(path);
    *quest->file = file;
    return NULL;
}

/* `path` is freed. */
static bool try_place(struct quest *quest, char *path)
{
    bool found = debug_file_look_inside(quest->search, path, judge_debug_file, quest);

    free(path);
    return found;
}

/* In a directory that the user named, which is one of ours. */
static bool try_ours(struct quest *quest, char *path)
{
    bool found = debug_file_look(quest->search, NULL, path, judge_debug_file, quest);

    free(path);
    return found;
}

static const char usual_directory[] = "/usr/lib/debug";

static char *path_of_id(const char *directory, const char *hex)
{
    return xasprintf("%s/.build-id/%.2s/%s.debug", directory, hex, hex + 2);
}

static bool find_by_build_id(struct quest *quest)
{
    const struct build_id *id = quest->expected->build_id;
    const char *ours = quest->search->directory;
    char hex[2 * sizeof(id->bytes) + 1];

    if (id->size < 2)
        return false;
    build_id_hex(id, hex);
    return (ours && try_ours(quest, path_of_id(ours, hex))) ||
           try_place(quest, path_of_id(usual_directory, hex));
}

static bool find_by_link(struct quest *quest, const char *name)
{
    const char *program = quest->search->program_path;
    const char *ours = quest->search->directory;
    const char *slash = program ? strrchr(program, '/') : NULL;
    int length; /* of the program's directory */

    if (!slash)
        return false;
    length = (int)(slash - program);
    return try_place(quest, xasprintf("%.*s/%s", length, program, name)) ||
           try_place(quest, xasprintf("%.*s/.debug/%s", length, program, name)) ||
           (ours && try_ours(quest, xasprintf("%s%.*s/%s", ours, length, program, name))) ||
           try_place(quest, xasprintf("%s%.*s/%s", usual_directory, length, program, name));
}

const char *debug_file_link(struct image *program, uint32_t *crc)
{
    struct section section;
    struct cursor cursor;
    const char *name;
    size_t length;

    if (!image_section(program, ".gnu_debuglink", LINK_SECTION_MAX, &section))
        return NULL;
    cursor = cursor_over(section.bytes, section.size);
    name = cursor_string(&cursor);
    length = strlen(name) + 1;
    cursor_skip(&cursor, (4 - length % 4) % 4);
    *crc = cursor_u32(&cursor);
    /* A name, not a path: it must not lead elsewhere. */
    if (cursor.failed || !*name || strchr(name, '/'))
        return NULL;
    return name;
}

bool debug_file_find(struct debug_file *file, struct image *program,
                     const struct debug_file_search *search)
{
    struct expectation expected = {.build_id = image_build_id(program)};
    struct quest quest = {.file = file, .expected = &expected, .search = search};
    const char *name;

    *file = (struct debug_file){.fd = -1};
    if (find_by_build_id(&quest))
        return true;
    name = debug_file_link(program, &expected.crc);
    expected.has_crc = name != NULL;
    return name && find_by_link(&quest, name);
}

/* The path that .gnu_debugaltlink names, which counts from where `image_path` lies. */
static char *common_path(const char *name, const char *image_path)
{
    const char *slash = image_path ? strrchr(image_path, '/') : NULL;

    if (*name == '/')
        return xstrdup(name);
    return slash ? xasprintf("%.*s/%s", (int)(slash - image_path), image_path, name) : NULL;
}

bool debug_file_find_common(struct debug_file *file, struct image *image,
                            const char *image_path, const struct debug_file_search *search)
{
    struct build_id id = {0};
    struct expectation expected = {.build_id = &id};
    struct quest quest = {.file = file, .expected = &expected, .search = search};
    struct section section;
    struct cursor cursor;
    const char *name;
    char *path;
    size_t size;

    *file = (struct debug_file){.fd = -1};
    if (!image_section(image, ".gnu_debugaltlink", LINK_SECTION_MAX, &section))
        return false;
    cursor = cursor_over(section.bytes, section.size);
    name = cursor_string(&cursor);
    size = cursor_left(&cursor);
    id.size = (uint8_t)(size < sizeof(id.bytes) ? size : sizeof(id.bytes));
    memcpy(id.bytes, cursor.at, id.size);
    if (cursor.failed || !*name || !id.size)
        return false;
    path = common_path(name, image_path);
    return (path && try_place(&quest, path)) || find_by_build_id(&quest);
}

void debug_file_close(struct debug_file *file)
{
    image_close(file->image);
    if (file->fd >= 0)
        close(file->fd);
    free(file->path);
    *file = (struct debug_file){.fd = -1};
}
