#!/usr/bin/env python3
"""What the Firefox Profiler relies on in a processed profile: the invariants of its tables.

  firefox.py FIQ     converts some profiles and checks them
"""
import gzip
import json
import pathlib
import subprocess
import sys
import tempfile

FOLDED = b"main;parse;malloc 3\nmain;parse 2\nmain;do_syscall_64_[k] 7\nmain;inl_[i];\xe5\x87\xbd 1\n"
SAMPLE = """my app {tid} [000] {time}: 10101010 cpu-clock:
\tffffffff81000010 do_it+0x10 ([kernel.kallsyms])
\t    55d0 leaf+0x10 (/bin/app)
  leaf.c:12
\t    55f0 main+0x9 (/bin/app)

"""
SCRIPT = "".join(SAMPLE.format(tid=f"12/{12 + i % 2}", time=f"{5 + i / 10:.6f}") for i in range(10))

COLUMNS = {
    "samples": ["stack", "time", "weight", "threadCPUDelta"],
    "stackTable": ["prefix", "frame", "category", "subcategory"],
    "frameTable": ["address", "inlineDepth", "category", "subcategory", "func", "nativeSymbol",
                   "innerWindowID", "implementation", "line", "column"],
    "funcTable": ["name", "isJS", "relevantForJS", "resource", "fileName", "lineNumber",
                  "columnNumber"],
    "resourceTable": ["lib", "name", "host", "type"],
    "markers": ["category", "data", "endTime", "name", "phase", "startTime"],
    "nativeSymbols": ["address", "functionSize", "libIndex", "name"],
}
COLORS = {"transparent", "purple", "green", "orange", "yellow", "lightblue", "blue", "brown",
          "magenta", "red", "lightred", "darkgrey", "grey"}


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def check_range(column, limit, what, null=False, none=None):
    for value in column:
        if (null and value is None) or value == none:
            continue
        check(isinstance(value, int) and 0 <= value < limit, f"{what}: {value} of {limit}")


def check_meta(meta):
    check(meta["preprocessedProfileVersion"] == 49, "version")
    check(meta["interval"] > 0, "interval")
    check(meta["processType"] == 0 and meta["symbolicated"] is True, "flags")
    for category in meta["categories"]:
        check(category["color"] in COLORS, category["color"])
        check(category["subcategories"] == ["Other"], "subcategories")
    return len(meta["categories"])


def check_thread(thread, categories, libs):
    for table, columns in COLUMNS.items():
        length = thread[table]["length"]
        for column in columns:
            check(len(thread[table][column]) == length, f"{table}.{column}: length")
    texts, stacks = len(thread["stringArray"]), thread["stackTable"]
    check(all(isinstance(t, str) for t in thread["stringArray"]), "strings")
    check(isinstance(thread["pid"], str), "pid is a text")
    for i, prefix in enumerate(stacks["prefix"]):
        check(prefix is None or 0 <= prefix < i, "parents come before their children")
    check_range(stacks["frame"], thread["frameTable"]["length"], "stack.frame")
    check_range(stacks["category"], categories, "stack.category")
    check_range(thread["frameTable"]["func"], thread["funcTable"]["length"], "frame.func")
    check_range(thread["frameTable"]["category"], categories, "frame.category")
    check_range(thread["funcTable"]["name"], texts, "func.name")
    check_range(thread["funcTable"]["fileName"], texts, "func.fileName", null=True)
    check_range(thread["funcTable"]["resource"], thread["resourceTable"]["length"],
                "func.resource", none=-1)
    check_range(thread["resourceTable"]["lib"], libs, "resource.lib")
    check_range(thread["resourceTable"]["name"], texts, "resource.name")
    check_range(thread["samples"]["stack"], stacks["length"], "samples.stack", null=True)
    times = thread["samples"]["time"]
    check(times == sorted(times), "samples are in the order of time")
    check(thread["registerTime"] <= times[0] and times[-1] <= thread["unregisterTime"], "span")
    return sum(thread["samples"]["weight"])


def check_profile(profile, total, threads):
    categories = check_meta(profile["meta"])
    check(len(profile["threads"]) == threads, f"{len(profile['threads'])} threads")
    weight = sum(check_thread(t, categories, len(profile["libs"])) for t in profile["threads"])
    check(abs(weight - total) < 1e-6, f"weights sum to {weight}, not {total}")


def convert(fiq, data, name, *options):
    with tempfile.TemporaryDirectory() as scratch:
        out = pathlib.Path(scratch, name)
        subprocess.run([fiq, "convert", "-q", "-", "-o", str(out), *options], input=data,
                       check=True)
        raw = out.read_bytes()
    return json.loads(gzip.decompress(raw) if name.endswith(".gz") else raw)


def main():
    fiq = sys.argv[1]
    check_profile(convert(fiq, FOLDED, "a.firefox.json"), 13, 1)
    check_profile(convert(fiq, SCRIPT.encode(), "b.firefox.json.gz"), 10, 2)
    profile = convert(fiq, SCRIPT.encode(), "c.firefox.json", "--value", "cpu")
    check_profile(profile, 101.0101, 2)
    main_thread = profile["threads"][0]
    check(main_thread["isMainThread"], "the thread with the number of the process is the main one")
    check([round(t) for t in main_thread["samples"]["time"]] == [0, 200, 400, 600, 800], "times")
    kernel = main_thread["stackTable"]["category"].index(2)
    frame = main_thread["stackTable"]["frame"][kernel]
    name = main_thread["funcTable"]["name"][main_thread["frameTable"]["func"][frame]]
    check(main_thread["stringArray"][name] == "do_it", "the kernel's frames have its category")


if __name__ == "__main__":
    main()
