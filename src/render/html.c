/*
 * A page to explore a profile with.
 *
 * The page (page/) is the same for every profile, so that its script and style can be allowed
 * by their hashes; what differs is the title, the data, and a short table for browsers that
 * run no script.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/markup.h"
#include "base/xalloc.h"
#include "render/embedded.h"
#include "render/facts.h"
#include "render/html_data.h"
#include "render/render.h"

enum { FALLBACK_ROWS = 50 };

/* What tools/embed-page.py leaves in the page for us. */
enum { PLACE_TITLE = 1, PLACE_FALLBACK = 2, PLACE_DATA = 3 };

struct html {
    struct markup markup;
    const struct view *view;
    const struct render_options *options;
};

static void put_text(struct html *html, const char *text)
{
    markup_text(&html->markup, text, strlen(text));
}

static void put_cell(struct html *html, const char *text, size_t length)
{
    markup_raw(&html->markup, "<td>");
    markup_text(&html->markup, text, length);
    markup_raw(&html->markup, "</td>");
}

static void put_weight(struct html *html, uint64_t weight, uint64_t whole)
{
    char text[64], share[32];

    weight_text(html->view, weight, text, sizeof(text));
    snprintf(share, sizeof(share), " (%.1f %%)",
             whole ? 100.0 * (double)weight / (double)whole : 0);
    markup_raw(&html->markup, "<td>");
    put_text(html, text);
    put_text(html, share);
    markup_raw(&html->markup, "</td>");
}

static void put_top(struct html *html)
{
    const struct profile *profile = view_profile(html->view);
    size_t value = view_settings(html->view)->value, types;
    struct top_entry *entries = NULL;
    size_t count = 0;
    uint64_t whole = 0;

    profile_value_types(profile, &types);
    if (types) {
        count = profile_top(profile, value, &entries);
        whole = profile_total(profile, value);
    }
    markup_raw(&html->markup, "<table><tr><th scope=\"col\">Self</th><th scope=\"col\">Total"
                              "</th><th scope=\"col\">Function</th></tr>\n");
    for (size_t i = 0; i < count && i < FALLBACK_ROWS; i++) {
        markup_raw(&html->markup, "<tr>");
        put_weight(html, entries[i].self, whole);
        put_weight(html, entries[i].total, whole);
        put_cell(html, profile_string(profile, entries[i].function),
                 profile_string_length(profile, entries[i].function));
        markup_raw(&html->markup, "</tr>\n");
    }
    markup_raw(&html->markup, "</table>");
    free(entries);
}

/* For browsers without script: what was measured, and the functions with most self. */
static void put_fallback(struct html *html)
{
    struct fact facts[FACTS_MAX];
    size_t count = render_facts(html->view, facts);

    markup_raw(&html->markup, "<p>The graphs on this page are drawn by a script, which this "
                              "browser does not run.  These are the functions that most "
                              "samples were in.</p>\n<ul>");
    for (size_t i = 0; i < count; i++) {
        markup_raw(&html->markup, "<li>");
        put_text(html, facts[i].name);
        markup_raw(&html->markup, ": ");
        put_text(html, facts[i].value);
        markup_raw(&html->markup, "</li>");
    }
    markup_raw(&html->markup, "</ul>\n");
    put_top(html);
}

static void put_place(struct html *html, unsigned char place)
{
    switch (place) {
    case PLACE_TITLE:
        put_text(html, render_title(html->view, html->options));
        break;
    case PLACE_FALLBACK:
        put_fallback(html);
        break;
    case PLACE_DATA:
    default:
        html_data_write(html->view, html->options, &html->markup);
        break;
    }
}

int render_html(const struct view *view, const struct render_options *options, FILE *out,
                struct error *err)
{
    struct html *html = xcalloc(1, sizeof(*html));
    size_t from = 0;

    (void)err;
    html->markup.out = out;
    html->view = view;
    html->options = options;
    for (size_t i = 0; i < render_page_size; i++)
        if (render_page[i] >= PLACE_TITLE && render_page[i] <= PLACE_DATA) {
            markup_bytes(&html->markup, (const char *)render_page + from, i - from);
            put_place(html, render_page[i]);
            from = i + 1;
        }
    markup_bytes(&html->markup, (const char *)render_page + from, render_page_size - from);
    markup_flush(&html->markup);
    free(html);
    return 0;
}
