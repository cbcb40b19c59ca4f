#ifndef FIQ_SYMBOLIZE_DWARF_LINE_H
#define FIQ_SYMBOLIZE_DWARF_LINE_H

#include "symbolize/dwarf_file.h"

/*
 * The line table of one unit: which source line each address came from, for the addresses that
 * are wanted, in one run of its program.
 */
struct dwarf_line_file {
    const char *name;
    uint64_t directory;
    char *path; /* made when asked for */
};

struct dwarf_lines {
    struct dwarf_unit *unit;
    const char **directories;
    size_t directory_count, directory_room;
    struct dwarf_line_file *files;
    size_t file_count, file_room;
    uint16_t version;
    bool wide;
    uint8_t least_length, line_range, opcode_base;
    int8_t line_base;
    uint8_t operands[256];
    struct cursor program;
    bool good;
};

/* Which file and line; file 0 with line 0 when unknown. */
struct dwarf_row {
    uint32_t file, line;
    bool known;
};

/* Reads the header: files and directories.  dwarf_lines_close() in any case. */
bool dwarf_lines_open(struct dwarf_lines *lines, struct dwarf_unit *unit,
                      struct dwarf_budget *budget);
void dwarf_lines_close(struct dwarf_lines *lines);

/* Rows for sorted addresses. */
void dwarf_lines_find(struct dwarf_lines *lines, const uint64_t *addresses, size_t count,
                      struct dwarf_row *rows, struct dwarf_budget *budget);

/* The path of a file by its number, or NULL; good as long as the lines. */
const char *dwarf_lines_path(struct dwarf_lines *lines, uint64_t number);

#endif
