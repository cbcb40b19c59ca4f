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
                          timeout=300, cwd=directory).stdout


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
    expect("no debug info", ["of all functions", "no, and no lines", "build it with -g",
                             "not there", "!objcopy"], "nodebug")
    expect("no symbols", ["exported functions only", "no, and no lines",
                          f"objcopy --add-gnu-debuglink={directory}/bare.debug {directory}/bare"],
           "bare")
    expect("a debug link", ["full.debug: this is it", "of all functions", "yes, with lines"],
           "linked")
    expect("a directory of build IDs", [".debug: this is it", "of all functions", "!what helps"],
           "--debug-dir", "store", "bare")
    run("gcc", "-O2", "-Wl,--build-id", HERE / "chain.c", "-o", "full.debug")
    expect("a link to something else", ["full.debug: another build ID", "exported functions only",
                                        f"objcopy --only-keep-debug UNSTRIPPED {directory}/full.debug"],
           "linked")
    (directory / "full.debug").unlink()
    expect("a link to nothing", ["full.debug: not there",
                                 f"objcopy --only-keep-debug UNSTRIPPED {directory}/full.debug"],
           "linked")

    for version, gatherer in ((4, "dwp"), (5, "llvm-dwp")):
        run("gcc", "-O2", f"-gdwarf-{version}", "-gsplit-dwarf", "-c", HERE / "chain.c")
        run("gcc", "chain.o", "-o", "split")
        expect("split", ["1 of 1 units was found", "!what helps"], "split")
        (directory / "chain.dwo").unlink()
        expect("split, lost", ["0 of 1 units was found", "no, but lines",
                               f"  {gatherer} -e {directory}/split -o {directory}/split.dwp"],
               "split")

    (directory / "script").write_text("#!/usr/bin/env -S python3 -u\n")
    expect("a script", ["a script", "command -v python3"], "script")
    (directory / "perf-1.map").write_text("7f00 20 function\n")
    expect("a perf map", ["a perf map"], "perf-1.map")
    expect("a directory", ["a directory"], ".")
    (directory / "text").write_text("7f00 function\n")
    said = subprocess.run([FIQ, "doctor", directory / "text"], capture_output=True, text=True,
                          check=False)
    if said.returncode != 1 or said.stdout or "not an ELF file" not in said.stderr:
        print(f"FAIL a text: {said}")
        failed += 1

if shutil.which("dpkg") and not pathlib.Path("/usr/share/doc/coreutils-dbgsym").exists():
    directory = pathlib.Path("/")
    expect("a package's program", ["coreutils-dbgsym", "fiq doctor --debuginfod /usr/bin/ls"],
           "/bin/ls")

print(f"{failed} failed" if failed else "all as expected")
sys.exit(1 if failed else 0)
