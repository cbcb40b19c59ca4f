#!/usr/bin/env python3
"""Fails when a command has no man page, or one that lacks an option: check-man.py FIQ MAN.

Both sides are compared: what --help lists must be in the page, and no page may promise a long
option that its command does not have."""
import pathlib
import re
import subprocess
import sys

fiq, man = sys.argv[1], pathlib.Path(sys.argv[2])
sys.path.insert(0, str(man))
sys.dont_write_bytecode = True
from page import expand  # noqa: E402  (it lies beside the pages)


def output_of(*arguments):
    return subprocess.run([fiq, *arguments], check=True, capture_output=True, text=True).stdout


def commands():
    listing = output_of("--help").split("Commands:\n")[1].split("\n\n")[0]
    return [line.split()[0] for line in listing.splitlines() if line.startswith("  ")]


def options_of(command):
    """Long options and letters that --help lists, as {"--duration", "-d"}."""
    found = set()
    for line in output_of(command, "--help").splitlines():
        if re.match(r" {2,6}-", line):
            head = re.split(r"  +", line.strip())[0]
            found |= set(re.findall(r"(?<![\w-])--?[A-Za-z][\w-]*", head))
    return found


def complaints(command):
    if f"*fiq-{command}*(1)" not in (man / "fiq.1.scd").read_text():
        yield f"fiq.1.scd does not lead to {command}"
    page = man / f"fiq-{command}.1.scd"
    if not page.exists():
        yield f"{command} has no page man/{page.name}; write one like fiq-flame.1.scd"
        return
    promised = set()
    for line in expand(page).splitlines():
        if line.startswith("*-"):  # the head of an option's paragraph
            promised |= set(re.findall(r"(?<![\w-])--?[A-Za-z][\w-]*", line))
    options = options_of(command)
    for option in sorted(options - promised):
        yield f"man/{page.name} and its parts say nothing of {option}"
    for option in sorted(promised - options):
        yield f"{page.name} has {option}, which fiq {command} --help does not list"


bad = [text for command in commands() for text in complaints(command)]
print("\n".join(bad) or "every option stands in its page")
sys.exit(1 if bad else 0)
