"""A screening finds the stage that cures its pages, and says so; on pages that need no cure it says that, too.

The pages are small and have one damage each (ocrscreen-demo-pages --damage), so that it is known what must be found."""
import csv
import re

from harness import *

NUMBER = r"[-+]?\d+\.\d+"


def screen(scratch, name, *damage, kinds="cutting", pipeline="open", points=64):
    """Runs a screening of four small pages; returns its output and best.yaml as text."""
    folder = scratch / name
    folder.mkdir()
    run([BIN / "ocrscreen-demo-pages", "--out", folder / "pages", "--small", "--kinds", kinds, "--languages", "eng",
         "--count", "4", "--seed", "3", *damage])
    config = write_config(folder, pages='["pages/*.png"]', pipeline=pipeline, design=f"{{points: {points}}}",
                          ground_truth="{fold: [quotes, dashes]}")
    told = run([BIN / "ocrscreen", "run", config, "--out", folder / "out"], env=environment(scratch), timeout=1400).stdout
    return told, (folder / "out" / "best.yaml").read_text(encoding="utf-8")


def story_of(told):
    """stage -> (difference, verdict) of the lines that put a whole stage on against off."""
    lines = re.findall(rf"^  (\w+) +{NUMBER} +{NUMBER} +({NUMBER}) \+- \S+ +\d+ / \d+ +\d+ of \d+ +(.+)$", told, re.M)
    return {stage: (float(difference), verdict) for stage, difference, verdict in lines}


def option_in(best, factor):
    found = re.search(rf'^  {factor}: "?([\w.]+)"?', best, re.M)
    return found.group(1) if found else "off"


def expect_found(factor, options, told, best):
    assert option_in(best, factor) in options, best
    assert "better on 4, worse on 0 of 4 pages" in told, told
    assert "beyond_noise: true" in best and "more than luck" in told, told


def expect_helped(stage, told):
    story = story_of(told)
    assert story[stage][0] > 0 and story[stage][1] == "helped", told


def leanest_of(told):
    """The stages of the leanest setting that reads as well."""
    setting = re.search(r"^leanest that reads as well: .*\n  (.+)$", told, re.M).group(1)
    return [part.split()[0] for part in setting.split("; ")]


def expect_needed(stage, told):
    assert re.search(rf"^  {stage} \w+ .* needed$", told, re.M), told
    assert stage in leanest_of(told), told


def expect_nothing_to_cure(told, best):
    assert "best: nothing beats leaving the pages as they are" in told, told
    assert "untouched: true" in best or "nothing beats leaving the pages as they are beyond noise" in best, best
    assert all(verdict != "helped" for _, verdict in story_of(told).values()), told


def test_uneven_light_is_cured_by_the_background_stage(scratch):
    told, best = screen(scratch, "shade", "--damage", "shade", pipeline="[smooth, background]", points=16)
    expect_found("background", ("divide", "flatten"), told, best)
    expect_helped("background", told)
    story = story_of(told)
    assert max(story, key=lambda name: story[name][0]) == "background", told


def test_a_setting_is_compared_with_itself_without_each_stage(scratch):
    told, best = screen(scratch, "owed", "--damage", "shade", pipeline="[smooth, background]", points=8)
    out, env = scratch / "owed" / "out", environment(scratch)
    assert f"what it owes to each stage: ocrscreen ablate {out}" in told, told
    kept = [*out.glob("*.csv"), *out.glob("*.yaml"), out / "manifest.json", out / "report.html", out / "screening.sqlite"]
    before = [path.read_bytes() for path in kept]
    lean, table = scratch / "lean.yaml", scratch / "owed.csv"
    told = run([BIN / "ocrscreen", "ablate", out, "--csv", table, "--yaml", lean], env=env).stdout
    assert [path.read_bytes() for path in kept] == before
    expect_needed("background", told)
    with open(table, encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["page"] for row in rows] == sorted(page.name for page in (scratch / "owed" / "pages").glob("*.png"))
    point = re.search(r"^point: (\d+)$", best, re.M).group(1)
    with open(out / "evaluations.csv", encoding="utf-8") as file:
        cer = {(row["page"], row["point"]): float(row["cer"]) for row in csv.DictReader(file)}
    for row in rows:
        assert abs(float(row["with_all"]) - (1 - cer[row["page"], point])) < 1e-9, row
        assert abs(float(row["untouched"]) - (1 - cer[row["page"], "-1"])) < 1e-9, row
        assert float(row["without_background"]) < float(row["with_all"]), row
        if "without_smooth" not in row:  # then without the background stage nothing is left
            assert row["without_background"] == row["untouched"], row
    # The file it writes is one that apply takes, and it reads as well.
    run([BIN / "ocrscreen", "apply", lean, scratch / "owed" / "pages", "--out", scratch / "read", "--format", "txt"], env=env)
    assert len(list((scratch / "read").glob("*.txt"))) == 4
    # A page that is not what it was cannot be compared, and that is said.
    page = scratch / "owed" / "pages" / rows[0]["page"]
    page.write_bytes(page.read_bytes() + b" ")
    damaged = run([BIN / "ocrscreen", "ablate", out], env=env, expect=1)
    assert "has changed since it was read" in damaged.stderr and "of 3 " in damaged.stdout, damaged


def test_pages_without_fault_are_best_left_alone(scratch):
    told, best = screen(scratch, "clean", "--clean", pipeline="[smooth, background]", points=8)
    expect_nothing_to_cure(told, best)


def full(test):
    def wrapped(scratch):
        if not LONG:
            raise Skip("64 points of the whole pipeline take minutes: OCRS_LONG=1")
        test(scratch)
    wrapped.__name__ = test.__name__
    return wrapped


@full
def test_open_denoises_noisy_pages(scratch):
    # Over a whole design of seven stages that harm one another's work, 64 settings are too few for the averages to tell
    # denoising from noise (deploy/demo_pages/README.md); what the best setting owes to it is plain.
    told, best = screen(scratch, "noise", "--damage", "noise")
    expect_found("denoise", ("nlm",), told, best)
    expect_needed("denoise", told)


@full
def test_open_lifts_uneven_light(scratch):
    told, best = screen(scratch, "open_shade", "--damage", "shade")
    expect_found("background", ("divide", "flatten"), told, best)
    expect_helped("background", told)
    assert leanest_of(told) == ["background"], told  # the best setting can do without it, as adaptive thresholds do it too


@full
def test_open_removes_the_rules_of_forms(scratch):
    told, best = screen(scratch, "rules", "--damage", "rules", kinds="table,form")
    expect_found("lines", ("paint", "inpaint"), told, best)
    expect_helped("lines", told)
    expect_needed("lines", told)


@full
def test_open_leaves_clean_pages_alone(scratch):
    expect_nothing_to_cure(*screen(scratch, "clean", "--clean"))


if __name__ == "__main__":
    run_all([value for name, value in list(globals().items()) if name.startswith("test_")])
