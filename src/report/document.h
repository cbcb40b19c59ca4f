#ifndef FIQ_REPORT_DOCUMENT_H
#define FIQ_REPORT_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "report/layout.h"
#include "report/report.h"

/* Headings, facts, tables and lists, as plain text for a terminal or as Markdown. */
struct document {
    FILE *out;
    struct report_style style;
    bool markdown;
    bool in_table;
    bool begun; /* something stands above: a blank line belongs before the next heading */
};

/* "Functions" and, less prominent, "% of 496 samples". */
void document_heading(struct document *document, const char *title, const char *of_what);

/* "samples    496 of cpu-clock".  Empty texts are left out. */
void document_fact(struct document *document, const char *name, const char *text);

void document_paragraph(struct document *document, const char *text);
void document_item(struct document *document, const char *text); /* of a list without numbers */

/* Text of any source in Markdown: as code, or with its special characters escaped. */
void document_code(struct document *document, const char *text, size_t length);
void document_plain(struct document *document, const char *text);

/* ---- tables ---- */

enum { TABLE_COLUMNS = 16 };

enum table_align { TABLE_RIGHT, TABLE_LEFT, TABLE_CODE /* a name; left */ };

struct table_column {
    const char *heading;
    enum table_align align;
    size_t most;    /* columns, 0: as wide as needed.  Of the last: what the line leaves. */
    bool droppable; /* left out where the line is too narrow for all; the last one first */
};

struct table {
    struct table_column columns[TABLE_COLUMNS];
    size_t column_count;
    bool drawn;   /* spaces mean something: Markdown keeps them */
    char **cells; /* row after row */
    size_t cell_count, room;
};

void table_column(struct table *table, const char *heading, enum table_align align,
                  size_t most);
void table_droppable_column(struct table *table, const char *heading, enum table_align align,
                            size_t most);
void table_cell(struct table *table, const char *text); /* copied */
/* Writes all rows and frees them. */
void table_end(struct table *table, struct document *document);

#endif
