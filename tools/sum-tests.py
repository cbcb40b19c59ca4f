#!/usr/bin/env python3
"""Adds up meson's test logs: sum-tests.py FAILED_STEPS LOG.json…

A log has a line of JSON for each test.  What was skipped says why; a test that stands in LOG.json
and in LOG-again.json has the result of the latter, and is named when that is better.  The last
line is "N passed, N failed, N skipped"; the exit code is 1 when something failed or nothing
passed.

sum-tests.py --failed LOG.json: the names of the tests that failed, a line each."""
import json
import sys

PASSED = {"OK", "EXPECTEDFAIL"}
SKIPPED = {"SKIP", "IGNORED"}


def tests_of(paths):
    for path in paths:
        with open(path, encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def has_failed(test):
    return test["result"] not in PASSED | SKIPPED


def reason_of(test):
    words = (test.get("stdout") or test.get("stderr") or "no reason given").split("\n")
    reasons = [w for w in words if "skip" in w.lower()] or [w for w in words if w]
    return reasons[-1].strip()


if sys.argv[1] == "--failed":
    for test in filter(has_failed, tests_of(sys.argv[2:])):
        print(test["name"].split(" / ")[-1])
    sys.exit()

AGAIN = "-again.json"
latest = {}
for path in sorted(sys.argv[2:], key=lambda path: path.endswith(AGAIN)):
    # The same test runs in several builds, each with logs of its own.
    build = path.rsplit("/", 1)[-1].replace(AGAIN, ".json")
    for test in tests_of([path]):
        before = latest.get((build, test["name"]))
        if before and has_failed(before) and not has_failed(test):
            print(f"failed once, passed when repeated: {test['name']}")
        latest[build, test["name"]] = test

passed, failed, skipped = 0, int(sys.argv[1]), 0
for test in latest.values():
    if test["result"] in SKIPPED:
        skipped += 1
        print(f"skipped: {test['name']}: {reason_of(test)}")
    elif has_failed(test):
        failed += 1
        print(f"failed: {test['name']} ({test['result']})")
    else:
        passed += 1
print(f"{passed} passed, {failed} failed, {skipped} skipped")
sys.exit(1 if failed or not passed else 0)
