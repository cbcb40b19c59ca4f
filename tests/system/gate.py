#!/usr/bin/env python3
"""fiq ab and fiq ci: verdicts, exit codes, and failures that are no verdict."""
from harness import *

need_events()
store = SCRATCH / "store"
bench = workload("fixed_work", 60)
BENCH = shell_words(*bench)


def ci(what, *options, command=bench, **more):
    return fiq("ci", what, "--name", "b", "--store", store, "-n", 4, *options, "--", *command,
               **more)


# ---- ab ----

out = SCRATCH / "ab.json"
done = judged(lambda: fiq("ab", "-n", 5, "-o", out, "--", BENCH, "--", f"{BENCH} 2"), {3})
expect(done.returncode == 3, f"twice as dear is a regression: {done.returncode} {done.stderr}")
report = json.loads(out.read_text())
expect(report["before"]["runs"] == 10 and report["after"]["runs"] == 5, "A runs twice as often")
expect({f["function"] for f in report["verdict"]["failures"]} >= {None, "hot"},
       "in the whole and in hot")
expect(any("A against itself" in text for text in report["remarks"]), "with A against itself")
expect(not any("commands differ" in text for text in report["notes"]),
       f"that the commands differ is known: {report['notes']}")
done = judged(lambda: fiq("ab", "-n", 5, "--", f"{BENCH} 2", "--", BENCH), {0, 4})
expect(done.returncode in (0, 4), f"the other way round it is none: {done.returncode}")

done = fiq("ab", "-n", 3, "--", BENCH, "--", "echo broken; exit 3")
expect(done.returncode == 1, f"a run that fails is an error: {done.returncode}")
expect("of B" in done.stderr and "code 3" in done.stderr and "broken" in done.stderr,
       f"which says which and how: {done.stderr}")
done = fiq("ab", "-n", 3, "--", "kill -SEGV $$", "--", BENCH)
expect(done.returncode == 1 and "signal 11" in done.stderr, f"killed: {done.stderr}")
done = fiq("ab", "-n", 3, "--", "/no/such/program x", "--", BENCH)
expect(done.returncode == 1 and "/no/such/program" in done.stderr, f"missing: {done.stderr}")
expect(fiq("ab", "-n", 3, "--", BENCH).returncode == 2, "one program is wrong usage")

# ---- ci ----

done = ci("check")
expect(done.returncode == 1 and "ci record" in done.stderr, f"no baseline: {done.stderr}")
expect(ci("record", "--commit", "v1").returncode == 0, "recorded")
(directory,) = (store / "b").iterdir()
runs = list(directory.glob("run-*.pb.gz"))
expect(len(runs) == 4, "every run is kept")
rates = []
for run in runs:
    fiq("convert", run, "-o", SCRATCH / "run.json")
    facts = json.loads((SCRATCH / "run.json").read_text())
    rates.append(1e9 / facts["period"])
    expect(facts["frequency_hz"] == 997, "at the rate that was asked for")
expect(all(abs(rate / 997 - 1) < 1e-5 for rate in rates),
       f"which is what each sample stands for, whatever the periods of the clocks: {rates}")
done = judged(lambda: ci("check", "--against", "v1", "-o", SCRATCH / "r.md", "-o",
                         SCRATCH / "r.xml", command=[*bench, "2"]), {3})
expect(done.returncode == 3, f"a regression: {done.returncode} {done.stderr}")
expect("<failure" in (SCRATCH / "r.xml").read_text(), "JUnit has it")
expect("❌" in (SCRATCH / "r.md").read_text(), "Markdown has it")
done = ci("check", "--against", "v2")
expect(done.returncode == 1 and "v1" in done.stderr, f"what there is, is said: {done.stderr}")
done = ci("check", command=["false"])
expect(done.returncode == 1 and "code 1" in done.stderr, f"a run that fails: {done.stderr}")

facts = directory / "baseline"
known = facts.read_text()
facts.write_text(re.sub(r"(?m)^run (\S+)", lambda pace: f"run {0.4 * float(pace[1])}", known))
done = ci("check", "-o", SCRATCH / "r.json")
notes = json.loads((SCRATCH / "r.json").read_text())["notes"]
expect(done.returncode in (0, 3, 4) and any("more CPU time after than before" in note for note in notes),
       f"a machine that has become slower is told of: {done.returncode} {notes}")
facts.write_text(known)
facts.write_text(re.sub(r"(?m)^cpu .*", "cpu Some Other", facts.read_text()))
done = ci("check")
expect(done.returncode == 1 and "Some Other" in done.stderr, f"another machine: {done.stderr}")
done = ci("check", "--any-machine")
expect(done.returncode in (0, 3, 4) and "ANOTHER KIND" in done.stdout + done.stderr,
       f"and loudly when asked to: {done.returncode}")

finish()
