#!/usr/bin/env python3
"""Prints the source of a man page with its parts: page.py PAGE.scd.

Options that several commands share are described once, in parts/NAME.scd; a line
"@include NAME" stands for them."""
import pathlib
import re
import sys


def expand(page):
    """The text of the page, a pathlib.Path, with its parts in place."""
    return re.sub(r"(?m)^@include (\S+)$",
                  lambda found: (page.parent / "parts" / f"{found[1]}.scd").read_text().rstrip(),
                  page.read_text())


if __name__ == "__main__":
    sys.stdout.write(expand(pathlib.Path(sys.argv[1])))
