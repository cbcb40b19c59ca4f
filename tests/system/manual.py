#!/usr/bin/env python3
"""The commands of the tutorial, and the shell lines of the workflows in fiq-ci(1), do what the
pages say."""
from harness import *

need_events()
MAN = SOURCES.parent / "man"
if not shutil.which("cc"):
    skip("there is no C compiler")

bin_dir = SCRATCH / "bin"
bin_dir.mkdir()
(bin_dir / "fiq").symlink_to(FIQ)
ENV = {**os.environ, "PATH": f"{bin_dir}:{os.environ['PATH']}"}
for name in ("GITHUB_STEP_SUMMARY", "GITHUB_SHA", "CI_COMMIT_SHA"):
    ENV.pop(name, None)


def shell(script, directory, **environment):
    return subprocess.run(["sh", "-c", script], cwd=directory, env={**ENV, **environment},
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE,
                          check=False)


def fences(page):
    return re.findall(r"^```\n(.*?)^```$", (MAN / page).read_text(), re.M | re.S)


def tutorial():
    home = SCRATCH / "tutorial"
    home.mkdir()
    shutil.copytree(SOURCES, home / "workloads")
    commands = [line[2:] for fence in fences("fiq-tutorial.7.scd")
                for line in fence.splitlines() if line.startswith("$ ")]
    expect(len(commands) > 10, f"the tutorial has {len(commands)} commands")
    for command in commands:
        wanted = re.search(r"# exits with (\d+)$", command)
        # What two short runs show of a machine that others use too is not sure.
        codes = {int(wanted[1])} if wanted else {0, 4} if " ab " in command else {0}
        run = lambda command=command: shell(command, home)
        done = judged(run, codes) if wanted or " ab " in command else run()
        expect(done.returncode in codes, f"{command}: {done.returncode} {done.stderr[-300:]}")
    for name in ("before.svg", "icicle.svg", "app.svg", "diff.svg", "diff.html", "ab.md",
                 "junit.xml"):
        expect((home / name).stat().st_size > 100, f"{name} has been written")


def workflow_lines(text):
    """Blocks below "- |" or "run: |" that run fiq, without their indentation."""
    for block in re.findall(r"^( *)(?:- |run: )\|\n((?:\1 +.*\n)+)", text, re.M):
        lines = block[1].splitlines()
        indent = min(len(line) - len(line.lstrip()) for line in lines)
        yield "\n".join(line[indent:] for line in lines)


def workflows():
    home = SCRATCH / "workflows"
    home.mkdir()
    (home / "bench").write_text(f"#!/bin/sh\nexec {shell_words(*workload('fixed_work', 30))}\n")
    (home / "bench").chmod(0o755)
    github, gitlab = fences("fiq-ci.1.scd")
    steps = list(workflow_lines(github))
    expect(len(steps) == 2, f"GitHub: {len(steps)} steps run fiq")
    for step in sorted(steps, key=lambda step: " check " in step):  # main comes first
        done = shell(step.replace("origin/main", "main"), home, GITHUB_SHA="a" * 40,
                     GITHUB_REF_NAME="main", GITHUB_STEP_SUMMARY=str(home / "summary.md"))
        expect(done.returncode in (0, 3, 4) and "fiq: " in done.stderr,
               f"GitHub: {step.split(' -- ')[0]}: {done.returncode} {done.stderr[-300:]}")
    expect("fiq ci check" in (home / "summary.md").read_text(), "GitHub: there is a summary")
    shutil.rmtree(home / ".fiq-baselines")
    (step,) = workflow_lines(gitlab)
    for branch in ("main", "topic"):
        done = shell(step, home, CI_COMMIT_BRANCH=branch, CI_DEFAULT_BRANCH="main",
                     CI_COMMIT_REF_NAME=branch, CI_COMMIT_SHA="b" * 40)
        expect(done.returncode in (0, 3, 4) and "fiq: " in done.stderr,
               f"GitLab: on {branch}: {done.returncode} {done.stderr[-300:]}")
    expect((home / "fiq.xml").exists() and (home / "fiq.html").exists(), "the reports are there")


tutorial()
workflows()
finish()
