"""The Optuna export in Optuna itself: it loads, says what points.csv says, and optimises on from there."""
import csv
import json
import subprocess
import sys

from browser import BUILD
from harness import BIN, Skip, run, run_all

SAMPLE = BUILD / "tests" / "ocrs_sample_journal"
# What Optuna sees, as JSON; then it goes on for two trials with what it has learned.
LOOK = """
import json, sys, optuna
optuna.logging.set_verbosity(optuna.logging.ERROR)
storage = "sqlite:///" + sys.argv[1]
study = optuna.load_study(storage=storage, study_name=None)
trials = [{"number": t.number, "state": t.state.name, "value": t.value, "params": t.params, "attrs": t.user_attrs}
          for t in study.trials]
seen = {"direction": study.direction.name, "best": study.best_trial.number, "trials": trials, "attrs": study.user_attrs}
def objective(trial):
    trial.suggest_categorical("denoise", ["off", "nlm"])
    return trial.suggest_float("scale", 0.5, 1.5, log=True)
study.optimize(objective, n_trials=2)
seen["after"] = len(optuna.load_study(storage=storage, study_name=None).trials)
print(json.dumps(seen))
"""


def python_with_optuna():
    """The interpreter that has Optuna 3.1: this one, or Debian's."""
    for python in (sys.executable, "/usr/bin/python3"):
        found = subprocess.run([python, "-c", "import optuna; print(optuna.__version__)"], capture_output=True, text=True)
        if found.returncode == 0:
            return python
    raise Skip("no Optuna: apt-get install python3-optuna")


def test_optuna_loads_the_study_and_goes_on(scratch):
    python = python_with_optuna()
    out, file = scratch / "out", scratch / "study.db"
    run([SAMPLE, out, "24", "64"])
    run([BIN / "ocrscreen", "export", out, "--format", "optuna", "-o", file])
    seen = json.loads(run([python, "-c", LOOK, file]).stdout)

    with open(out / "points.csv", newline="") as stream:
        points = {int(row["point"]): row for row in csv.DictReader(stream)}
    manifest = json.loads((out / "manifest.json").read_text())
    assert seen["direction"] == "MAXIMIZE"
    assert seen["attrs"]["run_id"] == manifest["run_id"]
    assert len(seen["trials"]) == len(points) == 65
    complete = 0
    for trial in seen["trials"]:
        point = trial["attrs"]["point"]
        assert trial["number"] == (64 if point == -1 else point)
        row = points[point]
        if row["objective"]:
            complete += 1
            assert trial["state"] == "COMPLETE" and trial["value"] == float(row["objective"]), point
        else:
            assert trial["state"] == "FAIL" and trial["value"] is None, point
        for name, value in trial["params"].items():
            # A factor may share its name with a score, whose column is then score_NAME.
            assert row[name] == str(value) or float(row[name]) == value, (point, name)
        empty = [name for name in ("scale", "denoise_h", "line_h", "sauvola_k") if row[name] == ""]
        assert not set(empty) & set(trial["params"]), (point, empty)
    assert 0 < complete < 65, "the sample has points that miss a page"
    best = min(int(row["point"]) for row in points.values() if row["rank"] == "1")
    assert seen["best"] == (64 if best == -1 else best)
    assert seen["after"] == 67


def test_export_names_its_file_and_refuses_a_folder_without_screening(scratch):
    out = scratch / "out"
    run([SAMPLE, out, "2", "16"])
    said = run([BIN / "ocrscreen", "export", out, "--format", "optuna"]).stdout
    assert "optuna.sqlite" in said and "ocrscreen-" in said, said
    assert (out / "optuna.sqlite").stat().st_size > 0
    run([BIN / "ocrscreen", "export", scratch / "nowhere", "--format", "optuna"], expect=2)


if __name__ == "__main__":
    run_all([test_optuna_loads_the_study_and_goes_on, test_export_names_its_file_and_refuses_a_folder_without_screening])
