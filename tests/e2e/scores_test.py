"""Scores as a user meets them in evaluations.csv: failures of a setting count as empty readings, folding applies to both
sides, text_yield compares the readings of a page."""
import statistics

from harness import *

SCORES = ("confidence", "words", "characters", "text_yield", "lexicon", "cer", "wer", "word_recall")


def small_pages(scratch):
    run([BIN / "ocrscreen-demo-pages", "--out", scratch / "pages", "--small", "--clean", "--kinds", "cutting",
         "--languages", "eng", "--count", "2"])
    return scratch / "pages"


def evaluations(scratch, name, **keys):
    config = write_config(scratch, name + ".yaml", pages='["pages/*.png"]', pipeline="[open.scale, open.binarise]",
                          design="{points: 4, seed: 3}", **keys)
    run([BIN / "ocrscreen", "run", config, "--out", scratch / name], env=environment(scratch))
    return table(scratch / name / "evaluations.csv")


def test_a_setting_that_breaks_the_component_cap_is_an_empty_reading(scratch):
    small_pages(scratch)
    rows = evaluations(scratch, "capped", limits="{components: 3}")
    assert len(rows) == 10 and all(row["status"] == "failed" and "components" in row["reason"] for row in rows), rows
    for row in rows:
        assert [float(row[score]) for score in SCORES] == [0, 0, 0, 0, 0, 1, 1, 0], row
        assert row["sharpness"] == row["contrast"] == row["cnr"] == "", "there is no image to measure"
    points = table(scratch / "capped" / "points.csv")
    assert all(row["pages_failed"] == "2" and row["rank"] == "1" for row in points), "failed pages have ranks, all equal"
    assert "untouched: true" in (scratch / "capped" / "best.yaml").read_text(), "the untouched pages win ties"


def test_text_yield_is_confidence_cut_by_the_median_of_characters(scratch):
    small_pages(scratch)
    rows = evaluations(scratch, "out")
    for page in {row["page"] for row in rows}:
        of_page = [row for row in rows if row["page"] == page]
        assert len(of_page) == 5
        median = statistics.median(float(row["characters"]) for row in of_page)
        for row in of_page:
            expected = float(row["confidence"]) * min(1, float(row["characters"]) / median)
            assert abs(float(row["text_yield"]) - expected) < 1e-9, row


def test_folding_hides_case_quotes_and_dashes_and_nothing_else(scratch):
    folder = small_pages(scratch)
    plain = evaluations(scratch, "plain")
    for truth in folder.glob("*.gt.txt"):
        text = truth.read_text(encoding="utf-8")
        truth.write_text(text.upper().replace("'", "\u2019").replace("-", "\u2013"), encoding="utf-8")
    strict = evaluations(scratch, "strict")
    folded = evaluations(scratch, "folded", ground_truth="{fold: [case, quotes, dashes]}")
    reference = evaluations(scratch, "reference", ground_truth="{fold: [case]}")
    for before, one, other, partly in zip(plain, strict, folded, reference):
        assert float(one["cer"]) > 0.5, "capitals are other characters"
        assert float(other["cer"]) <= float(before["cer"]), (before, other)
        assert float(other["cer"]) <= float(partly["cer"]) < float(one["cer"])
        assert one["confidence"] == other["confidence"], "folding changes no reading"


if __name__ == "__main__":
    run_all([value for name, value in list(globals().items()) if name.startswith("test_")])
