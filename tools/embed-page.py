#!/usr/bin/env python3
"""Puts style sheets and scripts into a page, and the page into a C file.

    embed-page.py OUTPUT.c NAME PAGE.html FILE...

The page has @STYLE@ and @SCRIPT@ for the files, joined in the order given, and @CSP@ for the
policy that allows these two by their hashes and nothing else.  @TITLE@, @FALLBACK@ and @DATA@
become the bytes 1, 2 and 3, for the program to replace.
"""
import base64
import hashlib
import pathlib
import re
import sys

PLACES = {"@TITLE@": "\x01", "@FALLBACK@": "\x02", "@DATA@": "\x03"}


def without_comments(script: str) -> str:
    """Drops whole-line comments and indentation: a quarter of the size, same line breaks."""
    script = re.sub(r"^\s*/\*.*?\*/[ \t]*$", "", script, flags=re.S | re.M)
    return "\n".join(line.strip() for line in script.splitlines() if line.strip()) + "\n"


def digest(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def main() -> None:
    output, name, page, *files = sys.argv[1:]
    joined = {".css": "", ".js": ""}
    for file in map(pathlib.Path, files):
        joined[file.suffix] += without_comments(file.read_text(encoding="utf-8"))
    style, script = joined[".css"], joined[".js"]
    if re.search(r"</script|<!--|</style|[\x00-\x08]", style + script, re.I):
        sys.exit("a script or style sheet would end its own element")
    policy = (f"default-src 'none'; script-src {digest(script)}; style-src {digest(style)}; "
              "img-src data: blob:; base-uri 'none'; form-action 'none'")
    text = pathlib.Path(page).read_text(encoding="utf-8")
    for place, byte in PLACES.items():
        text = text.replace(place, byte)
    text = text.replace("@CSP@", policy).replace("@STYLE@", style).replace("@SCRIPT@", script)
    data = text.encode()
    rows = "".join("    " + "".join(f"{byte}," for byte in data[at : at + 20]) + "\n"
                   for at in range(0, len(data), 20))
    pathlib.Path(output).write_text(
        "/* Made by tools/embed-page.py; not to be edited. */\n#include <stddef.h>\n\n"
        f"extern const unsigned char {name}[];\nextern const size_t {name}_size;\n"
        f"const unsigned char {name}[] = {{\n{rows}    0}};\n"
        f"const size_t {name}_size = sizeof({name}) - 1;\n")


main()
