#!/usr/bin/env python3
"""fiq run returns what its command returned, and 125, 126, 127 as env(1) does."""
from harness import *

need_events()
out = SCRATCH / "out.folded"


def code(*command, options=()):
    return fiq("run", "-q", "-o", out, *options, "--", *command).returncode


plain = SCRATCH / "not-executable"
plain.write_text("#!/bin/sh\n")
plain.chmod(0o644)
broken = SCRATCH / "no-interpreter"
broken.write_text("#!/no/such/interpreter\n")
broken.chmod(0o755)

expect(code("sh", "-c", "exit 0") == 0, "0")
expect(code("sh", "-c", "exit 7") == 7, "7")
expect(code("sh", "-c", "exit 255") == 255, "255")
expect(code("sh", "-c", "kill -TERM $$") == 128 + 15, "128 + 15 after SIGTERM")
expect(code("sh", "-c", "kill -KILL $$") == 128 + 9, "128 + 9 after SIGKILL")
expect(code("sh", "-c", "kill -SEGV $$") == 128 + 11, "128 + 11 after SIGSEGV")
expect(code(plain) == 126, "126: not executable")
expect(code(SCRATCH) == 126, "126: a directory")
expect("is a directory" in fiq("run", "--", SCRATCH).stderr, "and it says so")
expect("chmod +x" in fiq("run", "--", plain).stderr, "what is not executable could be")
expect(code("/no/such/program") == 127, "127: no such file")
expect(code("no-such-program-anywhere") == 127, "127: not in PATH")
expect(code(broken) in (126, 127), "its interpreter is missing")
expect("interpreter" in fiq("run", "--", broken).stderr, "and it says so")
done = subprocess.run(["sh", "-c", '"$0" run -o - -- true >&-', FIQ],
                      capture_output=True, text=True, check=False)
expect(done.returncode == 125 and "standard output is closed" in done.stderr,
       f"125: nothing can be written to a closed stdout: {done.stderr.strip()}")
done = subprocess.run(["sh", "-c", '"$0" run -o "$1" -- sh -c "test -e /proc/self/fd/1" >&-', FIQ,
                       out], capture_output=True, text=True, check=False)
expect(done.returncode == 1, "a command finds closed what was closed")
done = fiq("run", "-o", "/no/such/directory/x.svg", "--", "touch", SCRATCH / "ran")
expect(done.returncode == 125, f"125: the output cannot be written: {done.returncode}")
expect(not (SCRATCH / "ran").exists(), "and the command has not run")
expect("/no/such/directory/x.svg" in done.stderr, f"named: {done.stderr.strip()}")
expect("mkdir -p /no/such/directory" in done.stderr, f"and what makes it: {done.stderr.strip()}")
(SCRATCH / "here").write_text("#!/bin/sh\n")
(SCRATCH / "here").chmod(0o755)
done = subprocess.run([FIQ, "run", "--", "here"], cwd=SCRATCH, capture_output=True, text=True, check=False)
expect("no directory of PATH has it" in done.stderr and "./here" in done.stderr,
       f"what lies in this directory: {done.stderr.strip()}")
for name in ("no-such-program-anywhere", str(plain)):
    done = fiq("run", "-o", out, "--", name)
    expect(name in done.stderr, f"named: {done.stderr.strip()}")

finish()
