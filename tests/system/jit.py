#!/usr/bin/env python3
"""Code that a run-time made has its names: by jitdump, by perf map, or by a word on how to get
them."""
import bisect

from harness import *

need_events()
out = SCRATCH / "out.folded"

# They work for some CPU time, which is more than their start takes on a busy machine, too.
JS = """function leafMade(n) { let s = 0; for (let i = 0; i < n; i++) s += Math.sqrt(i * 7 % 13); return s }
function outerMade(n) { let t = 0; for (let i = 0; i < n; i++) t += leafMade(2000); return t }
const end = process.cpuUsage().user + 1500000; let x = 0; while (process.cpuUsage().user < end) x += outerMade(20)
"""
JAVA = """public class Made {
    static double leafMade(int n) { double s = 0; for (int i = 0; i < n; i++) s += Math.sqrt(i * 7 % 13); return s; }
    static double outerMade(int n) { double t = 0; for (int i = 0; i < n; i++) t += leafMade(2000); return t; }
    static long used() { return ProcessHandle.current().info().totalCpuDuration().get().toMillis(); }
    public static void main(String[] a) {
        long end = used() + 1500; double x = 0;
        while (used() < end) x += outerMade(400);
        System.out.println(x);
    }
}
"""
PYTHON = """import time
def leafMade(n):
    return sum(i * i % 7 for i in range(n))
def outerMade(n):
    return sum(leafMade(2000) for _ in range(n))
end = time.process_time() + 1.5
while time.process_time() < end:
    outerMade(20)
"""


def below(stacks, text):
    return sum(c for f, c in stacks.items() if any(text in frame for frame in f))


def runtime(title, command, frames):
    """A program in `command` spends nearly all of its time below frames with these texts."""
    print(title)
    done = fiq("run", "-f", 499, "-o", out, "--", *command)
    stacks = folded(out) if expect(done.returncode == 0, "ends with 0") else {}
    for frame in frames:
        share = below(stacks, frame) / max(total(stacks), 1)
        # Starting takes its time, too.
        expect(share > 0.3, f"{frame}: {share:.0%} of {total(stacks)} samples")
    expect_complete(stacks, 0.97)


def python_with_perf():
    """A Python that can write perf maps (from 3.12 on), or None."""
    code = "import sys; sys.activate_stack_trampoline('perf')"
    for name in [sys.executable, *(f"python3.{minor}" for minor in range(16, 11, -1))]:
        found = shutil.which(name)
        if found and not subprocess.run([found, "-c", code], capture_output=True).returncode:
            return found
    return None


print("a jitdump: functions in turns at one address, one that is moved, CFI, lines")
table = SCRATCH / "out.json"
done = fiq("run", "-f", 997, "-o", out, "-o", table, "--", *workload("jit", 2, SCRATCH))
stacks = folded(out)
expect_truth(stacks, truth_of(done.stdout))
expect_complete(stacks, 0.99)
made = {f: c for f, c in stacks.items() if any(frame.startswith("made_") for frame in f)}
expect(all("made_call" in f for f in made), "their caller is unwound by the CFI of the dump")
expect(not count_of(stacks, "made_last"), "nothing has the name of what came too late")
expect("made.js" in table.read_text(), "lines have their file")

print("and by attaching in the middle")
target = start(workload("jit", 3, SCRATCH))
wait_for_use(target.pid, 0.5)
done = attach(target.pid, 1, "-f", 499, "-o", out)
expect(target.poll() is None, "the target runs on")
target.communicate(timeout=PATIENCE)
stacks = folded(out)
named = sum(count_of(stacks, name) for name in ("made_first", "made_second", "made_mover"))
expect(total(stacks) and named > 0.9 * total(stacks), f"{named} of {total(stacks)} samples")
expect(not below(stacks, "[jit]"), "none without a name")

# Makes functions, runs each for 1 ms, drops them: what is collected, each 50 ms, leaves its place to
# others.  A map is read each 20 ms.  On a busy machine it takes longer than 4 s.
CHURN = """const log = []; const clock = process.hrtime.bigint; const end = clock() + 4000000000n; let s = 0;
for (let n = 0; clock() < end || process.cpuUsage().user < 1000000; n++) {
  const f = (0, eval)(`(function churned_${n}(k) { let x = ${n}; for (let i = 0; i < 500; i++) x = (x * 31 + i ^ k) | 0; return x; })`);
  const from = clock(); while (clock() < from + 1000000n) for (let r = 0; r < 50; r++) s ^= f(r);
  log.push([n, Number(from), Number(clock())]); if (n % 50 == 0) gc();
}
require('fs').writeFileSync(process.argv[2], JSON.stringify(log));
"""


def reused_addresses(flag):
    """Samples have the name of the function that ran at their moment, though others had its place
    before and after."""
    print(f"node {flag} where addresses are used again")
    (SCRATCH / "churn.js").write_text(CHURN)
    ran = SCRATCH / "ran.json"
    fiq("run", "-f", 997, "--timestamps", "-o", table, "--", "sh", "-c",
        f"cd {SCRATCH} && exec node {flag} --expose-gc churn.js {ran}")
    functions = json.loads(ran.read_text())
    starts = [start for _, start, _ in functions]
    right = wrong = 0
    for stack in json.loads(table.read_text())["stacks"]:
        named = [int(n) for f in stack["frames"] for n in re.findall(r"churned_(\d+)", f["symbol"])]
        for moment in stack["times"] if named else []:
            number, start, stop = functions[bisect.bisect(starts, moment) - 1]
            if start <= moment <= stop:
                right += named == [number] * len(named)
                wrong += named != [number] * len(named)
    # Without times more than four fifths are wrong in maps, a seventh in dumps.
    expect(right > 20 and wrong < 0.08 * right, f"{wrong} wrong, {right} right")


if shutil.which("node"):
    (SCRATCH / "made.js").write_text(JS)
    # V8 may inline one function into the other: any of the file will do.
    runtime("node --perf-basic-prof", ["sh", "-c", f"cd {shell_words(SCRATCH)} && exec node --perf-basic-prof made.js"],
            ("made.js:",))
    runtime("node --perf-prof", ["sh", "-c", f"cd {shell_words(SCRATCH)} && exec node --perf-prof made.js"],
            ("made.js:",))
    reused_addresses("--perf-basic-prof")
    reused_addresses("--perf-prof")
    print("node without a map")
    done = fiq("run", "-f", 499, "-o", out, "--", "node", SCRATCH / "made.js")
    said = " ".join(done.stderr.split())
    expect("fiq: node makes code without telling names: run it as `node --perf-basic-prof`" in said,
           f"says which flag is missing: {said[-600:]}")
    expect("of leaf names unknown in code made at run time" in said, f"and how much: {said[-600:]}")
if shutil.which("javac") and shutil.which("java"):
    (SCRATCH / "Made.java").write_text(JAVA)
    subprocess.run(["javac", "-d", SCRATCH, SCRATCH / "Made.java"], check=True)
    runtime("java with a perf map", ["java", "-XX:+PreserveFramePointer",
                                     "-XX:+UnlockDiagnosticVMOptions",
                                     "-XX:+DumpPerfMapAtExit", "-cp", SCRATCH, "Made"],
            ("Made",))
    print("java without a map")
    done = fiq("run", "-f", 499, "-o", out, "--", "java", "-cp", SCRATCH, "Made")
    flags = re.findall(r"-XX:[+A-Za-z]+", " ".join(done.stderr.split()))
    taken = subprocess.run(["java", *flags, "-version"], capture_output=True, check=False)
    expect("-XX:+DumpPerfMapAtExit" in flags and taken.returncode == 0,
           f"java takes the flags that it is said to need: {flags}")
perf_python = python_with_perf()
if perf_python:
    (SCRATCH / "made.py").write_text(PYTHON)
    runtime("python -X perf", [perf_python, "-X", "perf", SCRATCH / "made.py"],
            ("py::outerMade", "py::leafMade"))

finish()
