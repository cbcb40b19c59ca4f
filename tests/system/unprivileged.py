#!/usr/bin/env python3
"""An ordinary user profiles programs of his own."""
from harness import *

need_events()
need_root()
level = int(pathlib.Path("/proc/sys/kernel/perf_event_paranoid").read_text())
if level > 2:
    skip(f"kernel.perf_event_paranoid is {level}: ordinary users may not open perf events")

# Where nobody may read and write.
home = SCRATCH / "home"
home.mkdir()
home.chmod(0o777)
for program in (FIQ, *map(str, WORKLOADS.glob("*"))):
    if os.path.isfile(program) and os.access(program, os.X_OK):
        shutil.copy(program, home)
out = home / "out.folded"
if subprocess.run(as_nobody(["test", "-w", home]), check=False).returncode:
    skip(f"nobody cannot come to {home}")


def nobody(*arguments, cwd=home):
    return subprocess.run(as_nobody([str(home / "fiq"), *map(str, arguments)]), cwd=cwd,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE,
                          check=False)


done = nobody("run", "-f", 499, "-o", out, "--", home / "shares", 2)
if not expect(done.returncode == 0, "fiq run works"):
    print(done.stderr)
    finish()
stacks = folded(out)
expect_truth(stacks, truth_of(done.stdout))
expect_complete(stacks, 0.999)
expect(out.stat().st_uid == 65534, "the output is his")
if level == 2:
    expect("user frames only" in done.stderr, "it says that the kernel's frames are missing")
expect("under-sampled" in done.stderr, "it says that short-lived threads are under-sampled")

print("what per-thread events miss is counted")
done = nobody("run", "-f", 999, "-o", out, "--", home / "short_threads",
              2000, 4, 200)
owed = re.search(r"(\d+) of at\s+least (\d+) samples that its CPU\s+time\s+owes\s+are\s+missing", done.stderr)
print(done.stderr.split("function")[-1].strip())
expect(owed and int(owed[1]) + total(folded(out)) >= 0.9 * int(owed[2]), "missing samples are told")

print("threads and forks")
for command in ("threads", "forks"):
    done = nobody("run", "-f", 499, "-o", out, "--", home / command)
    expect(done.returncode == 0, f"{command} ends with 0")
    expect_truth(folded(out), truth_of(done.stdout))

print("a process of somebody else")
target = start(workload("shares", 3))
time.sleep(0.2)
done = nobody("attach", "-p", target.pid, "-d", 1, "-o", out)
expect(done.returncode == 1, f"is refused: {done.returncode}")
expect(str(target.pid) in done.stderr, f"and named: {done.stderr.strip()}")
target.kill()
target.communicate()

print("the whole machine")
done = nobody("system", "-d", 1, "-o", out)
if level > 0:
    expect(done.returncode == 1 and "paranoid" in done.stderr, f"is refused: {done.stderr.strip()}")

finish()
