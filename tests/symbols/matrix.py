#!/usr/bin/env python3
"""matrix.py NAME_ADDRESSES: builds chain.c in all the ways that debugging information comes in,
and checks that each address of its functions gets the names and lines it should.  TAP."""
import pathlib
import shutil
import subprocess
import sys
import tempfile

from building import HERE, NAMES, chains, run, symbol

CHAIN = [("innermost", 15), ("middle", 21), ("outermost", 26)]


def compile_to(directory, compiler, *flags):
    """An object first, as split units are named after it."""
    program = directory / "chain"
    run(compiler, "-O2", "-g", "-c", HERE / "chain.c", "-o", "chain.o", *flags, cwd=directory)
    run(compiler, "-O2", "-g", "-Wl,--build-id", "chain.o", "-o", program, *flags,
        cwd=directory)
    return program


def strip_to(program):
    stripped = program.with_name("stripped")
    run("strip", "-s", program, "-o", stripped)
    return stripped


# Each variant makes a program of a built one and says which options go with it, and what is to
# be found: "chain", "name" or nothing.

def plain(program):
    return program, [], "chain"


def compressed(program):
    run("objcopy", "--compress-debug-sections=zlib", program)
    return program, [], "chain"


def compressed_in_the_old_way(program):
    run("objcopy", "--compress-debug-sections=zlib-gnu", program)
    return program, [], "chain"


def compressed_with_zstd(program):
    """Either the library is there, or one is told that it is not."""
    run("objcopy", "--compress-debug-sections=zstd", program)
    start, end = symbol(program, "outermost")
    said = subprocess.run([NAMES, program], input=f"{start:x}\n", capture_output=True, text=True,
                          check=True).stderr
    told = "compressed with zstd, which this fiq was built without" in said
    return program, [], "name" if told else "chain"


def dwz(program):
    other = program.with_name("other")
    shutil.copy(program, other)
    run("dwz", "-m", program.with_name("common"), "-r", program, other, cwd=program.parent)
    return program, [], "chain"


def debuglink(program):
    debug = program.with_name("chain.debug")
    run("objcopy", "--only-keep-debug", program, debug)
    stripped = strip_to(program)
    run("objcopy", "--remove-section=.note.gnu.build-id", stripped)
    run("objcopy", f"--add-gnu-debuglink={debug}", stripped)
    return stripped, [], "chain"


def debuglink_of_another_file(program):
    stripped, options, _ = debuglink(program)
    with open(program.with_name("chain.debug"), "ab") as debug:
        debug.write(b"x")
    return stripped, options, None


def build_id_directory(program):
    notes = run("readelf", "-n", program)
    build_id = notes.split("Build ID:")[1].split()[0]
    home = program.with_name("debug") / ".build-id" / build_id[:2]
    home.mkdir(parents=True)
    run("objcopy", "--only-keep-debug", program, home / (build_id[2:] + ".debug"))
    return strip_to(program), ["--debug-dir", str(program.with_name("debug"))], "chain"


def mini_debug(program):
    mini = program.with_name("mini")
    run("objcopy", "-S", "--keep-symbol=outermost", program, mini)
    run("xz", "-k", mini)
    stripped = strip_to(program)
    run("objcopy", "--add-section", f".gnu_debugdata={mini}.xz", stripped)
    return stripped, [], "name"


def stripped(program):
    return strip_to(program), [], None


def packaged_by(packager):
    def split_package(program):
        run(packager, "-e", program, "-o", "chain.dwp", cwd=program.parent)
        program.with_name("chain.dwo").unlink()
        return program, [], "chain"

    return split_package


def split_lost(program):
    program.with_name("chain.dwo").unlink()
    return program, [], "name"


NEWER_OBJCOPY = "objcopy" if "zstd" in run("objcopy", "--help") else "objcopy that knows zstd"
VARIANTS = [  # name, flags, what is made of the program, tool that it needs
    ("plain", [], plain, None),
    ("no-inline", [], lambda program: (program, ["--no-inline"], "name"), None),
    ("gz", [], compressed, None),
    ("gz-gnu", [], compressed_in_the_old_way, None),
    ("split", ["-gsplit-dwarf"], plain, None),
    ("split-types", ["-gsplit-dwarf", "-fdebug-types-section"], plain, None),
    ("split-lost", ["-gsplit-dwarf"], split_lost, None),
    ("zstd", [], compressed_with_zstd, NEWER_OBJCOPY),
    ("dwz", [], dwz, "dwz"),
    ("type-units", ["-fdebug-types-section"], plain, None),
    ("lto", ["-flto"], plain, None),
    ("debuglink", [], debuglink, None),
    ("debuglink-wrong", [], debuglink_of_another_file, None),
    ("build-id", [], build_id_directory, None),
    ("minidebug", [], mini_debug, "xz"),
    ("stripped", [], stripped, None),
]
TYPES = ["-gsplit-dwarf", "-fdebug-types-section"]
CLANG_VARIANTS = [
    ("clang split", ["-gsplit-dwarf"], plain, "clang++-14"),
    ("clang split-types", TYPES, plain, "clang++-14"),
    ("clang split-package", TYPES, packaged_by("llvm-dwp-14"), "llvm-dwp-14"),
]
CXX_VARIANTS = [
    ("c++ type-units", ["-fdebug-types-section"], plain, "g++"),
    ("c++ split-types", TYPES, plain, "g++"),
]
# binutils' dwp knows no DWARF 5, and LLVM's never ends over what gcc makes of it.
GCC_PACKAGE = ("split-package", ["-gsplit-dwarf"], packaged_by("dwp"), "dwp")


def verdict(found, wanted):
    if wanted == "chain":
        # C++ gives static functions parameters, whatever is said about their language.
        complete = [chain for chain in found
                    if [(name.split("(")[0], line) for name, line in chain] == CHAIN]
        outer = all(chain and chain[-1][0] == "outermost" for chain in found)
        return bool(complete) and outer
    if wanted == "name":
        return all(len(chain) == 1 and chain[0][0] == "outermost" for chain in found)
    return all(len(chain) == 1 and chain[0][0].startswith("[") for chain in found)


def check(version, compiler, link, flags, make):
    with tempfile.TemporaryDirectory() as directory:
        program = compile_to(pathlib.Path(directory), compiler, f"-gdwarf-{version}", *link,
                             *flags)
        addresses = range(*symbol(program, "outermost"))
        made, options, wanted = make(program)
        found = chains(made, addresses, *options)
        return verdict(found, wanted), found


def cells():
    for version in (4, 5):
        for link_name, link in (("pie", ["-fPIE", "-pie"]), ("static", ["-static"])):
            for variant in VARIANTS + [GCC_PACKAGE] * (version == 4):
                yield version, "gcc", link_name, link, variant
            for variant in CXX_VARIANTS:
                yield version, "g++", link_name, link, variant
            for variant in CLANG_VARIANTS:
                yield version, "clang++-14", link_name, link, variant


def main():
    print(f"1..{len(list(cells()))}")
    for number, (version, compiler, link_name, link, variant) in enumerate(cells(), 1):
        name, flags, make, tool = variant
        title = f"dwarf-{version} {link_name} {name}"
        if tool and not shutil.which(tool):
            print(f"ok {number} {title} # SKIP there is no {tool}")
            continue
        try:
            good, found = check(version, compiler, link, flags, make)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as failed:
            good, found = False, f"{failed.cmd}: {failed.stderr}"
        print(f"{'ok' if good else 'not ok'} {number} {title}", flush=True)
        if not good:
            print(f"# found: {found}", file=sys.stderr)


main()
