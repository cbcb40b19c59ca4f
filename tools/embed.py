#!/usr/bin/env python3
"""Makes a C file of other files: embed.py OUTPUT.c NAME=FILE...

Each NAME becomes `const char NAME[]`, ended by a NUL, with `const size_t NAME_size`.
"""
import pathlib
import sys


def array(name: str, data: bytes) -> str:
    # Numbers, as C promises no more than 4095 characters in a string literal.
    rows = [data[at : at + 20] for at in range(0, len(data), 20)]
    numbers = "".join("    " + "".join(f"{byte}," for byte in row) + "\n" for row in rows)
    return (
        f"extern const unsigned char {name}[];\nextern const size_t {name}_size;\n"
        f"const unsigned char {name}[] = {{\n{numbers}    0}};\n"
        f"const size_t {name}_size = sizeof({name}) - 1;\n"
    )


def slim(file: pathlib.Path) -> bytes:
    """Without indentation and without lines that are only a comment: files carry it along."""
    lines = [line.strip() for line in file.read_text().splitlines()]
    kept = [line for line in lines if line and not line.startswith(("//", "/*"))]
    return ("\n".join(kept) + "\n").encode()


def main() -> None:
    parts = ["/* Made by tools/embed.py; not to be edited. */\n#include <stddef.h>\n"]
    for item in sys.argv[2:]:
        name, file = item.split("=", 1)
        parts.append(array(name, slim(pathlib.Path(file))))
    pathlib.Path(sys.argv[1]).write_text("".join(parts))


main()
