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


def signalled(*command, options=()):
    """The same, when it and its child hear signals: the child has been at work for a while."""
    profiler = begin(*command, options=options)
    wait_for_use(child_of(profiler.pid), 0.3)
    return profiler


print("-d 1 with a child of 3 s")
begun = time.monotonic()
profiler = begin(*workload("shares", 3), options=("-d", 1))
child = child_of(profiler.pid)
expect(wait_for(out.exists) and is_alive(child), "the output is there before the child ends")
written = time.monotonic() - begun
output, said = profiler.communicate(timeout=PATIENCE)
took = time.monotonic() - begun
expect(written > 0.9 and total(folded(out)) > 0, f"after {written:.2f} s")
expect_no_longer("all", folded(out), 499, 1)
expect(took > 2.5, f"fiq waits for the child: {took:.2f} s")
expect(profiler.returncode == 0 and truth_of(output)["workload"] == "shares",
       "which ends by itself, with its own code")

print("-d is over: the code is still the child's")
done = fiq("run", "-q", "-d", 0.3, "-o", out, "--", "sh", "-c", "sleep 1; exit 9")
expect(done.returncode == 9, f"9: {done.returncode}")

print("Ctrl-C, which a terminal sends to all")
profiler = signalled(*workload("shares", 60))
os.killpg(profiler.pid, signal.SIGINT)
profiler.communicate(timeout=PATIENCE)
expect(profiler.returncode == 128 + 2, f"128 + 2, as the child died of it: {profiler.returncode}")
expect(out.exists() and total(folded(out)) > 0, "the output is written")

print("Ctrl-C to a child that does not mind")
profiler = signalled("sh", "-c", "trap '' INT; exec \"$0\" 60", workload("shares")[0])
child = child_of(profiler.pid)
os.killpg(profiler.pid, signal.SIGINT)
wait_for_use(child, 0.3)
expect(profiler.poll() is None, "once: fiq goes on")
expect(not out.exists(), "and has written nothing yet")
os.killpg(profiler.pid, signal.SIGINT)
expect(wait_for(out.exists) and is_alive(child), "twice: what there is, is written")
try:
    profiler.wait(timeout=0.5)
except subprocess.TimeoutExpired:
    os.killpg(profiler.pid, signal.SIGINT)
expect(profiler.wait(timeout=PATIENCE) is not None and is_alive(child), "and fiq ends before the child")
os.kill(child, signal.SIGKILL)
output, said = profiler.communicate(timeout=PATIENCE)
expect(total(folded(out)) > 0, "and holds samples")

for number in (signal.SIGTERM, signal.SIGHUP):
    print(f"{number.name} to fiq alone")
    mark = SCRATCH / f"got-{number.name}"
    profiler = signalled("sh", "-c", f"mark={shell_words(mark)}; "
                         f"trap 'echo got >>\"$mark\"; exit 5' {number.name[3:]}; "
                         "while :; do :; done")
    profiler.send_signal(number)
    profiler.communicate(timeout=PATIENCE)
    expect(mark.exists() and mark.read_text() == "got\n", "the child gets it once")
    expect(profiler.returncode == 5, f"its code comes back: {profiler.returncode}")
    expect(out.exists() and total(folded(out)) > 0, "the output is written")

print("stop and go on")
profiler = signalled(*workload("shares", 2))
os.killpg(profiler.pid, signal.SIGTSTP)
time.sleep(0.5)
os.killpg(profiler.pid, signal.SIGCONT)
output, said = profiler.communicate(timeout=PATIENCE)
expect(profiler.returncode == 0, f"ends with 0: {profiler.returncode}")
expect(total(folded(out)) > 500, f"{total(folded(out))} samples")

print("a process that outlives its parent")
profiler = begin("sh", "-c", f"{shell_words(*workload('shares', 2))} >/dev/null 2>&1 & echo $!")
output, said = profiler.communicate(timeout=PATIENCE)
expect(profiler.returncode == 0, f"ends with 0: {profiler.returncode}")

print("a job in the background of a script, whose shell lets it ignore SIGINT")
script = (f"{shell_words(*workload('shares', 60))} >/dev/null & target=$!; "
          f"{shell_words(FIQ, 'attach', '-q', '-o', out)} -p $target >/dev/null & fiq=$!; "
          "echo $target $fiq; wait $fiq; echo $?; kill $target")
out.unlink(missing_ok=True)
shell = start(["sh", "-c", script])
target, profiler = map(int, shell.stdout.readline().split())
wait_for_events(profiler)
wait_for_use(target, 0.3)
os.kill(profiler, signal.SIGINT)
output, said = shell.communicate(timeout=PATIENCE)
expect(output == "0\n", f"attach ends all the same: {output!r} {said!r}")
expect(out.exists() and total(folded(out)) > 0, "and has written the output")

finish()
