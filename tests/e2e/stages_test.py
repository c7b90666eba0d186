"""A screening finds the stage that cures its pages, and says so; on pages that need no cure it says that, too.

The pages are small and have one damage each (ocrscreen-demo-pages --damage), so that it is known what must be found."""
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


def expect_cured_by(stage, choices, told, best):
    factor, options = choices
    assert option_in(best, factor) in options, best
    assert "beyond_noise: true" in best and "more than luck" in told, told
    story = story_of(told)
    assert story[stage][0] > 0 and story[stage][1] == "helped", told
    assert max(story, key=lambda name: story[name][0]) == stage, told


def expect_nothing_to_cure(told, best):
    assert "best: nothing beats leaving the pages as they are" in told, told
    assert "untouched: true" in best or "nothing beats leaving the pages as they are beyond noise" in best, best
    assert all(verdict != "helped" for _, verdict in story_of(told).values()), told


def test_uneven_light_is_cured_by_the_background_stage(scratch):
    told, best = screen(scratch, "shade", "--damage", "shade", pipeline="[smooth, background]", points=16)
    expect_cured_by("background", ("background", ("divide", "flatten")), told, best)


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
    # The best setting only: over a whole design of seven stages that harm one another's work, 64 settings are too few
    # for the story to tell denoising from noise (deploy/demo_pages/README.md).
    told, best = screen(scratch, "noise", "--damage", "noise")
    assert option_in(best, "denoise") == "nlm", best
    assert "better on 4, worse on 0 of 4 pages" in told, told


@full
def test_open_leaves_clean_pages_alone(scratch):
    expect_nothing_to_cure(*screen(scratch, "clean", "--clean"))


if __name__ == "__main__":
    run_all([value for name, value in list(globals().items()) if name.startswith("test_")])
