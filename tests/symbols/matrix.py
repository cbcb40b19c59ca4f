#!/usr/bin/env python3
"""matrix.py NAME_ADDRESSES: builds chain.c in all the ways that debugging information comes in,
and checks that each address of its functions gets the names and lines it should.  TAP."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
NAMES = str(pathlib.Path(sys.argv[1]).resolve())
CHAIN = [("innermost", 11), ("middle", 17), ("outermost", 22)]


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=240,
                          **options).stdout


def compile_to(directory, *flags):
    """An object first, as split units are named after it."""
    program = directory / "chain"
    run("gcc", "-O2", "-g", "-c", HERE / "chain.c", "-o", "chain.o", *flags, cwd=directory)
    run("gcc", "-O2", "-g", "-Wl,--build-id", "chain.o", "-o", program, *flags, cwd=directory)
    return program


def function_range(program):
    """Start and end of outermost(), from the symbol table."""
    for line in run("nm", "-S", program).splitlines():
        fields = line.split()
        if fields[-1] == "outermost":
            return int(fields[0], 16), int(fields[0], 16) + int(fields[1], 16)
    raise SystemExit("no outermost() in " + str(program))


def chains(program, span, *options):
    text = "".join(f"{address:x}\n" for address in range(*span))
    answer = run(NAMES, *options, program, input=text)
    blocks = [block.split("\n") for block in answer.split("\n\n")[: span[1] - span[0]]]
    return [[(b[i], int(b[i + 1].rsplit(":", 1)[1])) for i in range(0, len(b) - 1, 2)]
            for b in blocks]


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


def split_package(program):
    run("dwp", "-e", program, "-o", "chain.dwp", cwd=program.parent)
    program.with_name("chain.dwo").unlink()
    return program, [], "chain"


def split_lost(program):
    program.with_name("chain.dwo").unlink()
    return program, [], "name"


VARIANTS = [  # name, flags, what is made of the program, tool that it needs
    ("plain", [], plain, None),
    ("no-inline", [], lambda program: (program, ["--no-inline"], "name"), None),
    ("gz", [], compressed, None),
    ("gz-gnu", [], compressed_in_the_old_way, None),
    ("split", ["-gsplit-dwarf"], plain, None),
    ("split-package", ["-gsplit-dwarf"], split_package, "dwp"),
    ("split-lost", ["-gsplit-dwarf"], split_lost, None),
    ("dwz", [], dwz, "dwz"),
    ("type-units", ["-fdebug-types-section"], plain, None),
    ("lto", ["-flto"], plain, None),
    ("debuglink", [], debuglink, None),
    ("debuglink-wrong", [], debuglink_of_another_file, None),
    ("build-id", [], build_id_directory, None),
    ("minidebug", [], mini_debug, "xz"),
    ("stripped", [], stripped, None),
]


def verdict(found, wanted):
    if wanted == "chain":
        complete = [chain for chain in found if chain == CHAIN]
        outer = all(chain and chain[-1][0] == "outermost" for chain in found)
        return bool(complete) and outer
    if wanted == "name":
        return all(len(chain) == 1 and chain[0][0] == "outermost" for chain in found)
    return all(len(chain) == 1 and chain[0][0].startswith("[") for chain in found)


def check(version, link, flags, make):
    with tempfile.TemporaryDirectory() as directory:
        program = compile_to(pathlib.Path(directory), f"-gdwarf-{version}", *link, *flags)
        span = function_range(program)
        made, options, wanted = make(program)
        found = chains(made, span, *options)
        return verdict(found, wanted), found


def main():
    number = 0
    print(f"1..{2 * 2 * len(VARIANTS)}")
    for version in (4, 5):
        for link_name, link in (("pie", ["-fPIE", "-pie"]), ("static", ["-static"])):
            for name, flags, make, tool in VARIANTS:
                number += 1
                title = f"dwarf-{version} {link_name} {name}"
                if tool and not shutil.which(tool):
                    print(f"ok {number} {title} # SKIP there is no {tool}")
                    continue
                if name == "split-package" and version == 5:
                    print(f"ok {number} {title} # SKIP binutils' dwp knows no DWARF 5")
                    continue
                try:
                    good, found = check(version, link, flags, make)
                except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as failed:
                    good, found = False, f"{failed.cmd}: {failed.stderr}"
                print(f"{'ok' if good else 'not ok'} {number} {title}")
                if not good:
                    print(f"# found: {found}", file=sys.stderr)
                sys.stdout.flush()


main()
