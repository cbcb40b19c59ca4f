#!/usr/bin/env python3
"""doctor.py FIQ: what fiq doctor says of one program with, without, and with separate symbols."""
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
FIQ = str(pathlib.Path(sys.argv[1]).resolve())
failed = 0

if not all(map(shutil.which, ("gcc", "strip", "objcopy", "readelf"))):
    print("skipped: there are no binutils")
    sys.exit(77)


def run(*command):
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True,
                          timeout=120, cwd=directory).stdout


def expect(what, words, *command):
    """Each of the words stands in what doctor prints; those with a ! do not."""
    global failed
    said = run(FIQ, "doctor", *command)
    for word in words:
        if (word.lstrip("!") in said) == word.startswith("!"):
            print(f"FAIL {what}: {word!r} in\n{said}")
            failed += 1


with tempfile.TemporaryDirectory(prefix="fiq-doctor-") as scratch:
    directory = pathlib.Path(scratch)
    run("gcc", "-O1", "-g", "-Wl,--build-id", HERE / "chain.c", "-o", "full")
    run("strip", "-g", "-o", "nodebug", "full")
    run("strip", "-s", "-o", "bare", "full")
    run("objcopy", "--only-keep-debug", "full", "full.debug")
    shutil.copy(directory / "bare", directory / "linked")
    run("objcopy", "--add-gnu-debuglink=full.debug", "linked")
    build_id = run("readelf", "-n", "full").split("Build ID: ")[1].split()[0]
    by_id = directory / "store/.build-id" / build_id[:2]
    by_id.mkdir(parents=True)
    shutil.copy(directory / "full.debug", by_id / (build_id[2:] + ".debug"))

    expect("all symbols", [build_id, "of all functions", "yes, with lines", "!what helps"], "full")
    expect("no debug info", ["of all functions", "no, and no lines", "-dbgsym", "not there"],
           "nodebug")
    expect("no symbols", ["exported functions only", "no, and no lines", "what helps"], "bare")
    expect("a debug link", ["full.debug: this is it", "of all functions", "yes, with lines"],
           "linked")
    expect("a directory of build IDs", [".debug: this is it", "of all functions", "!what helps"],
           "--debug-dir", "store", "bare")
    run("gcc", "-O2", "-Wl,--build-id", HERE / "chain.c", "-o", "full.debug")
    expect("a link to something else", ["full.debug: another build ID", "exported functions only"],
           "linked")

print(f"{failed} failed" if failed else "all as expected")
sys.exit(1 if failed else 0)
