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

/* `why` is set when it is not to be used. */
static bool try_path(struct debug_file *file, const struct root *root, const char *path,
                     const struct expectation *expected, const char **why)
{
    *file = (struct debug_file){.fd = root_open_file(root, path)};
    if (file->fd < 0) {
        *why = errno == ENOENT || errno == ENOTDIR ? "not there" : strerror(errno);
        return false;
    }
    *why = "no ELF file";
    if (!image_open(&file->image, file->fd, path, NULL))
        *why = has_more_than_program(file->image) ? mismatch(file, expected)
                                                  : "holds neither symbols nor DWARF";
    if (*why) {
        debug_file_close(file);
        return false;
    }
    file->path = xstrdup(path);
    return true;
}

static bool try_and_tell(struct debug_file *file, const struct root *root, char *path,
                         const struct expectation *expected,
                         const struct debug_file_search *search)
{
    const char *why;
    bool found = try_path(file, root, path, expected, &why);

    if (search->tried)
        search->tried(path, found ? NULL : why, search->data);
    free(path);
    return found;
}

static const char usual_directory[] = "/usr/lib/debug";

static bool find_in_directory(struct debug_file *file, const struct root *root,
                              const char *directory, const char *hex,
                              const struct expectation *expected,
                              const struct debug_file_search *search)
{
    return try_and_tell(file, root,
                        xasprintf("%s/.build-id/%.2s/%s.debug", directory, hex, hex + 2),
                        expected, search);
}

static bool find_by_build_id(struct debug_file *file, const struct expectation *expected,
                             const struct debug_file_search *search)
{
    char hex[2 * sizeof(expected->build_id->bytes) + 1];

    if (expected->build_id->size < 2)
        return false;
    build_id_hex(expected->build_id, hex);
    return (search->directory &&
            find_in_directory(file, NULL, search->directory, hex, expected, search)) ||
           (search->root &&
            find_in_directory(file, search->root, usual_directory, hex, expected, search)) ||
           find_in_directory(file, NULL, usual_directory, hex, expected, search);
}

/* `directory` is the program's. */
static bool find_beside(struct debug_file *file, const struct root *root, const char *directory,
                        const char *name, const struct expectation *expected,
                        const struct debug_file_search *search)
{
    return try_and_tell(file, root, xasprintf("%s/%s", directory, name), expected, search) ||
           try_and_tell(file, root, xasprintf("%s/.debug/%s", directory, name), expected,
                        search) ||
           (!root && search->directory &&
            try_and_tell(file, root, xasprintf("%s%s/%s", search->directory, directory, name),
                         expected, search)) ||
           try_and_tell(file, root, xasprintf("%s%s/%s", usual_directory, directory, name),
                        expected, search);
}

static bool find_by_link(struct debug_file *file, const char *name,
                         const struct expectation *expected,
                         const struct debug_file_search *search)
{
    const char *slash = search->program_path ? strrchr(search->program_path, '/') : NULL;
    char *directory;
    bool found;

    if (!slash)
        return false;
    directory = xstrndup(search->program_path, (size_t)(slash - search->program_path));
    found =
        (search->root && find_beside(file, search->root, directory, name, expected, search)) ||
        find_beside(file, NULL, directory, name, expected, search);
    free(directory);
    return found;
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
    const char *name;

    *file = (struct debug_file){.fd = -1};
    if (find_by_build_id(file, &expected, search))
        return true;
    name = debug_file_link(program, &expected.crc);
    expected.has_crc = name != NULL;
    return name && find_by_link(file, name, &expected, search);
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
    if (path && search->root &&
        try_and_tell(file, search->root, xstrdup(path), &expected, search)) {
        free(path);
        return true;
    }
    return (path && try_and_tell(file, NULL, path, &expected, search)) ||
           find_by_build_id(file, &expected, search);
}

void debug_file_close(struct debug_file *file)
{
    image_close(file->image);
    if (file->fd >= 0)
        close(file->fd);
    free(file->path);
    *file = (struct debug_file){.fd = -1};
}
