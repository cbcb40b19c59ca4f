#ifndef FIQ_SYMBOLIZE_DEMANGLE_H
#define FIQ_SYMBOLIZE_DEMANGLE_H

#include <stdbool.h>

#include "symbolize/symbolize.h"

/*
 * Names as people wrote them: C++ (Itanium), Rust (v0 and legacy, without hashes), D, OCaml and
 * the modules of gfortran.
 *
 * Mangled names are hostile: what goes in and what comes out is bounded, and so is the stack
 * that it takes.  Any thread.
 */
enum { MANGLED_MAX = 64 * 1024, DEMANGLED_MAX = 64 * 1024 };

/* The name in readable form, to be freed, or NULL when it is not mangled (or too long). */
char *demangle(const char *mangled, enum demangle how);

/* The name as it is shown: readable where that is possible, else a copy; cold parts carry the
 * name of their function, and what a compiler appends to tell copies apart is gone.  To be
 * freed. */
char *symbol_display_name(const char *name, enum demangle how);

/* Shortens the template arguments of a readable name in place: `a<b>::c<d>` to `a<…>::c<…>`;
 * Rust's `<T as Trait>::f` and C++'s operators stay. */
void shorten_templates(char *name);

#endif
