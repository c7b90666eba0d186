"""`design: {racing: …}`: all settings on a few pages, the better half on half as many again, and so on. What drops out is
marked as dropped, not as missing; whatever dies on the way changes nothing; `fill` runs the rest after all."""
from harness import *

POINTS, PAGES = 32, 6
# 32 settings on 2 pages, 16 on a third, 8 on a fourth and on the last two.
RUN = 32 * 2 + 16 * 1 + 8 * 1 + 8 * 2


def screening(scratch, name, racing, pages):
    design = f"{{points: {POINTS}, racing: {{first_pages: 2}}}}" if racing else f"{{points: {POINTS}}}"
    return write_config(scratch, name=name, pages=f'["{pages}/*.png"]', pipeline="[smooth, background, binarise]",
                        design=design, ground_truth="{fold: [quotes, dashes]}")


def small_pages(scratch):
    run([BIN / "ocrscreen-demo-pages", "--out", scratch / "pages", "--small", "--kinds", "cutting", "--languages", "eng",
         "--count", str(PAGES), "--seed", "3", "--damage", "shade"])
    return scratch / "pages"


def race(config, out, scratch, expect=0):
    return run([BIN / "ocrscreen", "run", config, "--out", out], env=environment(scratch), expect=expect)


def test_a_race_finds_what_the_whole_screening_finds_and_can_be_filled_in(scratch):
    pages, env = small_pages(scratch), environment(scratch)
    config = screening(scratch, "race.yaml", True, pages)
    told = race(config, scratch / "out", scratch)
    assert "race: after 2 pages 16 of 32 settings drop out" in told.stderr, told.stderr
    counts = manifest(scratch / "out")["evaluations"]
    dropped = POINTS * PAGES - RUN
    assert counts["dropped"] == dropped and counts["missing"] == 0, counts
    assert counts["done"] + counts["failed"] == RUN + PAGES, counts
    assert manifest(scratch / "out")["state"] == "complete" and manifest(scratch / "out")["missing"] == []
    assert f"{dropped} dropped by the race" in told.stdout, told.stdout
    statuses = [row["status"] for row in table(scratch / "out" / "evaluations.csv")]
    assert statuses.count("dropped") == dropped
    ranked = [row for row in table(scratch / "out" / "points.csv") if row["rank"]]
    assert len(ranked) == 8 + 1, "the survivors and the untouched pages"

    # The same command again has nothing to do and says the same.
    before = (scratch / "out" / "points.csv").read_bytes()
    race(config, scratch / "out", scratch)
    assert (scratch / "out" / "points.csv").read_bytes() == before

    # The whole screening: the race's winner is its winner, or as good.
    race(screening(scratch, "whole.yaml", False, pages), scratch / "whole", scratch)
    whole = {row["point"]: row for row in table(scratch / "whole" / "points.csv")}
    best = max(float(row["objective"]) for row in whole.values())
    winner = next(row for row in ranked if row["rank"] == "1")
    assert float(winner["objective"]) >= best - 0.01, (winner["point"], winner["objective"], best)
    for row in ranked:
        assert row["objective"] == whole[row["point"]]["objective"], "a race changes no number"

    # Filled in, it is the whole screening, to the last byte.
    assert "next `ocrscreen run`" in run([BIN / "ocrscreen", "fill", scratch / "out"], env=env).stdout
    race(config, scratch / "out", scratch)
    assert manifest(scratch / "out")["evaluations"]["dropped"] == 0
    for name in ("points.csv",):
        assert (scratch / "out" / name).read_bytes() == (scratch / "whole" / name).read_bytes(), name


def test_a_race_that_is_killed_goes_on_as_it_would_have(scratch):
    pages, env = small_pages(scratch), environment(scratch)
    config = screening(scratch, "race.yaml", True, pages)
    race(config, scratch / "calm", scratch)
    wanted = (scratch / "calm" / "points.csv").read_bytes()
    for number, at in enumerate((20, RUN - 12)):  # on the first pages, and after some have dropped out
        out = scratch / f"killed{number}"
        process = start([BIN / "ocrscreen", "run", config, "--out", out], scratch / f"log{number}", env)
        wait_until(f"{at} evaluations", lambda: finished_evaluations(out, env) >= at or process.poll() is not None)
        process.kill()
        process.wait()
        race(config, out, scratch)
        assert (out / "points.csv").read_bytes() == wanted, f"killed after {at}"


def test_mistakes_are_told(scratch):
    pages = small_pages(scratch)
    for racing, why in (("{first_pages: 1}", "first_pages"), ("{keep: 1}", "keep"), ("{pages: 3}", "pages"), ("yes", "racing")):
        config = write_config(scratch, pages=f'["{pages}/*.png"]', design=f"{{points: 8, racing: {racing}}}")
        told = run([BIN / "ocrscreen", "run", config, "--out", scratch / "out"], env=environment(scratch), expect=2).stderr
        assert "screening.yaml:2: key 'design.racing" in told and why in told, told


if __name__ == "__main__":
    run_all([value for name, value in list(globals().items()) if name.startswith("test_")])
