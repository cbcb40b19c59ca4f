#!/usr/bin/env python3
"""Asks pprof itself about the files that fiq writes for it.

  pprof.py FIQ     skipped without go

Each profile is read by `go tool pprof -top`, -traces and -raw: without a complaint, without
symbolizing again, and with the totals and functions that `fiq report` has.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

FOLDED = """main;parse;malloc 3
main;parse 2
main;do_syscall_64_[k];copy_[k] 7
main;walk;walk;walk;leaf 5
main;operator new(unsigned long) 12;std::vector<int, A>::push_back(int) 4
main;inlined_[i];\u51fd\u6570 1
main;a "quoted" name 6
other 900000000000
"""
SAMPLE = """my app {pid}/{tid} [000] {time}: 10101010 cpu-clock:
\tffffffff81000010 do_it+0x10 ([kernel.kallsyms])
\t    55d0 {leaf}+0x10 (/bin/app)
\t    5600 small+0x1 (inlined)
\t    5601 middle+0x9 (/lib/lib.so)
\t    55f0 main+0x9 (/bin/app)
\t    77f0 [unknown] (/lib/stripped.so)

"""
SCRIPT = "".join(SAMPLE.format(pid=12 + i % 2, tid=12 + i % 3, time=f"{5 + i / 10:.6f}",
                               leaf="leaf" if i % 4 else "seldom") for i in range(40))
INPUTS = {"folded": (FOLDED, []), "script": (SCRIPT, []), "timed": (SCRIPT, ["--timestamps"])}

# Of pprof's numbers: all of them, as they are.
WHOLE = ["-nodecount=0", "-nodefraction=0", "-edgefraction=0", "-unit=count", "-sample_index=samples"]


def pprof(arguments, path):
    done = subprocess.run(["go", "tool", "pprof", *arguments, str(path)], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, f"{arguments}: {done.stderr}"
    # The first lines say which file and what type it is; all else there is a complaint.
    assert done.stderr == "", f"{arguments}: {done.stderr}"
    return done.stdout


def report(fiq, path):
    text = subprocess.run([fiq, "report", "--format", "json", "--top", "100000", str(path)],
                          capture_output=True, text=True, check=True).stdout
    return json.loads(text)


def functions_of_report(data):
    """Self and total by name; pprof does not tell functions of two files apart."""
    functions = {}
    for row in data["functions"]:
        own, total = functions.get(row["function"], (0, 0))
        functions[row["function"]] = (own + row["self"]["samples"], total + row["total"]["samples"])
    return functions


def functions_of_pprof(text):
    functions = {}
    for line in text.splitlines():
        found = re.match(r"\s*(\d+)\s+\S+%\s+\S+%\s+(\d+)\s+\S+%\s+(.*)$", line)
        if found:
            name = re.sub(r" \((partial-)?inline\)$", "", found[3])
            own, total = functions.get(name, (0, 0))
            functions[name] = (own + int(found[1]), total + int(found[2]))
    return functions


def check(fiq, path):
    data = report(fiq, path)
    top = pprof(["-top", *WHOLE], path)
    assert f"Total samples = {data['total_samples']} " in top or \
        f" {data['total_samples']} total" in top, top.splitlines()[:12]
    expected, found = functions_of_report(data), functions_of_pprof(top)
    assert found == expected, f"{path.name}:\n{expected}\n{found}"

    traces = pprof(["-traces", *WHOLE], path)
    weights = re.findall(r"^ *(\d+)   \S", traces, re.M)
    assert sum(map(int, weights)) == data["total_samples"], weights

    raw = pprof(["-raw"], path)
    listed = raw.split("Samples:")[1].split("Locations")[0]
    samples = re.findall(r"^ *(\d+)(?: +\d+)*: [\d ]+$", listed, re.M)
    assert sum(map(int, samples)) == data["total_samples"], "the samples of -raw"
    assert "samples/count[dflt]" in raw
    # M: pprof would ask for names again when a mapping does not say that it has them.
    mappings = raw.split("Mappings\n")[1].splitlines()
    assert mappings and all(line.endswith("[FN][FL][LN][IN]") for line in mappings if "0x" in line), \
        mappings


def main():
    fiq = sys.argv[1]
    if not shutil.which("go"):
        print("skipped: go is missing")
        sys.exit(77)
    os.environ.setdefault("HOME", "/tmp")
    with tempfile.TemporaryDirectory() as directory:
        for name, (text, options) in INPUTS.items():
            source = pathlib.Path(directory, name)
            target = pathlib.Path(directory, name + ".pb.gz")
            source.write_text(text, encoding="utf-8")
            subprocess.run([fiq, "convert", *options, str(source), "-o", str(target)],
                           stderr=subprocess.DEVNULL, check=True)
            check(fiq, target)


main()
