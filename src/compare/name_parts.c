/* What of a name changes from build to build, and what compilers append to it. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/xalloc.h"
#include "compare/names.h"

/* ---- what compilers append ---- */

/* GCC and LLVM put these behind a name when they split or specialize a function. */
static const struct clone_suffix {
    const char *text;
    bool numbered;
} clone_suffixes[] = {{".constprop", true},   {".isra", true},       {".part", true},
                      {".cold", false},       {".cold", true},       {".sra", true},
                      {".localalias", false}, {".localalias", true}, {".resume", false},
                      {".destroy", false},    {".cleanup", false}};

static size_t number_at_end(const char *name, size_t length)
{
    size_t at = length;

    while (at && isdigit((unsigned char)name[at - 1]))
        at--;
    return at && at < length && name[at - 1] == '.' ? at - 1 : length;
}

static bool ends_with(const char *name, size_t length, const char *suffix)
{
    size_t size = strlen(suffix);

    return length > size && !memcmp(name + length - size, suffix, size);
}

/* "foo [clone .cold]" is what c++filt and perf make of foo.cold. */
static size_t without_bracketed_clone(const char *name, size_t length)
{
    const char *open;

    if (length < 9 || name[length - 1] != ']')
        return length;
    open = memrchr(name, '[', length);
    if (!open || open == name || open[-1] != ' ' || strncmp(open, "[clone .", 8))
        return length;
    return open - 1 == name ? length : (size_t)(open - 1 - name);
}

size_t name_without_clone(const char *name, size_t length)
{
    for (;;) {
        size_t shorter = without_bracketed_clone(name, length);

        for (size_t i = 0; i < ARRAY_LENGTH(clone_suffixes) && shorter == length; i++) {
            size_t end = clone_suffixes[i].numbered ? number_at_end(name, length) : length;

            if (clone_suffixes[i].numbered && end == length)
                continue;
            if (ends_with(name, end, clone_suffixes[i].text))
                shorter = end - strlen(clone_suffixes[i].text);
        }
        if (shorter == length)
            return length;
        length = shorter;
    }
}

/* ---- what changes from build to build ---- */

struct shortening {
    const char *at, *start;
    char *out;
    size_t end;
    unsigned parts;
};

static size_t span(const char *text, const char *set)
{
    return strspn(text, set);
}

#define DIGITS "0123456789"
#define HEX    "0123456789abcdef"

/* Skips `prefix` and the digits behind it, when both stand here; `with` is written instead. */
static bool skip_numbered(struct shortening *name, const char *prefix, const char *with)
{
    size_t size = strlen(prefix), digits;

    if (strncmp(name->at, prefix, size))
        return false;
    digits = span(name->at + size, DIGITS);
    if (!digits)
        return false;
    name->at += size + digits;
    memcpy(name->out + name->end, with, strlen(with));
    name->end += strlen(with);
    return true;
}

/* Rust: "::h0123456789abcdef" at the end, "[0123456789abcdef]" behind a crate's name. */
static bool skip_rust_hash(struct shortening *name)
{
    size_t digits;

    if (!strncmp(name->at, "::h", 3) && span(name->at + 3, HEX) == 16 && !name->at[19]) {
        name->at += 19;
        return true;
    }
    if (name->at[0] == '[' && name->at > name->start &&
        (isalnum((unsigned char)name->at[-1]) || name->at[-1] == '_')) {
        digits = span(name->at + 1, HEX);
        if (digits >= 8 && digits <= 16 && name->at[1 + digits] == ']') {
            name->at += digits + 2;
            return true;
        }
    }
    return false;
}

/* Go: main.work.func1, main.work.func1.2, main.work.gowrap1. */
static bool skip_go_closure(struct shortening *name)
{
    const char *behind;

    if (strncmp(name->at, ".func", 5) && strncmp(name->at, ".gowrap", 7) &&
        strncmp(name->at, ".deferwrap", 10))
        return false;
    behind = name->at + 1 + strcspn(name->at + 1, DIGITS ".;( ");
    if (!span(behind, DIGITS) ||
        (behind[span(behind, DIGITS)] && behind[span(behind, DIGITS)] != '.'))
        return false;
    memcpy(name->out + name->end, name->at, (size_t)(behind - name->at));
    name->end += (size_t)(behind - name->at);
    while (span(behind, DIGITS)) {
        behind += span(behind, DIGITS);
        if (*behind == '.' && span(behind + 1, DIGITS))
            behind++;
    }
    name->at = behind;
    return true;
}

/* The JVM: Foo$$Lambda$14/0x0000000800c03000, Foo$$Lambda/0x…; V8 and C#: a number at the end.
 */
static bool skip_java_lambda(struct shortening *name)
{
    static const char lambda[] = "$$Lambda";
    const char *at = name->at + strlen(lambda);

    if (strncmp(name->at, lambda, strlen(lambda)))
        return false;
    if (*at == '$')
        at += 1 + span(at + 1, DIGITS);
    if (!strncmp(at, "/0x", 3))
        at += 3 + span(at + 3, HEX);
    else if (*at == '/')
        at += 1 + span(at + 1, DIGITS);
    memcpy(name->out + name->end, lambda, strlen(lambda));
    name->end += strlen(lambda);
    name->at = at;
    return true;
}

/* A version in a path: "-1.2.3/", "python3.11/", "@4.17.21/", "libfoo.so.1.2".  At least one
 * dot is asked for where digits follow a word, so that md5 and utf8 stay what they are. */
static bool skip_version(struct shortening *name)
{
    size_t digits = span(name->at, DIGITS), whole, dots = 0, rest;
    char before;

    if (!digits || name->at == name->start)
        return false;
    before = name->at[-1];
    if (isdigit((unsigned char)before) || before == '.')
        return false;
    whole = digits;
    while (name->at[whole] == '.' && span(name->at + whole + 1, DIGITS)) {
        whole += 1 + span(name->at + whole + 1, DIGITS);
        dots++;
    }
    if (!dots || !strchr(name->start, '/') ||
        !(before == '-' || before == '@' || isalpha((unsigned char)before)))
        return false;
    /* "-rc1", "b2", "+git20230801" belong to it when the part of the path ends behind them. */
    for (rest = whole; isalnum((unsigned char)name->at[rest]) ||
                       (name->at[rest] && strchr("+-._", name->at[rest]));)
        rest++;
    name->at += name->at[rest] == '/' ? rest : whole;
    name->out[name->end++] = '*';
    return true;
}

/* ":12:34" and ":12" at the end, or before a closing parenthesis: where a script's function is.
 */
static bool skip_line_number(struct shortening *name)
{
    size_t digits;
    const char *at = name->at;

    if (*at != ':' || at == name->start || at[-1] == ':')
        return false;
    digits = span(at + 1, DIGITS);
    if (!digits)
        return false;
    at += 1 + digits;
    if (*at && *at != ')' && *at != ':' && *at != ' ')
        return false;
    if (*at == ':' && !span(at + 1, DIGITS))
        return false;
    name->at = at;
    return true;
}

/* memcpy@@GLIBC_2.14 and memcpy@plt differ in the version only. */
static bool skip_symbol_version(struct shortening *name)
{
    size_t at = name->at[0] == '@' ? 1 + (name->at[1] == '@') : 0;

    if (!at || name->at == name->start || !isupper((unsigned char)name->at[at]) ||
        !strchr(name->at, '_') || strchr(name->at, '/'))
        return false;
    name->at += strlen(name->at);
    return true;
}

/* The namespaces that a library's release puts its functions into, with its version or the
 * ABI's.  Only where it is known to be that: api::v1::get and api::v2::get are two functions.
 */
static const struct release_namespace {
    const char *text, *without;
} release_namespaces[] = {
    {"absl::lts_", "absl::"}, {"fmt::v", "fmt::"},       {"nlohmann::json_abi_v", "nlohmann::"},
    {"icu_", "icu::"},        {"std::__cxx11", "std::"}, {"std::__ndk", "std::"},
    {"std::__", "std::"}};

static bool skip_release_namespace(struct shortening *name)
{
    if (name->at > name->start && (isalnum((unsigned char)name->at[-1]) || name->at[-1] == '_'))
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(release_namespaces); i++) {
        const struct release_namespace *release = &release_namespaces[i];
        size_t size = strlen(release->text), length = strlen(release->without);

        if (strncmp(name->at, release->text, size))
            continue;
        size += span(name->at + size, DIGITS "_");
        if (!isdigit((unsigned char)name->at[size - 1]) || strncmp(name->at + size, "::", 2))
            continue;
        name->at += size + 2;
        memcpy(name->out + name->end, release->without, length);
        name->end += length;
        return true;
    }
    return false;
}

/* GCC's mark of functions that return a type of the newer ABI. */
static bool skip_abi_tag(struct shortening *name)
{
    static const char tag[] = "[abi:cxx11]";

    if (strncmp(name->at, tag, strlen(tag)))
        return false;
    name->at += strlen(tag);
    return true;
}

/* Balanced <…>, but neither operator<, operator<< nor operator->. */
static bool skip_template(struct shortening *name)
{
    const char *at = name->at;
    size_t depth = 0, written = name->end;

    if (*at != '<' || !written)
        return false;
    if (written >= 8 && !memcmp(name->out + written - 8, "operator", 8))
        return false;
    if (!isalnum((unsigned char)name->out[written - 1]) && name->out[written - 1] != '_' &&
        name->out[written - 1] != ':')
        return false;
    do {
        if (*at == '<')
            depth++;
        else if (*at == '>' && at[-1] != '-')
            depth--;
        at++;
    } while (*at && depth);
    if (depth)
        return false;
    name->at = at;
    if (name->end >= 2 && !memcmp(name->out + name->end - 2, "::", 2))
        name->end -= 2; /* Rust's turbofish */
    name->out[name->end++] = '<';
    name->out[name->end++] = '>';
    return true;
}

static bool skip_closure(struct shortening *name)
{
    /* Rust v0, C++ demangled by GNU and by LLVM, and the names clang gives its lambdas. */
    return skip_numbered(name, "{closure#", "{closure#") ||
           skip_numbered(name, "{{closure}}#", "{{closure}}#") ||
           skip_numbered(name, "{shim:vtable#", "{shim:vtable#") ||
           skip_numbered(name, ")#", ")#") || skip_numbered(name, "'lambda", "'lambda") ||
           skip_numbered(name, "{lambda", "{lambda") || skip_numbered(name, "$_", "$_") ||
           skip_numbered(name, "__lambda_", "__lambda_") ||
           skip_numbered(name, "<lambda_", "<lambda_") ||
           skip_numbered(name, ".lto_priv.", ".lto_priv.") ||
           skip_numbered(name, ".lto_priv", ".lto_priv.") ||
           skip_numbered(name, "{impl#", "{impl#") ||
           skip_numbered(name, "'unnamed", "'unnamed") ||
           skip_numbered(name, "{unnamed type#", "{unnamed type#");
}

/* V8 marks by what compiled a function: "LazyCompile:*work /x.js:3". */
static const char *without_compiler_mark(const char *name)
{
    static const char *const tags[] = {"LazyCompile:", "Function:", "JS:"};

    for (size_t i = 0; i < ARRAY_LENGTH(tags); i++)
        if (!strncmp(name, tags[i], strlen(tags[i]))) {
            name += strlen(tags[i]);
            return name + span(name, "*~^+");
        }
    return name;
}

static bool skip_part(struct shortening *name)
{
    if ((name->parts & WITHOUT_BUILD) &&
        (skip_rust_hash(name) || skip_version(name) || skip_line_number(name) ||
         skip_symbol_version(name) || skip_release_namespace(name) || skip_abi_tag(name) ||
         skip_numbered(name, "_lts_", "") || skip_numbered(name, ".llvm.", ".llvm")))
        return true;
    if ((name->parts & WITHOUT_NUMBERS) &&
        (skip_closure(name) || skip_go_closure(name) || skip_java_lambda(name)))
        return true;
    return (name->parts & WITHOUT_TEMPLATES) && skip_template(name);
}

char *name_without(const char *text, unsigned parts)
{
    /* What is written instead is never longer than two characters more. */
    struct shortening name = {.out = xalloc(2 * strlen(text) + 3), .parts = parts};

    name.at = name.start = without_compiler_mark(text);
    while (*name.at)
        if (!skip_part(&name))
            name.out[name.end++] = *name.at++;
    name.out[name.end] = '\0';
    return name.out;
}
