"""report.html in a real Chromium: every chart drawn, every control works, nothing fetched, no text becomes markup."""
import re
import resource

from browser import BUILD, browse, node
from harness import BIN, LONG, REPO, demo_pages, environment, run, run_all, write_config

SAMPLE = BUILD / "tests" / "ocrs_sample_journal"
CHARTS = {"parallel", "heatmap", "scores", "timeline", "sensitivity", "effect-denoise", "effect-scale", "portfolio"}


def sample(scratch, pages, points, *more):
    """A finished screening that nobody had to run, and its report."""
    out = scratch / "out"
    run([SAMPLE, out, str(pages), str(points), *more])
    began = processor_seconds()
    run([BIN / "ocrscreen", "report", out])
    return out / "report.html", processor_seconds() - began


def processor_seconds():
    """Of the programs run so far: what else the machine does at the time does not count."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def read_in_browser(report, *more):
    return browse(report.resolve().as_uri(), "report_checks.mjs", *more)


def check_picture(seen, charts):
    assert charts <= set(seen["charts"]), seen["charts"]
    empty = {name for name, colours in seen["charts"].items() if colours < 5}
    assert not empty, f"nothing was drawn in: {empty}"
    assert seen["too_wide"] == [], f"wider than the window: {seen['too_wide']}"
    assert seen["foreign"] == 0, "text of the data became elements"
    for chart in seen["paper"]["print"]:
        assert chart["inside"] and chart["colours"] >= 5 and chart["width"] == 1360 and chart["shown"] == 1, chart
        assert chart["white"] > 0.2, f"{chart['name']} is printed dark"
    assert seen["paper"]["print"] and seen["paper"]["left"] == 0, "the screen shows what was made for paper"


def test_every_chart_is_drawn_and_every_control_works(scratch):
    report, _ = sample(scratch, 12, 256)
    seen = read_in_browser(report, "--controls")
    check_picture(seen, CHARTS)
    assert seen["idle"] == [], f"controls without effect: {seen['idle']}"
    assert len(seen["tried"]) >= 15, seen["tried"]
    assert re.search(r"page_\d+\.png, point \d+: ", seen["readout"]), seen["readout"]
    assert seen["dark"] != "rgb(251, 250, 248)"
    for word in ("Best setting: point", "95 % interval", "This is sure", "first-order index", "256", "lab-3/5f0c", "components in open.binarise", "letters/page_004.png"):
        assert word in seen["text"], word


def test_hostile_names_and_texts_stay_text(scratch):
    report, _ = sample(scratch, 12, 256, "hostile")
    html = report.read_text()
    data = html[html.index('id="data">') + len('id="data">'):]
    data = data[:data.index("</script>")]
    assert "<" not in data, "a text of the data could end its element"
    assert html.count("<script") == 2, "the data and the page's own script"
    seen = read_in_browser(report)
    check_picture(seen, CHARTS)
    for text in ("<img src=x onerror=alert(1)>.png", "<script>alert(0)</script> & co"):
        assert text in seen["text"], f"{text} is not shown as it is"
    points = (scratch / "out" / "evaluations.csv").read_text()
    assert '\n-1,"\'=HYPERLINK(""http:example"").png"' in points, "a page's name is a formula"


def test_policy_forbids_everything_from_outside(scratch):
    html = sample(scratch, 2, 16)[0].read_text()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html).group(1)
    assert policy.startswith("default-src 'none';"), policy
    assert "unsafe" not in policy and "http" not in policy, policy
    assert not re.search(r'(src|href)="?https?:', html), "something is loaded from outside"


def test_marked_differences_are_right(scratch):
    run([node(), REPO / "tests/e2e/text_diff_checks.mjs"])


def test_a_run_leaves_a_report_with_pictures_of_its_pages(scratch):
    demo_pages(scratch, 2, extra=["--kinds", "receipt"])
    config = write_config(scratch, pages='["pages/*.*"]', pipeline="[open.scale, open.binarise]", design="{points: 4, seed: 3}")
    run([BIN / "ocrscreen", "run", config, "--out", scratch / "out"], env=environment(scratch))
    report = scratch / "out" / "report.html"
    picture = '"image":"data:image/webp;base64,'
    assert report.read_text().count(picture) == 4, "two pages before and after"
    seen = read_in_browser(report)
    assert seen["pictures"] == 2, "the first page is shown before and after"
    assert seen["too_wide"] == [] and seen["foreign"] == 0, seen
    sorted((scratch / "pages").glob("receipt_*.png"))[0].write_bytes(b"no image any more")
    run([BIN / "ocrscreen", "report", scratch / "out"])
    html = report.read_text()
    assert html.count(picture) == 2 and html.count("has changed since it was read") == 2, \
        "a page that changed is shown as if it had not"


def test_large_screening_is_fast_and_small(scratch):
    pages = 100 if LONG else 24
    report, seconds = sample(scratch, pages, 2048)
    megabytes = report.stat().st_size / 1e6
    print(f"2048 x {pages}: {seconds:.1f} s, {megabytes:.1f} MB")
    assert megabytes < 15, f"{megabytes} MB"
    assert seconds < (60 if LONG else 10), f"{seconds} s"
    seen = read_in_browser(report)
    print(f"drawn after {seen['ready_ms']} ms, longest frame while scrolling {seen['longest_frame_ms']:.0f} ms")
    check_picture(seen, CHARTS)


if __name__ == "__main__":
    run_all([test_every_chart_is_drawn_and_every_control_works, test_hostile_names_and_texts_stay_text,
             test_marked_differences_are_right, test_a_run_leaves_a_report_with_pictures_of_its_pages,
             test_policy_forbids_everything_from_outside, test_large_screening_is_fast_and_small])
