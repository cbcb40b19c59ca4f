#!/usr/bin/env python3
"""Fails when a header does not compile alone: check-headers.py SRC COMPILER…"""
import pathlib
import subprocess
import sys

src, compiler = pathlib.Path(sys.argv[1]), sys.argv[2:]
bad = 0
for header in sorted(src.glob("*/*.h")):
    command = [*compiler, "-std=gnu17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror",
               "-fsyntax-only", f"-I{src}", "-include", str(header), "-xc", "/dev/null"]
    if subprocess.run(command, check=False).returncode:
        print(f"{header} does not compile alone")
        bad = 1
sys.exit(bad)
