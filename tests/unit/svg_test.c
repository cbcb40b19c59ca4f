#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../random_profile.h"
#include "base/text.h"
#include "format/format.h"
#include "render/render.h"

static char *render(const struct profile *profile, const struct render_options *options)
{
    struct view_options shown = {.value = profile_default_value(profile),
                                 .narrowest = render_svg_narrowest(options)};
    struct view *view = view_new(profile, &shown);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct error err = {0};

    cr_assert(zero(int, render_svg(view, options, out, &err)));
    fclose(out);
    view_free(view);
    cr_assert(eq(sz, strlen(text), size), "no NUL");
    return text;
}

static char *render_folded(const char *folded, size_t length,
                           const struct render_options *options)
{
    struct source *source = source_over("test", folded, length);
    struct profile *profile = profile_new();
    struct error err = {0};
    char *text;

    cr_assert(zero(int, folded_format.read(source, profile, &err)), "%s", err.message);
    source_close(source);
    text = render(profile, options);
    profile_free(profile);
    return text;
}

/* A reader of XML that is strict about what we write: elements nest and are known, attributes
 * are quoted, entities are known, no forbidden character stands anywhere. */
struct checker {
    const char *at;
    char open[64][24];
    size_t depth;
    const char *wrong;
};

static void check_entity(struct checker *checker)
{
    static const char *const known[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};

    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (!strncmp(checker->at, known[i], strlen(known[i]))) {
            checker->at += strlen(known[i]);
            return;
        }
    checker->wrong = "entity";
}

static void check_tag(struct checker *checker)
{
    static const char known[] = " svg title metadata style g rect text script ", *at = NULL;
    char name[24] = "", padded[32];
    bool closes = checker->at[1] == '/';
    size_t length;

    at = checker->at + 1 + closes;
    length = strspn(at, "abcdefghijklmnopqrstuvwxyz");
    if (length >= sizeof(name)) {
        checker->wrong = "name";
        return;
    }
    memcpy(name, at, length);
    snprintf(padded, sizeof(padded), " %s ", name);
    if (!length || !strstr(known, padded))
        checker->wrong = "element";
    for (at += length; *at && *at != '>'; at++) {
        if (*at == '<')
            checker->wrong = "< in a tag";
        if (*at == '"') {
            at = strchr(at + 1, '"');
            if (!at) {
                checker->wrong = "quote";
                return;
            }
        }
    }
    if (closes && (!checker->depth || strcmp(checker->open[--checker->depth], name)))
        checker->wrong = "nesting";
    else if (!closes && at[-1] != '/')
        strcpy(checker->open[checker->depth++ & 63], name);
    checker->at = at + 1;
}

static const char *wrong_xml(const char *text)
{
    struct checker checker = {.at = text};

    if (!text_utf8(text, 1, &(uint32_t){0}))
        return "start";
    checker.at = strchr(text, '\n') + 1; /* behind the declaration */
    while (*checker.at && !checker.wrong) {
        uint32_t code;
        unsigned size = text_utf8(checker.at, strlen(checker.at), &code);

        if (!strncmp(checker.at, "<![CDATA[", 9)) {
            checker.at = strstr(checker.at, "]]>") + 3;
        } else if (*checker.at == '<') {
            check_tag(&checker);
        } else if (*checker.at == '&') {
            check_entity(&checker);
        } else {
            if (!size || (code < 32 && code != '\n' && code != '\t') ||
                (code >= 0x7f && code < 0xa0) || (code & 0xfffe) == 0xfffe ||
                (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069))
                checker.wrong = "character";
            if (!strncmp(checker.at, "]]>", 3))
                checker.wrong = "]]>";
            checker.at += size ? size : 1;
        }
    }
    return checker.wrong ? checker.wrong : checker.depth ? "open element" : NULL;
}

static void expect_sound(char *text, unsigned seed)
{
    const char *wrong = wrong_xml(text);

    cr_expect(zero(ptr, (void *)wrong), "seed %u: %s", seed, wrong ? wrong : "");
    free(text);
}

Test(svg, any_profile_gives_sound_xml)
{
    for (unsigned seed = 1; seed <= 60; seed++) {
        struct profile *profile = random_profile(seed, false);
        struct render_options options = {.palette = (enum palette)(seed % 5),
                                         .inverted = seed & 1,
                                         .no_script = seed & 2,
                                         .width = seed & 4 ? 300 : 0,
                                         .title = seed & 8 ? "<&>\"']]>" : NULL,
                                         .subtitle = seed & 16 ? "a b" : NULL};

        expect_sound(render(profile, &options), seed);
        profile_free(profile);
    }
}

/* Pieces of names that were made to break out of where they stand. */
static size_t hostile_line(struct random_source *random, char *line)
{
    static const char *const pieces[] = {"<script>alert(1)</script>",
                                         "]]>",
                                         "<![CDATA[",
                                         "-->",
                                         "<!--",
                                         "\"",
                                         "'",
                                         "&",
                                         "&amp;",
                                         "&#0;",
                                         "<",
                                         ">",
                                         "\xe2\x80\xae",
                                         "\xe2\x81\xa6",
                                         "\xff",
                                         "\xc3",
                                         "\x01",
                                         "\x7f",
                                         "\xc2\x85",
                                         "\xef\xbf\xbf",
                                         "\xed\xa0\x80",
                                         "\xf0\x9f\x98\x80",
                                         "</title>",
                                         "</metadata>",
                                         "\" onload=\"x",
                                         "%s",
                                         "a",
                                         "name",
                                         " ",
                                         ";",
                                         "\t"};
    size_t length = 0, count = 1 + random_below(random, 12);

    for (size_t i = 0; i < count; i++) {
        const char *piece = pieces[random_below(random, sizeof(pieces) / sizeof(*pieces))];

        length += (size_t)sprintf(line + length, "%s", piece);
    }
    return length + (size_t)sprintf(line + length, "x 7\n");
}

Test(svg, hostile_names_are_inert)
{
    char folded[8192];

    for (unsigned seed = 1; seed <= 300; seed++) {
        struct random_source random = {seed << 20};
        size_t length = (size_t)sprintf(folded, "main;x 1\n");

        for (int i = 0; i < 8; i++)
            length += hostile_line(&random, folded + length);
        expect_sound(
            render_folded(folded, length, &(struct render_options){.no_script = seed & 1}),
            seed);
    }
}

Test(svg, a_long_name_stays_whole_where_it_is_shown_in_full)
{
    size_t length = 65536;
    char *folded = malloc(length + 16), *name = malloc(length + 1), *text;

    memset(name, 'n', length);
    name[length] = '\0';
    sprintf(folded, "%s 3\n", name);
    text = render_folded(folded, strlen(folded), &(struct render_options){0});

    cr_expect(ne(ptr, strstr(text, name), NULL));
    expect_sound(text, 0);
    free(folded);
    free(name);
}

Test(svg, tooltips_say_samples_and_share)
{
    const char folded[] = "main;a 30\nmain;b 10\n";
    char *text =
        render_folded(folded, strlen(folded), &(struct render_options){.no_script = true});

    cr_expect(ne(ptr, strstr(text, "<title>all (40 samples, 100.00 %)</title>"), NULL));
    cr_expect(ne(ptr, strstr(text, "<title>a (30 samples, 75.00 %)</title>"), NULL));
    cr_expect(ne(ptr, strstr(text, "<title>b (10 samples, 25.00 %)</title>"), NULL));
    cr_expect(zero(ptr, strstr(text, "<script")));
    free(text);
}

Test(svg, what_is_left_out_is_said)
{
    char folded[64];
    char *text;

    sprintf(folded, "main;a 99999\nmain;b 1\n");
    text = render_folded(folded, strlen(folded), &(struct render_options){0});

    cr_expect(
        ne(ptr,
           strstr(text, "1 frame narrower than 0.1 px is left out; it lies on 0.001 % of all"),
           NULL));
    free(text);
}

Test(svg, nothing_outside_is_referred_to)
{
    const char folded[] = "main;http://example.com/x 30\n";
    char *text = render_folded(folded, strlen(folded), &(struct render_options){0});

    cr_expect(zero(ptr, strstr(text, "href")));
    cr_expect(zero(ptr, strstr(text, "src=")));
    cr_expect(zero(ptr, strstr(text, "url(")));
    cr_expect(zero(ptr, strstr(text, "@import")));
    cr_expect(zero(ptr, strstr(text, "eval(")));
    free(text);
}
