#include "report/document.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

enum { FACT_COLUMNS = 14, SENTENCE_WIDTH = 100, GAP = 2 };

static size_t sentence_width(const struct document *document)
{
    return document->style.width == SIZE_MAX ? SENTENCE_WIDTH : document->style.width;
}

/* Markdown: what would begin an emphasis, a link, a tag or a cell. */
static void put_escaped(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("\\`*_[]<>|#&~", *text))
            fputc('\\', out);
        fputc(*text, out);
    }
}

void document_heading(struct document *document, const char *title, const char *of_what)
{
    FILE *out = document->out;

    if (document->begun)
        fputc('\n', out);
    document->begun = true;
    if (document->markdown) {
        fputs("### ", out);
        put_escaped(out, title);
        fputs("\n\n", out);
        if (*of_what)
            fprintf(out, "%s\n\n", of_what);
        return;
    }
    layout_look(out, &document->style, LAYOUT_BOLD);
    fputs(title, out);
    layout_look(out, &document->style, LAYOUT_PLAIN);
    if (*of_what)
        fprintf(out, ": %s", of_what);
    fputc('\n', out);
}

void document_plain(struct document *document, const char *text)
{
    if (document->markdown)
        put_escaped(document->out, text);
    else
        fputs(text, document->out);
}

void document_code(struct document *document, const char *text, size_t length)
{
    FILE *out = document->out;
    bool doubled;

    if (!document->markdown) {
        fwrite(text, 1, length, out);
        return;
    }
    doubled = memchr(text, '`', length) != NULL;
    fputs(doubled ? "`` " : "`", out);
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '|' && document->in_table) /* cells are split before code is seen */
            fputc('\\', out);
        /* A run of backticks as long as the fence would end it. */
        if (i && text[i] == '`' && text[i - 1] == '`')
            fputc(' ', out);
        fputc(text[i], out);
    }
    fputs(doubled ? " ``" : "`", out);
}

static size_t columns_of(const char *text)
{
    return layout_columns(text, strlen(text));
}

void document_fact(struct document *document, const char *name, const char *text)
{
    FILE *out = document->out;

    if (!*text)
        return;
    if (document->markdown) {
        fprintf(out, "- %s: ", name);
        put_escaped(out, text);
        fputc('\n', out);
    } else {
        size_t columns = columns_of(name);

        /* A long name pushes its text on. */
        fprintf(out, "  %s%*s", name,
                columns + GAP > FACT_COLUMNS ? GAP : (int)(FACT_COLUMNS - columns), "");
        layout_put_words(out, text, FACT_COLUMNS + GAP, sentence_width(document));
    }
    document->begun = true;
}

void document_paragraph(struct document *document, const char *text)
{
    if (document->markdown) {
        put_escaped(document->out, text);
        fputs("\n", document->out);
    } else {
        fputs("  ", document->out);
        layout_put_words(document->out, text, GAP, sentence_width(document));
    }
}

void document_item(struct document *document, const char *text)
{
    fputs(document->markdown ? "- " : "  ", document->out);
    if (document->markdown) {
        put_escaped(document->out, text);
        fputc('\n', document->out);
    } else {
        layout_put_words(document->out, text, GAP, sentence_width(document));
    }
}

/* ---- tables ---- */

void table_column(struct table *table, const char *heading, enum table_align align, size_t most)
{
    table->columns[table->column_count++] =
        (struct table_column){.heading = heading, .align = align, .most = most};
}

void table_droppable_column(struct table *table, const char *heading, enum table_align align,
                            size_t most)
{
    table_column(table, heading, align, most);
    table->columns[table->column_count - 1].droppable = true;
}

void table_cell(struct table *table, const char *text)
{
    table->cells =
        xgrow(table->cells, &table->room, table->cell_count + 1, sizeof(*table->cells));
    table->cells[table->cell_count++] = xstrdup(text);
}

enum { LAST_COLUMNS = 24 /* at least for the last column, before others are dropped */ };

static size_t wanted_width(const struct table *table, size_t column)
{
    size_t width = columns_of(table->columns[column].heading);

    for (size_t i = column; i < table->cell_count; i += table->column_count) {
        size_t wanted = columns_of(table->cells[i]);

        if (wanted > width)
            width = wanted;
    }
    if (table->columns[column].most && width > table->columns[column].most)
        width = table->columns[column].most;
    return width;
}

/* Of all but the last column, gaps included. */
static size_t sum_of(const struct table *table, const size_t *widths)
{
    size_t sum = GAP;

    for (size_t c = 0; c + 1 < table->column_count; c++)
        sum += widths[c] ? widths[c] + GAP : 0;
    return sum;
}

/* A width of 0 leaves the column out. */
static void measure(const struct table *table, size_t width, size_t *widths)
{
    size_t last = table->column_count - 1, sum, least;

    for (size_t c = 0; c <= last; c++)
        widths[c] = wanted_width(table, c);
    least = widths[last] < LAST_COLUMNS ? widths[last] : LAST_COLUMNS;
    for (size_t c = last; c-- > 0 && sum_of(table, widths) + least > width;)
        if (table->columns[c].droppable)
            widths[c] = 0;
    sum = sum_of(table, widths);
    if (sum + widths[last] > width)
        widths[last] = width > sum ? width - sum : 1;
}

static void put_row(const struct table *table, struct document *document, char *const *cells,
                    const size_t *widths)
{
    FILE *out = document->out;

    for (size_t c = 0; c < table->column_count; c++) {
        const char *text = cells ? cells[c] : table->columns[c].heading;
        size_t wide = columns_of(text), pad = widths[c] > wide ? widths[c] - wide : 0;

        if (!widths[c])
            continue;
        fprintf(out, "%*s", GAP, "");
        if (table->columns[c].align == TABLE_RIGHT)
            fprintf(out, "%*s", (int)pad, "");
        if (table->columns[c].align == TABLE_CODE)
            layout_put_name(out, text, strlen(text), widths[c]);
        else
            layout_put_short(out, text, strlen(text), widths[c]);
        if (table->columns[c].align != TABLE_RIGHT && c + 1 < table->column_count)
            fprintf(out, "%*s", (int)pad, "");
    }
    fputc('\n', out);
}

static void put_text(const struct table *table, struct document *document)
{
    size_t widths[TABLE_COLUMNS];

    measure(table, document->style.width, widths);
    layout_look(document->out, &document->style, LAYOUT_DIM);
    put_row(table, document, NULL, widths);
    layout_look(document->out, &document->style, LAYOUT_PLAIN);
    for (size_t i = 0; i < table->cell_count; i += table->column_count)
        put_row(table, document, table->cells + i, widths);
}

static void put_markdown(const struct table *table, struct document *document)
{
    FILE *out = document->out;

    for (size_t c = 0; c < table->column_count; c++)
        fprintf(out, "| %s ", table->columns[c].heading);
    fputs("|\n", out);
    for (size_t c = 0; c < table->column_count; c++)
        fputs(table->columns[c].align == TABLE_RIGHT ? "|---:" : "|:---", out);
    fputs("|\n", out);
    for (size_t i = 0; i < table->cell_count; i++) {
        size_t c = i % table->column_count;

        fputs("| ", out);
        if (table->columns[c].align == TABLE_CODE && *table->cells[i])
            document_code(document, table->cells[i], strlen(table->cells[i]));
        else
            document_plain(document, table->cells[i]);
        fputs(c + 1 == table->column_count ? " |\n" : " ", out);
    }
}

void table_end(struct table *table, struct document *document)
{
    if (document->markdown && table->drawn) {
        fputs("```\n", document->out);
        put_text(table, document);
        fputs("```\n", document->out);
    } else if (document->markdown) {
        document->in_table = true;
        put_markdown(table, document);
        document->in_table = false;
    } else {
        put_text(table, document);
    }
    for (size_t i = 0; i < table->cell_count; i++)
        free(table->cells[i]);
    free(table->cells);
    *table = (struct table){0};
}
