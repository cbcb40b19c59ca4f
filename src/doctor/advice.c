#include "doctor/advice.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "doctor/package.h"

/* The first line has the heading, those below do not. */
static void first(FILE *out, const char *text)
{
    fprintf(out, "  %-16s%s\n", "what helps", text);
}

static void next(FILE *out, char *text)
{
    fprintf(out, "  %-16s%s\n", "", text);
    free(text);
}

/* ---- files of the distribution ---- */

/* Most packages of Debian have PACKAGE-dbgsym beside them; these do not. */
static const struct {
    const char *package, *debug;
} named_otherwise[] = {{"libc6", "libc6-dbg"}, {"libc6-i386", "libc6-dbg"}};

static char *debug_package(const char *package)
{
    for (size_t i = 0; i < ARRAY_LENGTH(named_otherwise); i++)
        if (!strcmp(package, named_otherwise[i].package))
            return xstrdup(named_otherwise[i].debug);
    return xasprintf("%s-dbgsym", package);
}

/* Packages with debug symbols are in an archive of their own. */
static char *debug_archive(const char *system)
{
    char *release = distribution("VERSION_CODENAME"), *line = NULL;

    if (release && !strcmp(system, "debian"))
        line = xasprintf("deb http://deb.debian.org/debian-debug %s-debug main", release);
    else if (release && !strcmp(system, "ubuntu"))
        line = xasprintf("deb http://ddebs.ubuntu.com %s main universe", release);
    free(release);
    return line;
}

static void tell_debian(FILE *out, const char *package, const char *system)
{
    char *debug = debug_package(package);
    char *archive = strstr(debug, "-dbgsym") ? debug_archive(system) : NULL;

    if (archive) {
        next(out, xasprintf("echo '%s' >/etc/apt/sources.list.d/debug.list", archive));
        next(out, xasprintf("apt update && apt install %s", debug));
    } else {
        next(out, xasprintf("apt install %s", debug));
    }
    free(archive);
    free(debug);
}

static const struct {
    const char *system, *command;
} installers[] = {{"fedora", "dnf debuginfo-install"},
                  {"rhel", "dnf debuginfo-install"},
                  {"centos", "dnf debuginfo-install"}};

/* In a container, whose packages are not ours. */
static bool is_elsewhere(const struct findings *found)
{
    return strcmp(found->path, found->inner_path) != 0;
}

/* `package` is NULL where only dpkg would know it. */
static void tell_packaged(const struct findings *found, const char *package, FILE *out)
{
    char *system = distribution("ID");
    char *ask =
        found->asked_debuginfod ? NULL : xasprintf("fiq doctor --debuginfod %s", found->path);

    first(out, found->asked_debuginfod ? "debuginfod gave none; its debug package:"
                                       : "--debuginfod, which fetches its debug file:");
    if (ask)
        next(out, ask);
    if (ask && package)
        next(out, xstrdup("or its debug package:"));
    if (package)
        tell_debian(out, package, system ? system : "");
    for (size_t i = 0; system && !is_elsewhere(found) && i < ARRAY_LENGTH(installers); i++)
        if (!strcmp(system, installers[i].system))
            next(out, xasprintf("%s %s", installers[i].command, found->path));
    free(system);
}

static bool is_of_a_system(const char *path)
{
    return (!strncmp(path, "/usr/", 5) && strncmp(path, "/usr/local/", 11)) ||
           !strncmp(path, "/bin/", 5) || !strncmp(path, "/lib", 4) ||
           !strncmp(path, "/sbin/", 6);
}

/* ---- files that somebody built here ---- */

static void tell_own(const struct findings *found, FILE *out)
{
    int directory = (int)(text_file_name(found->path) - found->path);

    if (found->functions) {
        first(out, "build it with -g");
    } else if (found->link) {
        first(out,
              "put its debug file where it is looked for; UNSTRIPPED is it before `strip`:");
        next(out, xasprintf("objcopy --only-keep-debug UNSTRIPPED %.*s%s", directory,
                            found->path, found->link));
    } else {
        first(out, "build it with -g and do not strip it; or put beside it what was stripped:");
        next(out, xasprintf("objcopy --only-keep-debug UNSTRIPPED %s.debug", found->path));
        next(out,
             xasprintf("objcopy --add-gnu-debuglink=%s.debug %s", found->path, found->path));
    }
}

static void tell_other_build(const struct findings *found, FILE *out)
{
    first(out,
          "the debug file is of another build; UNSTRIPPED is this program before `strip`:");
    next(out, xasprintf("objcopy --only-keep-debug UNSTRIPPED %s", found->other_build));
}

/* binutils' dwp knows no DWARF 5. */
static void tell_parts(const struct findings *found, FILE *out)
{
    first(out,
          "keep the .dwo files where they were made; or gather them while they are there:");
    next(out, xasprintf("%s -e %s -o %s.dwp", found->missing_parts < 5 ? "dwp" : "llvm-dwp",
                        found->path, found->path));
}

void advice_tell(const struct findings *found, FILE *out)
{
    char *package;

    if (found->missing_parts)
        tell_parts(found, out);
    if (found->inlined)
        return;
    if (found->other_build) {
        tell_other_build(found, out);
        return;
    }
    package = package_of(found->path);
    if (package || is_of_a_system(found->inner_path))
        tell_packaged(found, package, out);
    else
        tell_own(found, out);
    free(package);
}
