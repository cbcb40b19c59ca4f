#!/usr/bin/env python3
"""Signals and the end of the time: outputs are written, and nobody is ended who should not be."""
import signal

from harness import *

need_events()
out = SCRATCH / "out.folded"


def begin(*command, options=()):
    """fiq run as the leader of a process group, as a shell starts it."""
    out.unlink(missing_ok=True)
    return start([FIQ, "run", "-f", 499, "-o", out, *options, "--", *command],
                 start_new_session=True)


print("-d 1 with a child of 3 s")
begun = time.monotonic()
profiler = begin(*workload("shares", 3), options=("-d", 1))
expect(wait_for(out.exists, 6), "the output is there")
written = time.monotonic() - begun
output, said = profiler.communicate(timeout=60)
took = time.monotonic() - begun
expect(0.9 < written < 2.5, f"after {written:.2f} s")
expect(took > 2.5, f"fiq waits for the child: {took:.2f} s")
expect(profiler.returncode == 0 and truth_of(output)["workload"] == "shares",
       "which ends by itself, with its own code")

print("-d is over: the code is still the child's")
done = fiq("run", "-q", "-d", 0.3, "-o", out, "--", "sh", "-c", "sleep 1; exit 9")
expect(done.returncode == 9, f"9: {done.returncode}")

print("Ctrl-C, which a terminal sends to all")
profiler = begin(*workload("shares", 20))
time.sleep(1)
os.killpg(profiler.pid, signal.SIGINT)
profiler.communicate(timeout=20)
expect(profiler.returncode == 128 + 2, f"128 + 2, as the child died of it: {profiler.returncode}")
expect(out.exists() and total(folded(out)) > 0, "the output is written")

print("Ctrl-C to a child that does not mind")
profiler = begin("sh", "-c", "trap '' INT; exec \"$0\" 4", workload("shares")[0])
time.sleep(1)
os.killpg(profiler.pid, signal.SIGINT)
time.sleep(0.5)
expect(profiler.poll() is None, "once: fiq goes on")
expect(not out.exists(), "and has written nothing yet")
os.killpg(profiler.pid, signal.SIGINT)
expect(wait_for(out.exists, 3), "twice: what there is, is written")
try:
    profiler.wait(timeout=0.5)
except subprocess.TimeoutExpired:
    os.killpg(profiler.pid, signal.SIGINT)
output, said = profiler.communicate(timeout=20)
expect(total(folded(out)) > 0, "and holds samples")

for number in (signal.SIGTERM, signal.SIGHUP):
    print(f"{number.name} to fiq alone")
    mark = SCRATCH / f"got-{number.name}"
    profiler = begin("sh", "-c", f"trap 'echo got >>{mark}; exit 5' {number.name[3:]}; "
                     "while :; do :; done")
    time.sleep(1)
    profiler.send_signal(number)
    profiler.communicate(timeout=20)
    expect(mark.exists() and mark.read_text() == "got\n", "the child gets it once")
    expect(profiler.returncode == 5, f"its code comes back: {profiler.returncode}")
    expect(out.exists() and total(folded(out)) > 0, "the output is written")

print("stop and go on")
profiler = begin(*workload("shares", 2))
time.sleep(0.5)
os.killpg(profiler.pid, signal.SIGTSTP)
time.sleep(0.5)
os.killpg(profiler.pid, signal.SIGCONT)
output, said = profiler.communicate(timeout=60)
expect(profiler.returncode == 0, f"ends with 0: {profiler.returncode}")
expect(total(folded(out)) > 500, f"{total(folded(out))} samples")

print("a process that outlives its parent")
profiler = begin("sh", "-c", f"{workload('shares')[0]} 2 >/dev/null 2>&1 & echo $!")
output, said = profiler.communicate(timeout=60)
expect(profiler.returncode == 0, f"ends with 0: {profiler.returncode}")

print("a job in the background of a script, whose shell lets it ignore SIGINT")
script = (f"{workload('shares')[0]} 30 >/dev/null & target=$!; "
          f"{FIQ} attach -q -p $target -o {out} & fiq=$!; "
          "sleep 1; kill -INT $fiq; wait $fiq; echo $?; kill $target")
out.unlink(missing_ok=True)
done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=25, check=False)
expect(done.stdout == "0\n", f"attach ends all the same: {done.stdout!r} {done.stderr!r}")
expect(out.exists() and total(folded(out)) > 0, "and has written the output")

finish()
