#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "compare/names.h"

static struct names *names;
static uint32_t ids[2][16];

/* Both lists end with NULL. */
static int pair(const struct name_rules *rules, const char *const *before,
                const char *const *after)
{
    const char *const *sides[2] = {before, after};

    names = names_new(rules);
    for (int i = 0; i < 2; i++)
        for (size_t j = 0; sides[i][j]; j++)
            ids[i][j] = names_add(names, i, sides[i][j], strlen(sides[i][j]));
    return names_pair(names, NULL);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static bool same(int before, int after)
{
    return names_function(names, 0, ids[0][before]) == names_function(names, 1, ids[1][after]);
}

static void drop(void)
{
    names_free(names);
}

TestSuite(names, .fini = drop);

Test(names, a_function_and_what_was_split_off_are_one)
{
    pair(&(struct name_rules){0}, LIST("foo", "foo.part.0", "foo.cold", "bar.isra.0.cold"),
         LIST("foo.constprop.1.isra.0", "bar [clone .constprop.0]"));

    cr_expect(same(0, 0) && same(1, 0) && same(2, 0));
    cr_expect(same(3, 1));
    cr_expect(eq(u32, names_function_count(names), 2));
    cr_expect(
        eq(str, (char *)names_text(names, names_function(names, 1, ids[1][0]), 1), "foo"));
}

Test(names, what_changes_with_each_build_pairs)
{
    static const struct {
        const char *before, *after;
    } cases[] = {
        {"app::work::h0123456789abcdef", "app::work::hfedcba9876543210"},
        {"core[846817f741e54dfd]::fmt::write", "core[0011223344556677]::fmt::write"},
        {"run (/usr/lib/python3.10/x.py:12)", "run (/usr/lib/python3.11/x.py:14)"},
        {"f /node_modules/lodash@4.17.20/x.js:3:1", "f /node_modules/lodash@4.17.21/x.js:9:2"},
        {"[/opt/lib-1.2.3/libx.so]", "[/opt/lib-1.2.4-rc1/libx.so]"},
        {"LazyCompile:~work /x.js:3", "LazyCompile:*work /x.js:7"},
        {"memcpy@@GLIBC_2.14", "memcpy@GLIBC_2.35"},
        {"app::run::{closure#0}", "app::run::{closure#1}"},
        {"run()::{lambda(int)#1}::operator()", "run()::{lambda(int)#3}::operator()"},
        {"run()::$_0::operator()", "run()::$_2::operator()"},
        {"main.work.func1", "main.work.func2"},
        {"main.work.func1.2", "main.work.func1.3"},
        {"Foo$$Lambda$14/0x0000000800c03000.run", "Foo$$Lambda$19/0x0000000800d01000.run"},
        {"helper.lto_priv.0", "helper.lto_priv.3"},
        {"helper.llvm.123456", "helper.llvm.654321"},
        {"absl::lts_20230802::Mutex::Lock()", "absl::lts_20250512::Mutex::Lock()"},
        {"AbslInternalSleepFor_lts_20240722", "AbslInternalSleepFor_lts_20250512"},
        {"fmt::v9::vformat(fmt::v9::basic_string_view<char>)",
         "fmt::v10::vformat(fmt::v10::basic_string_view<char>)"},
        {"icu_72::Locale::getName() const", "icu_74::Locale::getName() const"},
        {"nlohmann::json_abi_v3_11_2::parse", "nlohmann::json_abi_v3_11_3::parse"},
        {"name[abi:cxx11]()", "name()"},
        {"std::__cxx11::to_string(int)", "std::to_string(int)"},
        {"std::__1::sort(int*, int*)", "std::__2::sort(int*, int*)"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        pair(&(struct name_rules){0}, LIST(cases[i].before), LIST(cases[i].after));
        cr_expect(same(0, 0), "%s and %s", cases[i].before, cases[i].after);
        names_free(names);
        pair(&(struct name_rules){.exact = true}, LIST(cases[i].before), LIST(cases[i].after));
        cr_expect(not(same(0, 0)), "%s and %s, exactly", cases[i].before, cases[i].after);
        if (i + 1 < ARRAY_LENGTH(cases))
            names_free(names);
    }
}

Test(names, different_functions_stay_apart)
{
    static const struct {
        const char *before, *after;
    } cases[] = {
        {"md5_update", "md4_update"},
        {"utf8::next", "utf16::next"},
        {"foo1", "foo2"},
        {"operator<", "operator<<"},
        {"std::vector<int>::push_back", "std::vector<long>::push_back"},
        {"sha1_block", "sha256_block"},
        {"f(int)", "f(long)"},
        {"main.work", "main.work.func1"},
        {"a::b", "a::c"},
        {"ns::h0123", "ns::h4567"},
        {"step.1", "step.2"},
        {"partition", "partition.particle"},
        {"[libx.so+0x100]", "[libx.so+0x200]"},
        {"api::v1::get", "api::v2::get"},
        {"wfmt::v9::put", "wfmt::v10::put"},
        {"std::__sort(int*)", "std::sort(int*)"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        pair(&(struct name_rules){0}, LIST(cases[i].before), LIST(cases[i].after));
        cr_expect(not(same(0, 0)), "%s and %s", cases[i].before, cases[i].after);
        if (i + 1 < ARRAY_LENGTH(cases))
            names_free(names);
    }
}

Test(names, equal_names_pair_before_similar_ones)
{
    pair(&(struct name_rules){0}, LIST("run::{closure#0}", "run::{closure#1}"),
         LIST("run::{closure#1}", "run::{closure#0}", "run::{closure#2}"));

    cr_expect(same(0, 1) && same(1, 0));
    cr_expect(eq(u32, names_function_count(names), 3));
}

Test(names, closures_pair_in_the_order_of_their_numbers)
{
    pair(&(struct name_rules){0}, LIST("run::{closure#9}", "run::{closure#10}"),
         LIST("run::{closure#12}", "run::{closure#11}"));

    cr_expect(same(0, 1) && same(1, 0));
}

Test(names, hashes_alone_give_no_order_to_pair_by)
{
    pair(&(struct name_rules){0}, LIST("f::h1111111111111111", "f::h2222222222222222"),
         LIST("f::h3333333333333333", "f::h4444444444444444"));

    cr_expect(eq(u32, names_function_count(names), 4));
}

Test(names, two_functions_of_a_side_never_become_one)
{
    pair(&(struct name_rules){.ignore_templates = true},
         LIST("f::h1111111111111111", "run::{closure#0}", "v<int>::at", "v<long>::at"),
         LIST("f::h3333333333333333", "f::h4444444444444444", "run::{closure#3}",
              "run::{closure#4}", "v<char>::at"));

    cr_expect(eq(u32, names_function_count(names), 9));
}

Test(names, template_arguments_are_ignored_where_asked_for)
{
    pair(&(struct name_rules){.ignore_templates = true},
         LIST("std::vector<std::pair<int, int>>::push_back", "operator<", "cmp<a->b>::x"),
         LIST("std::vector<std::pair<long, long>>::push_back", "operator<<", "cmp<c>::x"));

    cr_expect(same(0, 0));
    cr_expect(not(same(1, 1)));
    cr_expect(same(2, 2));
}

Test(names, the_user_maps_what_cannot_be_known)
{
    static const char *const maps[] = {"old=new", "operator===equal"};

    cr_expect(eq(int,
                 pair(&(struct name_rules){.maps = maps, .map_count = 2},
                      LIST("old", "operator=="), LIST("new", "equal")),
                 0));
    cr_expect(same(0, 0) && same(1, 1));
}

Test(names, a_map_that_fits_nothing_is_an_error)
{
    static const char *const maps[] = {"nothing=new"};

    cr_expect(lt(
        int, pair(&(struct name_rules){.maps = maps, .map_count = 1}, LIST("old"), LIST("new")),
        0));
}

Test(names, odd_names_do_no_harm)
{
    pair(&(struct name_rules){.ignore_templates = true},
         LIST("<", "<<<<", "a<", "::h", "[", ".cold", ".part.0", "$_", "@", "{closure#", ":",
              "x.func", "-1.2", "/-1.2.", "a>"),
         LIST(" [clone .cold]", "[clone .cold]", ">>>", ")#1)#2", "<lambda_1>", "@@G_",
              "x[01234567]"));

    cr_expect(gt(u32, names_function_count(names), 10));
}
