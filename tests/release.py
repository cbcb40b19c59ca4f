#!/usr/bin/env python3
"""A release build with -Dprefer_static=true needs only libc at run time: release.py FIQ."""
import re
import subprocess
import sys

ALLOWED = {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2"}

dynamic = subprocess.run(["readelf", "-d", sys.argv[1]], check=True, capture_output=True,
                         text=True).stdout
needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic))
print("needs", *sorted(needed))
sys.exit(f"more than libc: {needed - ALLOWED}" if needed - ALLOWED or not needed else 0)
