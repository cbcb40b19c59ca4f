#!/usr/bin/env python3
"""A Go program whose goroutines hand each other work through channels, by Go's linker and by C's,
stripped or not: its scheduler's stacks go on to the start of their thread."""
import shutil

from harness import *

need_events()
if not shutil.which("go"):
    skip("there is no go")
os.environ.setdefault("HOME", str(SCRATCH)) # go keeps there what it has built

SOURCE = """package main

import (
	"fmt"
	"syscall"
)

// Milliseconds of CPU time.
func used() int64 {
	var usage syscall.Rusage
	syscall.Getrusage(0, &usage)
	return (usage.Utime.Nano() + usage.Stime.Nano()) / 1000000
}

func stage(in <-chan int, out chan<- int) {
	for v := range in {
		out <- v + 1
	}
	close(out)
}

func main() {
	first := make(chan int)
	last := first
	for i := 0; i < 20; i++ {
		next := make(chan int)
		go stage(last, next)
		last = next
	}
	go func() {
		for used() < 800 {
			for i := 0; i < 50; i++ {
				first <- 1
			}
		}
		close(first)
	}()
	sum := 0
	for v := range last {
		sum += v
	}
	fmt.Println(sum)
}
"""
# Of a goroutine, of a thread by Go, of the first thread, of threads by C (whose names may be gone).
GOROUTINE = ("runtime.goexit", "runtime.main")
THREAD = re.compile(r"runtime\.(clone|rt0_go)|_*clone3?|start_thread|_start|\[libc\.so\.6\+0x\w+\]|"
                    r"__libc_start_\w+")
BUILDS = (("full", "0", ()), ("stripped", "0", ("-ldflags=-s -w",)),
          ("pie", "0", ("-buildmode=pie", "-ldflags=-s -w")),
          ("external", "1", ("-ldflags=-s -w -linkmode=external",)))

(SCRATCH / "main.go").write_text(SOURCE)
for name, cgo, flags in BUILDS:
    if cgo == "1" and not shutil.which("gcc"):
        continue
    built = subprocess.run(["go", "build", *flags, "-o", name, "main.go"], cwd=SCRATCH,
                           env={**os.environ, "CGO_ENABLED": cgo}, capture_output=True, text=True,
                           check=False)
    if not expect(not built.returncode, f"{name} is built: {built.stderr[-300:]}"):
        continue
    out = SCRATCH / f"{name}.folded"
    done = fiq("run", "-q", "-f", 997, "--no-kernel", "-o", out, "--", SCRATCH / name)
    expect(done.returncode == 0, f"it runs: {done.stderr.strip()[-300:]}")
    stacks = {stack: n for stack, n in folded(out).items() if stack[0].startswith("runtime.") or
              stack[0].startswith("[stack") or THREAD.fullmatch(stack[0])}
    # What it calls; a goroutine may be in it just before it gives the thread up.
    scheduler = {stack: n for stack, n in stacks.items() if "runtime.mcall" in stack[:-1]}
    expect(total(scheduler) > 20, f"{name}: {total(scheduler)} samples of the scheduler")
    lost = [stack for stack in scheduler
            if stack[max(0, stack.index("runtime.mcall") - 2):][:2] !=
            ("runtime.mstart", "runtime.mstart0") or not THREAD.fullmatch(stack[0])]
    expect(not lost, f"{name}: all of them from the start of a thread: {lost[:3]}")
    others = {stack: n for stack, n in stacks.items()
              if stack[0] not in GOROUTINE and not THREAD.fullmatch(stack[0])}
    share = 100 - 100 * total(others) / total(stacks)
    # What is on two stacks takes an event per CPU, and some milliseconds until it is asked for.
    if not os.geteuid():
        expect(share >= 90, f"{name}: {share:.1f} % of the stacks have a root: {others}")

finish()
