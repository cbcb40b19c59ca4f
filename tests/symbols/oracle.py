#!/usr/bin/env python3
"""oracle.py NAME_ADDRESSES FILE [COUNT [LEAST [SAME]]]: chains of inlined calls and lines at COUNT random
code addresses of FILE (5000), as fiq and as llvm-symbolizer -i have them; fails when less than
LEAST percent (99.5) are equal.  SAME is what llvm-symbolizer reads in place of FILE, when it does
not know the form of that: the same code with debugging information of a plainer kind.

Not counted as differences: constructors and destructors under the names C1, C2, … of their
copies; what compilers append to copies of functions; and the name of an STT_FILE symbol, which
llvm-symbolizer gives for a path where there is no line."""
import collections
import os
import random
import re
import shutil
import subprocess
import sys

NAMES, FILE = sys.argv[1:3]
COUNT = int(sys.argv[3]) if len(sys.argv) > 3 else 5000
LEAST = float(sys.argv[4]) if len(sys.argv) > 4 else 99.5
SAME = sys.argv[5] if len(sys.argv) > 5 else FILE


def find_oracle():
    for name in ("llvm-symbolizer", *(f"llvm-symbolizer-{n}" for n in range(25, 13, -1))):
        if shutil.which(name):
            return name
    print("skipped: llvm-symbolizer is missing")
    sys.exit(77)


def text_section():
    listing = subprocess.run(["readelf", "-SW", FILE], capture_output=True, text=True,
                             check=True).stdout
    fields = re.search(r"\] \.text\s+\w+\s+(\w+)\s+\w+\s+(\w+)", listing)
    return int(fields[1], 16), int(fields[2], 16)


def chains(command, addresses):
    """Per address its [(function, path, line)], innermost first."""
    answer = subprocess.run(command, input="".join(f"{a:#x}\n" for a in addresses),
                            capture_output=True, text=True, errors="replace", check=True).stdout
    blocks = [block.strip().split("\n") for block in answer.split("\n\n")[:len(addresses)]]
    return [[frame(b[i], b[i + 1]) for i in range(0, len(b) - 1, 2)] for b in blocks]


def frame(function, place):
    path, line = re.match(r"(.*?):(\d+)(?::\d+)?(?: \(.*)?$", place).groups()
    if function.startswith("["):
        function = "??"
    function = re.sub(r"\.(cold|llvm)(\.\d+)?$", "", function)
    function = re.sub(r"([CD])[1245](?=[IE])", r"\1", function)
    # Without a line, the path says nothing about the place.
    return function, os.path.normpath(path) if int(line) else "??", int(line)


def kind_of_difference(mine, theirs):
    if len(mine) != len(theirs):
        return f"{len(mine)} frames for {len(theirs)}"
    for what, at in (("names", 0), ("paths", 1)):
        if [f[at] for f in mine] != [f[at] for f in theirs]:
            return what
    return "lines"


def main():
    oracle = find_oracle()
    start, size = text_section()
    random.seed(7)
    addresses = sorted({start + random.randrange(size) for _ in range(COUNT)})
    mine = chains([NAMES, "--no-demangle", FILE], addresses)
    theirs = chains([oracle, "-i", "--no-demangle", "--obj=" + SAME], addresses)
    kinds = collections.Counter()
    for address, a, b in zip(addresses, mine, theirs, strict=True):
        if a == b:
            continue
        kind = kind_of_difference(a, b)
        if not kinds[kind]:
            print(f"{kind} at {address:#x}\n  fiq     {a}\n  oracle  {b}")
        kinds[kind] += 1
    equal = 100 - 100 * kinds.total() / len(addresses)
    print(f"{equal:.2f} % of {len(addresses)} addresses equal; differences: {dict(kinds)}")
    sys.exit(equal < LEAST)


main()
