#!/usr/bin/env python3
"""Fails when a C file is not laid out as clang-format 14 does it; versions differ, so only 14."""
import pathlib
import shutil
import subprocess
import sys

root = pathlib.Path(sys.argv[1])
program = shutil.which("clang-format-14")
if not program:
    print("skipped: clang-format-14 is not installed (tools/check installs it)")
    sys.exit(77)
files = [str(f) for room in ("src", "include", "tests", "workloads")
         for f in sorted((root / room).rglob("*.[ch]"))]
result = subprocess.run([program, "--dry-run", "--Werror", *files], check=False)
if result.returncode:
    print("clang-format-14 -i FILE… puts it right")
sys.exit(1 if result.returncode else 0)
