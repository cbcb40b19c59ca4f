#!/usr/bin/env python3
"""go.py NAME_ADDRESSES: names, inlined calls and lines of a Go program, from DWARF and, stripped,
from its own table, against `go tool addr2line`; and both against one another with --no-inline."""
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

from building import NAMES, run

COUNT, LEAST = 4000, 99.5

if not shutil.which("go"):
    print("skipped: there is no go")
    sys.exit(77)

SOURCE = """package main

import "fmt"

func square(x int) int { return x * x }
func sum(n int) int {
	s := 0
	for i := 0; i < n; i++ {
		s += square(i)
	}
	return s
}
func main() { fmt.Println(sum(1000)) }
"""


def named(program, addresses, *options):
    """For each address its [(function, line)], innermost first; line 0 where there is none."""
    text = "".join(f"{address:x}\n" for address in addresses)
    blocks = run(NAMES, *options, program, input=text).split("\n\n")[:len(addresses)]
    lines = [block.strip().split("\n") for block in blocks]
    return [[(one[i], int(one[i + 1].rsplit(":", 1)[1])) for i in range(0, len(one) - 1, 2)]
            for one in lines]


def by_go(program, addresses):
    """For each address the function and the innermost line; 0 where Go says -1."""
    text = "".join(f"0x{address:x}\n" for address in addresses)
    lines = run("go", "tool", "addr2line", program, input=text).split("\n")
    return [(lines[2 * i], max(0, int(lines[2 * i + 1].rsplit(":", 1)[1])))
            for i in range(len(addresses))]


def expect(what, equal):
    share = 100 * sum(equal) / len(equal)
    print(f"{'ok' if share >= LEAST else 'FAIL'} {what}: {share:.2f} % of {len(equal)} equal")
    return share >= LEAST


def text_section(program):
    for line in run("readelf", "-SW", program).splitlines():
        fields = line.replace("[", " ").split()
        if ".text" in fields:
            at = fields.index(".text")
            return int(fields[at + 2], 16), int(fields[at + 4], 16)
    raise SystemExit("no .text")


def by_c_linker(directory):
    """Stripped programs in which C's linker has put code of its own before Go's."""
    good = True
    for what, mode in (("", []), (", relocatable", ["-buildmode=pie"])):
        for name, flags in (("linked", ""), ("linked-stripped", " -s -w")):
            run("go", "build", *mode, f"-ldflags=-linkmode=external{flags}", "-o", name, "main.go",
                cwd=directory, env={**os.environ, "CGO_ENABLED": "1"})
        full, stripped = directory / "linked", directory / "linked-stripped"
        start, size = text_section(full)
        addresses = sorted({start + random.randrange(size) for _ in range(COUNT)})
        # C's functions have a name in the symbol table only.
        places = [(a, r) for a, r in zip(addresses, by_go(full, addresses))
                  if re.match(r"(runtime|main|fmt|reflect|strconv|os)\.", r[0])]
        chains = named(stripped, [address for address, _ in places])
        good &= expect(f"functions by Go's table, linked by C's linker{what}",
                       [c[-1][0] == r[0] for c, (_, r) in zip(chains, places)])
    return good


def main():
    with tempfile.TemporaryDirectory(prefix="fiq-go-") as scratch:
        directory = pathlib.Path(scratch)
        os.environ.setdefault("HOME", scratch) # go keeps there what it has built
        (directory / "main.go").write_text(SOURCE)
        for name, flags in (("full", []), ("stripped", ["-ldflags=-s -w"])):
            run("go", "build", *flags, "-o", name, "main.go", cwd=directory)
        full, stripped = directory / "full", directory / "stripped"
        start, size = text_section(full)
        random.seed(7)
        addresses = sorted({start + random.randrange(size) for _ in range(COUNT)})
        right = by_go(full, addresses)
        places = [(a, r) for a, r in zip(addresses, right) if r[0] != "?"]
        addresses, right = [a for a, _ in places], [r for _, r in places]

        good = True
        for what, program in (("DWARF", full), ("Go's table", stripped)):
            chains = named(program, addresses)
            good &= expect(f"functions by {what}",
                           [c[-1][0] == r[0] for c, r in zip(chains, right)])
            good &= expect(f"lines by {what}", [c[0][1] == r[1] for c, r in zip(chains, right)])
        if shutil.which("gcc"):
            good &= by_c_linker(directory)
        one, other = (named(program, addresses, "--no-inline") for program in (full, stripped))
        good &= expect("functions and lines without inlined calls",
                       [a == b for a, b in zip(one, other)])
        sys.exit(not good)


try:
    main()
except subprocess.CalledProcessError as failed:
    sys.exit(f"{failed.cmd}: {failed.stderr}")
