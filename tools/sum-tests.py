#!/usr/bin/env python3
"""Adds up meson's test logs: sum-tests.py FAILED_STEPS LOG.json…

A log has a line of JSON for each test.  What was skipped says why.  The last line is
"N passed, N failed, N skipped"; the exit code is 1 when something failed or nothing passed."""
import json
import sys

PASSED = {"OK", "EXPECTEDFAIL"}
SKIPPED = {"SKIP", "IGNORED"}

passed, failed, skipped = 0, int(sys.argv[1]), 0
for path in sys.argv[2:]:
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            test = json.loads(line)
            if test["result"] in PASSED:
                passed += 1
            elif test["result"] in SKIPPED:
                skipped += 1
                words = (test.get("stdout") or test.get("stderr") or "no reason given").split("\n")
                reason = [w for w in words if "skip" in w.lower()] or [w for w in words if w]
                print(f"skipped: {test['name']}: {reason[-1].strip()}")
            else:
                failed += 1
                print(f"failed: {test['name']} ({test['result']})")
print(f"{passed} passed, {failed} failed, {skipped} skipped")
sys.exit(1 if failed or not passed else 0)
