#!/usr/bin/env python3
"""Makes a C file of other files: embed.py OUTPUT.c NAME=FILE[+FILE...]...

Each NAME becomes `const char NAME[]`, ended by a NUL, with `const size_t NAME_size`.  Scripts are
put into a block of their own, as there may be several pictures in a document; for each there is
`const char NAME_digest[]`, which a policy of a page allows it by.
"""
import base64
import hashlib
import pathlib
import re
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


def slim(text: str) -> str:
    """Without indentation and whole-line comments: files carry it along."""
    text = re.sub(r"^\s*/\*.*?\*/[ \t]*$", "", text, flags=re.S | re.M)
    lines = [line.strip() for line in text.splitlines()]
    return "".join(line + "\n" for line in lines if line and not line.startswith("//"))


def joined(files: list[pathlib.Path]) -> bytes:
    text = "".join(slim(file.read_text()) for file in files)
    if files[0].suffix == ".js":
        text = '"use strict";\n{\n' + text + "}\n"
    return text.encode()


def digest(name: str, data: bytes) -> str:
    hashed = base64.b64encode(hashlib.sha256(data).digest()).decode()
    return f'extern const char {name}_digest[];\nconst char {name}_digest[] = "sha256-{hashed}";\n'


def main() -> None:
    parts = ["/* Made by tools/embed.py; not to be edited. */\n#include <stddef.h>\n"]
    for item in sys.argv[2:]:
        name, files = item.split("=", 1)
        data = joined([pathlib.Path(file) for file in files.split("+")])
        parts.append(array(name, data))
        if files.endswith(".js"):
            parts.append(digest(name, data))
    pathlib.Path(sys.argv[1]).write_text("".join(parts))


main()
