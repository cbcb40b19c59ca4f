#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "symbolize/demangle.h"

static void expect(const char *name, enum demangle how, const char *shown)
{
    char *text = symbol_display_name(name, how);

    cr_expect_str_eq(text, shown);
    free(text);
}

Test(demangle, cxx_with_and_without_parameters)
{
    const char *name = "_ZN3foo3barESt6vectorIiSaIiEE";

    expect(name, DEMANGLE_FULL, "foo::bar(std::vector<int, std::allocator<int> >)");
    expect(name, DEMANGLE_SHORT, "foo::bar");
    expect(name, DEMANGLE_NONE, name);
}

Test(demangle, rust_legacy_loses_its_hash_and_v0_is_known)
{
    expect("_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE", DEMANGLE_FULL,
           "core::fmt::Write::write_fmt");
    expect("_RNvCs15kBYyAo9fc_7mycrate7example", DEMANGLE_FULL, "mycrate::example");
}

Test(demangle, d_names)
{
    expect("_D4test3fooFiZi", DEMANGLE_FULL, "test.foo(int)");
}

Test(demangle, modules_of_ocaml)
{
    expect("camlStdlib__List__map_123", DEMANGLE_FULL, "Stdlib.List.map_123");
    expect("camlO__visit$27_83", DEMANGLE_SHORT, "O.visit'_83");
    expect("camlStdlib__$5e$5e_444", DEMANGLE_FULL, "Stdlib.^^_444");
    expect("camlStdlib__anon_fn$5bstdlib$2eml$3a334$5d_1453", DEMANGLE_FULL,
           "Stdlib.anon_fn[stdlib.ml:334]_1453");
    expect("camlStdlib__f$0a$zz$4", DEMANGLE_FULL, "Stdlib.f$0a$zz$4");
    expect("camlStdlib__List__map_123", DEMANGLE_NONE, "camlStdlib__List__map_123");
    expect("caml_alloc__small", DEMANGLE_FULL, "caml_alloc__small");
    expect("camlpath", DEMANGLE_FULL, "camlpath");
}

Test(demangle, modules_of_gfortran)
{
    expect("__shop_MOD_total", DEMANGLE_FULL, "shop::total");
    expect("__my_shop_2_MOD_total.constprop.0", DEMANGLE_SHORT, "my_shop_2::total.constprop.0");
    expect("__shop_MOD_total", DEMANGLE_NONE, "__shop_MOD_total");
    expect("__SHOP_MOD_total", DEMANGLE_FULL, "__SHOP_MOD_total");
    expect("__shop_MOD_", DEMANGLE_FULL, "__shop_MOD_");
    expect("___MOD_total", DEMANGLE_FULL, "___MOD_total");
}

Test(demangle, cold_parts_belong_to_their_function)
{
    expect("main.cold", DEMANGLE_FULL, "main");
    expect("_Z3foov.cold.7", DEMANGLE_FULL, "foo()");
    expect("a.coldness", DEMANGLE_FULL, "a.coldness");
    expect("work.llvm.123456", DEMANGLE_FULL, "work");
}

Test(demangle, versions_of_symbols_are_no_part_of_names)
{
    expect("pthread_create@@GLIBC_2.34", DEMANGLE_FULL, "pthread_create");
    expect("clnttcp_create@GLIBC_2.2.5", DEMANGLE_NONE, "clnttcp_create");
    expect("main.(*T).at@x y", DEMANGLE_FULL, "main.(*T).at@x y");
}

Test(demangle, template_arguments_are_shortened_and_operators_stay)
{
    char cxx[] = "std::map<int, std::vector<int> >::operator<(std::x<int> const&)";
    char rust[] = "<alloc::vec::Vec<T> as core::Clone>::clone";
    char open[] = "a<<b";

    shorten_templates(cxx);
    shorten_templates(rust);
    shorten_templates(open);

    cr_expect_str_eq(cxx, "std::map<…>::operator<(std::x<…> const&)");
    cr_expect_str_eq(rust, "<alloc::vec::Vec<T> as core::Clone>::clone");
    cr_expect_str_eq(open, "a<<b");
}

Test(demangle, long_names_are_read_too)
{
    enum { PARTS = 600 };
    char name[5 * PARTS + 8] = "_ZN";
    char *shown;

    for (size_t i = 0; i < PARTS; i++)
        strcat(name, "3abc");
    strcat(name, "Ev");
    shown = symbol_display_name(name, DEMANGLE_FULL);

    cr_expect(eq(sz, strlen(shown), PARTS * strlen("abc::")));
    free(shown);
}

Test(demangle, names_that_grow_without_end_are_given_up)
{
    /* Each pair doubles: S0_ = pair<S_, S_>, S1_ = pair<S0_, S0_>, … */
    char name[512] = "_Z1fP1aSt4pairIS0_S0_E";

    strcpy(name, "_Z1f1a");
    strcat(name, "St4pairIS_S_E");
    for (int i = 1; i < 34; i++) {
        char more[32];
        const char *digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

        snprintf(more, sizeof(more), "S0_IS%c_S%c_E", digits[i], digits[i]);
        strcat(name, more);
    }
    char *shown = symbol_display_name(name, DEMANGLE_FULL);

    cr_expect(le(sz, strlen(shown), (size_t)DEMANGLED_MAX));
    free(shown);
}
