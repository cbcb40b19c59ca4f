#!/usr/bin/env python3
"""Fails when a room includes a header that it may not know of (README, "Architecture")."""
import pathlib
import re
import sys

ROOMS = {
    "base": "",
    "perf": "base",
    "elf": "base",
    "profile": "base",
    "capture": "base perf",
    "process": "base perf elf",
    "unwind": "base perf elf process",
    "symbolize": "base elf process profile",
    "format": "base profile",
    "render": "base profile",
    "compare": "base profile",
    "session": "base perf capture process unwind symbolize profile",
    "report": "base profile compare",
    "gate": "base profile format compare report session",
    "doctor": "base perf elf process symbolize capture",
    "cli": "base profile format render compare report gate doctor session",
}

# Headers of libraries that belong to few rooms.
LIBRARIES = {
    r"elfutils/|libelf\.h|gelf\.h|dwarf\.h|libdw": "elf unwind symbolize doctor",
    r"linux/perf_event\.h": "perf capture",
}


def complaint(room, include):
    """What is wrong with `#include include` in a file of the room, or None."""
    own = re.match(r'"(\w+)/', include)
    if own and own[1] not in {room, *ROOMS[room].split()}:
        return f"{room} may not use {own[1]}"
    for pattern, rooms in LIBRARIES.items():
        if re.match(f"[<\"](?:{pattern})", include) and room not in rooms.split():
            return f"{room} may not use {include}: only {rooms} may"
    return None


def main():
    bad = 0
    for file in sorted(pathlib.Path(sys.argv[1]).glob("*/*.[ch]")):
        room = file.parent.name
        if room not in ROOMS:
            print(f"{file}: {room} is no room that check-layers.py knows")
            bad = 1
            continue
        for number, line in enumerate(file.read_text().splitlines(), 1):
            found = re.match(r"#\s*include\s+(\S+)", line)
            wrong = found and complaint(room, found[1])
            if wrong:
                print(f"{file}:{number}: {wrong}")
                bad = 1
    return bad


sys.exit(main())
