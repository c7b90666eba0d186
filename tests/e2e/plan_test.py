"""`ocrscreen run --plan`: its figures hang together, and it starts nothing."""
import re

from harness import *


def test_a_plan_says_hours_disk_network_and_shares_and_starts_nothing(scratch):
    folder = demo_pages(scratch, 2, extra=["--kinds", "receipt", "--clean", "--languages", "eng"])
    pages = sorted(folder.glob("*.png"))
    config = write_config(scratch, pages='["pages/*.png"]', pipeline="[open.scale, open.smooth, open.binarise]",
                          design="{points: 64, seed: 3}")
    out = scratch / "out"
    done = run([BIN / "ocrscreen", "run", config, "--out", out, "--plan"], env=environment(scratch))
    text = done.stdout

    def number(pattern):
        found = re.search(pattern, text)
        assert found, f"{pattern} is not in:\n{text}"
        return float(found.group(1))

    assert number(r"= (\d+) evaluations") == 2 * 65
    assert "measured: 6 evaluations on 2 of 2 pages" in text, "three points on each page"
    each = number(r"pages, ([\d.]+) s each")
    hours, minutes, seconds = 0, 0, 0
    one_slot = re.search(r"time: (.*?) of one slot", text).group(1)
    for value, unit in re.findall(r"(\d+) (h|min|s)", one_slot):
        hours, minutes, seconds = (int(value) if unit == name else old
                                   for name, old in (("h", hours), ("min", minutes), ("s", seconds)))
    total = hours * 3600 + minutes * 60 + seconds
    assert abs(total - 130 * each) <= 0.05 * 130 + 60, (total, each)  # both are rounded
    assert number(r"disk: (\d+) MB") >= 0
    sent = number(r"network: (\d+) MB of pages and models")
    expected = sum(page.stat().st_size for page in pages) / 1e6
    assert sent >= expected, "the model comes on top"
    shares = {name: float(share) for name, share in re.findall(r"^  (\S+) +([\d.]+) %$", text, re.MULTILINE)}
    assert set(shares) == {"scale", "smooth", "binarise", "recognition", "other"}, shares
    assert 95 < sum(shares.values()) < 105 and shares["recognition"] > 0, shares
    assert "nothing was started" in text and not out.exists()


if __name__ == "__main__":
    run_all([value for name, value in list(globals().items()) if name.startswith("test_")])
