#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/short_name.h"
#include "render/label.h"

/* What label_put() writes into a box with room for so many characters. */
static char *label(const char *name, unsigned columns)
{
    static struct markup markup;
    char *text = NULL;
    size_t size = 0;

    markup = (struct markup){.out = open_memstream(&text, &size)};
    label_put(&markup, name, strlen(name), 0, 0, 6.5 + 7.25 * columns);
    markup_flush(&markup);
    fclose(markup.out);
    return text;
}

static void shows(const char *name, unsigned columns, const char *wanted)
{
    char *found = label(name, columns), *expected = NULL;

    cr_assert(asprintf(&expected, "<text x=\"3\" y=\"12\">%s</text>", wanted) > 0);
    cr_expect(eq(str, found, expected), "%s in %u columns", name, columns);
    free(found);
    free(expected);
}

static void shortens(const char *name, const char *wanted)
{
    char out[SHORT_NAME_LONGEST + 1];

    out[short_name(name, strlen(name), out)] = '\0';
    cr_expect(eq(str, out, (char *)wanted), "%s", name);
}

Test(label, parameters_and_template_arguments_go_first)
{
    shortens("ns::f(int, char const*)", "ns::f");
    shortens("ns::f(int) const &", "ns::f");
    shortens("std::vector<std::pair<int, long> >::at(unsigned long)", "std::vector<…>::at");
    shortens("std::function<void (int)>::operator()(int) const",
             "std::function<…>::operator()");
    shortens("f(g(int)) [clone .cold]", "f(g(int)) [clone .cold]");
}

Test(label, what_is_part_of_a_name_stays)
{
    shortens("(anonymous namespace)::work(int)", "(anonymous namespace)::work");
    shortens("(anonymous namespace)", "(anonymous namespace)");
    shortens("ns::operator<(ns::T const&)", "ns::operator<");
    shortens("ns::operator<< <char>(std::ostream&)", "ns::operator<< <…>");
    shortens("ns::operator<<(std::ostream&, a<b>)", "ns::operator<<");
    shortens("operator()<char*, int>", "operator()<…>");
    shortens("operator-><char*>", "operator-><…>");
    shortens("operator->", "operator->");
    shortens("operator<=>", "operator<=>");
    shortens("operator()", "operator()");
    shortens("<alloc::vec::Vec<i32> as Drop>::drop", "<alloc::vec::Vec<i32> as Drop>::drop");
    shortens("a<a<a<b", "a<a<a<b");
    shortens("a<T>", "a<T>");
    shortens("", "");
}

Test(label, the_longest_form_that_fits_is_shown)
{
    const char *name = "ns::map<int, std::string>::find(int const&)";

    shows(name, 43, "ns::map&lt;int, std::string&gt;::find(int const&amp;)");
    shows(name, 42, "ns::map&lt;…&gt;::find");
    shows(name, 15, "map&lt;…&gt;::find");
    shows(name, 11, "find");
    shows(name, 3, "fi…");
}

Test(label, the_last_part_is_behind_the_types_it_is_for)
{
    shows("<alloc::vec::Vec<T> as core::ops::Drop>::drop", 10, "drop");
    shows("rayon::join::{{closure}}", 18, "join::{{closure}}");
    shows("core::str::traits::<impl Eq for str>::eq", 15, "traits::&lt;…&gt;::eq");
    shows("core::str::traits::<impl Eq for str>::eq", 14, "eq");
    shows("vec::Raw::grow::<u16, usize>", 10, "grow::&lt;…&gt;");
    shows("vec::Raw::grow::<u16, usize>", 4, "gro…");
    shows("rayon::join::{{closure}}", 12, "{{closure}}");
}

Test(label, names_with_dots_lose_directories_and_what_stands_before_the_last_parts)
{
    const char *method = "encoding/json.(*decodeState).object";

    shows(method, 35, method);
    shows(method, 34, "json.(*decodeState).object");
    shows(method, 25, "(*decodeState).object");
    shows(method, 20, "object");
    shows("runtime.gcBgMarkWorker", 21, "gcBgMarkWorker");
    shows("github.com/a/b.c.work", 20, "b.c.work");
    shows("github.com/a/b.c.work", 7, "c.work");
    shows("slices.SortFunc[go.shape.[]int]", 30, "SortFunc[go.shape.[]int]");
    shows("java.util.HashMap.get", 11, "HashMap.get");
}

Test(label, what_is_appended_is_no_part_of_a_name_by_itself)
{
    shows("main.main.func1", 14, "main.func1");
    shows("main.main.func1", 9, "main.fun…");
    shows("net/http.glob..func3", 19, "http.glob..func3");
    shows("net/http.glob..func3", 15, "glob..func3");
    shows("finish_task_switch.isra.0", 24, "finish_task_switch.isra…");
    shows("work.part.0.cold", 15, "work.part.0.co…");
    shows("a.work.cold2", 11, "work.cold2");
    shows("[libc.so.6+0x12]", 10, "[libc.so.…");
    shows("a.b c.d", 6, "a.b c…");
    shows("ns::f.cold", 8, "f.cold");
}

Test(label, a_box_without_room_says_nothing)
{
    char *text = label("main", 2);

    cr_expect(eq(str, text, ""));
    free(text);
}

/* As from a file that somebody else made. */
Test(label, names_that_never_end_take_no_time)
{
    char *name = malloc(SHORT_NAME_LONGEST + 1);
    char out[SHORT_NAME_LONGEST];

    for (size_t i = 0; i < SHORT_NAME_LONGEST; i++)
        name[i] = i % 2 ? '<' : 'a';
    for (unsigned i = 0; i < 10000; i++)
        cr_assert(eq(sz, short_name(name, SHORT_NAME_LONGEST, out), SHORT_NAME_LONGEST));
    memset(name, 'x', SHORT_NAME_LONGEST);
    name[SHORT_NAME_LONGEST] = '\0';
    free(label(name, 100));
    free(name);
}
