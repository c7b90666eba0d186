"""Small screenings for end-to-end tests: cheap pages and configurations, ways to start them, and what their files say."""
import os
import pathlib

from harness import *

PAGES_KEYS = dict(pages='[{glob: "pages/*_eng_*.*", languages: eng}, {glob: "pages/*_fra_*.*", languages: fra}]')
# Cheap stages: these tests are about who computes what, not about pixels.
CHEAP = dict(PAGES_KEYS, pipeline="[open.scale, open.binarise]", design="{points: 4, seed: 3}")


def receipts(scratch, count=2):
    """Small clean pages: one English, one French, read in well under a second."""
    return demo_pages(scratch, count, extra=["--kinds", "receipt", "--clean"])


def points_bytes(out):
    return (out / "points.csv").read_bytes()


def comparable_evaluations(out):
    """evaluations.csv without the columns that may differ between runs."""
    volatile = {"worker", "backend", "attempt", "elapsed_ms"}
    return [{key: value for key, value in row.items() if key not in volatile} for row in table(out / "evaluations.csv")]


def start_run(config, out, scratch, *extra):
    return start([BIN / "ocrscreen", "run", config, "--out", out, *extra], scratch / f"{out.name}.log",
                 environment(scratch))


def undisturbed(scratch, config, name="calm"):
    out = scratch / name
    run([BIN / "ocrscreen", "run", config, "--out", out], env=environment(scratch))
    return out


def times_of_done(out):
    """What every done evaluation took: another run of it would have taken another time."""
    return {(row["point"], row["page"]): (row["worker"], row["elapsed_ms"]) for row in table(out / "evaluations.csv")
            if row["status"] == "done"}


def workers_of(coordinator):
    return [pid for pid in children_of(coordinator.pid) if "ocrscreen-worker" in command_line(pid)
            and "--connect" in command_line(pid)]


def evaluators_of(coordinator):
    return [pid for worker in workers_of(coordinator) for pid in children_of(worker)
            if "--evaluator" in command_line(pid)]


def workers_in(scratch):
    """Worker and evaluator processes that carry this test's cache in their environment."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit() and "ocrscreen-worker" in command_line(int(entry.name)):
            try:
                if str(scratch) in (entry / "environ").read_text(errors="replace"):
                    found.append(int(entry.name))
            except OSError:  # it ended meanwhile
                pass
    return found
