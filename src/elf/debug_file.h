#ifndef FIQ_ELF_DEBUG_FILE_H
#define FIQ_ELF_DEBUG_FILE_H

#include "base/root.h"
#include "elf/image.h"

/*
 * The separate file with what was stripped from a program: found by build ID in the
 * directories for debug files, or by the name in .gnu_debuglink.  What is found is checked: by
 * build ID, or by the CRC of the link.  A file that does not fit is not used.
 */
struct debug_file {
    struct image *image; /* NULL: none */
    int fd;
    char *path;
};

/* Is told of each place that was looked at: `outcome` is NULL for the one that fits, else why
 * not ("not there", "another build ID"). */
typedef void debug_file_tried(const char *path, const char *outcome, void *data);

/* Where the program ran under another root than ours, each place is looked at there first:
 * containers bring their own /usr/lib/debug, and paths in the program are theirs. */
struct debug_file_search {
    const char *directory;    /* of ours, before /usr/lib/debug, or NULL */
    const char *program_path; /* where the program lies, for links beside it; or NULL */
    const struct root *root;  /* that the program's path counts from; NULL is ours */
    debug_file_tried *tried;  /* or NULL */
    void *data;
};

/* Whether the file behind the descriptor is the one that is looked for: NULL, and the
 * descriptor is the callee's from now on; or why not, for `tried`. */
typedef const char *debug_file_judge(int fd, const char *path, void *data);
/* Looks at one place below a root (NULL: ours) and tells `tried`. */
bool debug_file_look(const struct debug_file_search *search, const struct root *root,
                     const char *path, debug_file_judge *judge, void *data);
/* The same below the program's root, and then below ours. */
bool debug_file_look_inside(const struct debug_file_search *search, const char *path,
                            debug_file_judge *judge, void *data);

/* False when there is none. */
bool debug_file_find(struct debug_file *file, struct image *program,
                     const struct debug_file_search *search);
/* The common file that dwz made for several debug files, named in .gnu_debugaltlink of `image`;
 * `image_path` is where that lies. */
bool debug_file_find_common(struct debug_file *file, struct image *image,
                            const char *image_path, const struct debug_file_search *search);
void debug_file_close(struct debug_file *file);

/* The name in .gnu_debuglink and its CRC; NULL when there is no link. */
const char *debug_file_link(struct image *program, uint32_t *crc);

/* Lower-case hex of a build ID; `text` holds 41 bytes. */
void build_id_hex(const struct build_id *id, char *text);

#endif
