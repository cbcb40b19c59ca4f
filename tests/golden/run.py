#!/usr/bin/env python3
"""Golden tests: what fiq writes, against what it wrote when somebody last looked at it.

A case is a directory beside this file:

  cmd        a shell script, in which `fiq` is the program under test
  expected/  stdout, stderr, code (left out: nothing, nothing, 0); any other file in it must
             have been written by the command under that name
  *          inputs; the command runs in a copy of the directory

  run.py FIQ [NAME…]           compares
  run.py --tap FIQ [NAME…]     the same, for meson
  run.py --update FIQ [NAME…]  makes expected/ from what comes out (tools/update-golden)
"""
import difflib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
DEFAULTS = {"stdout": b"", "stderr": b"", "code": b"0\n"}


def run(case, fiq):
    """What the command of the case gives: {name: bytes}."""
    with tempfile.TemporaryDirectory() as scratch:
        work, bin_dir = pathlib.Path(scratch, "work"), pathlib.Path(scratch, "bin")
        shutil.copytree(case, work, ignore=shutil.ignore_patterns("cmd", "expected"))
        bin_dir.mkdir()
        (bin_dir / "fiq").symlink_to(fiq)
        before = {f.name for f in work.iterdir()}
        env = {**os.environ, "PATH": f"{bin_dir}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8",
               "TZ": "UTC", "XDG_CONFIG_HOME": str(work / "config")}
        for name in ("BROWSER", "COLUMNS", "NO_COLOR", "CLICOLOR_FORCE", "SUDO_UID", "SUDO_GID"):
            env.pop(name, None)
        done = subprocess.run(["sh", "-eu", str(case / "cmd")], cwd=work, env=env, timeout=300,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False)
        result = {"stdout": done.stdout, "stderr": done.stderr,
                  "code": b"%d\n" % done.returncode}
        for file in work.iterdir():
            if file.name not in before and file.is_file():
                result[file.name] = file.read_bytes()
        return result


def expected(case):
    found = {f.name: f.read_bytes() for f in (case / "expected").glob("*")}
    return {**DEFAULTS, **found}


def difference(name, want, got):
    lines = [part.decode("utf-8", "backslashreplace").splitlines() for part in (want, got)]
    return "\n".join(list(difflib.unified_diff(*lines, f"{name} expected", f"{name} now",
                                               lineterm=""))[:40])


def compare(case, fiq):
    """What differs, as text; empty when nothing does."""
    want, got = expected(case), run(case, fiq)
    said = []
    for name in sorted({*want, *got}):
        if name not in got:
            said.append(f"{name} was not written")
        elif name not in want:
            said.append(f"{name} was written but is not expected")
        elif want[name] != got[name]:
            said.append(difference(name, want[name], got[name]))
    return "\n".join(said)


def update(case, fiq):
    shutil.rmtree(case / "expected", ignore_errors=True)
    (case / "expected").mkdir()
    for name, content in run(case, fiq).items():
        if DEFAULTS.get(name) != content:
            (case / "expected" / name).write_bytes(content)


def main():
    arguments = sys.argv[1:]
    mode = arguments.pop(0) if arguments[0].startswith("--") else ""
    fiq = pathlib.Path(arguments[0]).resolve()
    cases = sorted(d.parent for d in HERE.glob("*/cmd")
                   if not arguments[1:] or d.parent.name in arguments[1:])
    if not cases:
        sys.exit("no such case")
    if mode == "--tap":
        print(f"1..{len(cases)}")
    failed = 0
    for number, case in enumerate(cases, 1):
        if mode == "--update":
            update(case, fiq)
            continue
        said = compare(case, fiq)
        failed += bool(said)
        print(f"{'not ok' if said else 'ok'} {number} {case.name}")
        if said:
            print("\n".join(f"# {line}" for line in said.splitlines()), flush=True)
    return 1 if failed else 0


sys.exit(main())
