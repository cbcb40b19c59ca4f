#include "symbolize/demangle.h"

#include <ctype.h>
#include <libiberty/demangle.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"

/* libiberty refuses names above this length unless its recursion limit is off, for the sake of
 * the stack (DEMANGLE_RECURSION_LIMIT, two components a byte). */
enum { PLAIN_LENGTH = 1024 };
/* Back references in D names double the output each; two make one doubling. */
enum { D_LENGTH = 4096, D_REFERENCES = 24 };

/* What libiberty prints, up to a limit: substitutions let a short name grow without end, and
 * the only way out of the printing is a jump.  libiberty's callback interface allocates
 * nothing, so nothing is lost by it. */
struct text {
    char *bytes;
    size_t size, room;
    jmp_buf full;
};

static void append(const char *bytes, size_t size, void *data)
{
    struct text *text = data;

    if (text->size + size >= DEMANGLED_MAX)
        longjmp(text->full, 1);
    text->bytes = xgrow(text->bytes, &text->room, text->size + size + 1, 1);
    memcpy(text->bytes + text->size, bytes, size);
    text->size += size;
}

typedef int demangler(const char *mangled, int options, demangle_callbackref callback,
                      void *data);

static char *print(demangler *demangle_with, const char *mangled, int options)
{
    struct text *text = xcalloc(1, sizeof(*text));
    char *bytes = NULL;

    if (!setjmp(text->full)) {
        if (demangle_with(mangled, options, append, text) && text->size) {
            text->bytes[text->size] = 0;
            bytes = text->bytes;
            text->bytes = NULL;
        }
    }
    free(text->bytes);
    free(text);
    return bytes;
}

struct request {
    const char *mangled;
    int options;
    char *result;
};

static char *demangle_itanium(const char *mangled, int options)
{
    /* Rust's legacy names are valid C++ names with a hash at the end: Rust goes first. */
    char *name = print(rust_demangle_callback, mangled, options & DMGL_NO_RECURSE_LIMIT);

    return name ? name : print(cplus_demangle_v3_callback, mangled, options);
}

static void *demangle_long(void *data)
{
    struct request *request = data;

    request->result =
        demangle_itanium(request->mangled, request->options | DMGL_NO_RECURSE_LIMIT);
    return NULL;
}

/* Long names recurse deeply: they get a stack of their own, of which only touched pages cost
 * anything. */
static char *demangle_aside(const char *mangled, int options)
{
    enum { STACK_SIZE = 1 << 29 };
    struct request request = {.mangled = mangled, .options = options};
    pthread_attr_t attributes;
    pthread_t thread;

    pthread_attr_init(&attributes);
    if (!pthread_attr_setstacksize(&attributes, STACK_SIZE) &&
        !pthread_create(&thread, &attributes, demangle_long, &request))
        pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
    return request.result;
}

static char *demangle_d(const char *mangled, size_t length)
{
    size_t references = 0;

    for (const char *at = mangled; *at; at++)
        references += *at == 'Q';
    if (length > D_LENGTH || references > D_REFERENCES)
        return NULL;
    return dlang_demangle(mangled, 0);
}

/* "camlStdlib__List__map_123", "camlO__visit$27_83": modules apart by two underscores, what is
 * no letter as hexadecimal digits (asmcomp of OCaml).  The number, which tells functions of one
 * name apart, stays. */
static char *demangle_ocaml(const char *mangled)
{
    const char *at = mangled + strlen("caml");
    const char *end = at + strlen(at);
    char *name, *out;

    if (!isupper((unsigned char)*at) || !strstr(at, "__"))
        return NULL;
    name = out = xalloc((size_t)(end - at) + 1);
    while (at < end) {
        uint64_t code;

        if (at[0] == '_' && at[1] == '_') {
            *out++ = '.';
            at += 2;
        } else if (at[0] == '$' && end - at > 2 && text_hex(at + 1, at + 3, &code) == at + 3 &&
                   code > ' ' && code < 0x7f) {
            *out++ = (char)code;
            at += 3;
        } else {
            *out++ = *at++;
        }
    }
    *out = 0;
    return name;
}

static bool is_fortran_word(const char *at, const char *end)
{
    if (at == end || !islower((unsigned char)*at))
        return false;
    while (at < end && (islower((unsigned char)*at) || isdigit((unsigned char)*at) ||
                        *at == '_' || *at == '.'))
        at++;
    return at == end;
}

/* gfortran's "__shop_MOD_total": a procedure of a module.  Its own names have no capitals. */
static char *demangle_fortran(const char *mangled, size_t length)
{
    static const char mark[] = "_MOD_";
    const char *module = mangled + strlen("__");
    const char *between = strstr(module, mark);
    const char *procedure;

    if (!between)
        return NULL;
    procedure = between + strlen(mark);
    if (!is_fortran_word(module, between) || !is_fortran_word(procedure, mangled + length))
        return NULL;
    return xasprintf("%.*s::%s", (int)(between - module), module, procedure);
}

void shorten_templates(char *name)
{
    static const char dots[] = "…";
    char *out = name;

    for (char *at = name; *at;) {
        size_t depth = 0;
        char *end = at;
        bool word = at > name && (isalnum((unsigned char)at[-1]) || at[-1] == '_');
        bool turbofish = at > name + 1 && at[-1] == ':' && at[-2] == ':';
        bool symbol = at - name >= 8 && !memcmp(at - 8, "operator", 8);

        if (*at != '<' || symbol || (!word && !turbofish)) {
            *out++ = *at++;
            continue;
        }
        for (; *end; end++) {
            if (*end == '<')
                depth++;
            else if (*end == '>' && end[-1] != '-' && !--depth)
                break;
        }
        /* Too short to gain, or not balanced: as it is. */
        if (!*end || (size_t)(end - at - 1) < sizeof(dots) - 1) {
            *out++ = *at++;
            continue;
        }
        *out++ = '<';
        memcpy(out, dots, sizeof(dots) - 1);
        out += sizeof(dots) - 1;
        *out++ = '>';
        at = end + 1;
    }
    *out = 0;
}

/* NULL when the name is not one of a scheme that is known. */
static char *demangle_by_scheme(const char *mangled, size_t length, int options)
{
    if (!strncmp(mangled, "caml", 4))
        return demangle_ocaml(mangled);
    if (mangled[0] != '_')
        return NULL;
    if (mangled[1] == '_')
        return demangle_fortran(mangled, length);
    if (mangled[1] == 'D' && isdigit((unsigned char)mangled[2]))
        return demangle_d(mangled, length);
    if (mangled[1] != 'Z' && mangled[1] != 'R')
        return NULL;
    return length <= PLAIN_LENGTH ? demangle_itanium(mangled, options)
                                  : demangle_aside(mangled, options);
}

char *demangle(const char *mangled, enum demangle how)
{
    int options = how == DEMANGLE_SHORT ? 0 : DMGL_PARAMS | DMGL_ANSI;
    size_t length = strnlen(mangled, MANGLED_MAX + 1);
    char *name;

    if (how == DEMANGLE_NONE || length > MANGLED_MAX)
        return NULL;
    name = demangle_by_scheme(mangled, length, options);
    if (name && how == DEMANGLE_SHORT)
        shorten_templates(name);
    return name;
}

/* Where ".cold", ".cold.3", ".llvm.1234" or Go's ".abi0" begins, or the end. */
static size_t length_without_suffix(const char *name)
{
    static const char *const suffixes[] = {".cold", ".llvm.", ".abi0"};
    size_t length = strlen(name);

    for (size_t i = 0; i < ARRAY_LENGTH(suffixes); i++) {
        const char *found = strstr(name, suffixes[i]);

        if (found && found > name && (size_t)(found - name) < length) {
            const char *rest = found + strlen(suffixes[i]);

            /* ".cold" or ".cold.7", but not ".coldness". */
            if (suffixes[i][strlen(suffixes[i]) - 1] == '.' || !*rest || *rest == '.')
                length = (size_t)(found - name);
        }
    }
    return length;
}

/* Without the version that .symtab puts behind a name: "pthread_create@@GLIBC_2.34". */
static size_t length_without_version(const char *name, size_t length)
{
    const char *at = memchr(name, '@', length);
    const char *version = at;

    if (!at || at == name)
        return length;
    while (*version == '@')
        version++;
    if (version - at > 2 || !isupper((unsigned char)*version))
        return length;
    for (; *version && version < name + length; version++)
        if (!isalnum((unsigned char)*version) && *version != '_' && *version != '.')
            return length;
    return (size_t)(at - name);
}

char *symbol_display_name(const char *name, enum demangle how)
{
    char *base;
    char *readable;

    if (how == DEMANGLE_NONE)
        return xstrndup(name, length_without_version(name, strlen(name)));
    base = xstrndup(name, length_without_version(name, length_without_suffix(name)));
    readable = demangle(base, how);
    if (!readable)
        return base;
    free(base);
    return readable;
}
