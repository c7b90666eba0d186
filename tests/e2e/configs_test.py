"""Every example in configs/ does what its reader will do with it: on pages that its globs name, its design is laid out
and its time is planned by the built programs."""
import re
import struct
import zlib

from harness import *

CONFIGS = sorted((REPO / "configs").glob("*.yaml"))


def tiny_png(number):
    """A white page of 160 x 60 with a few dark bars, another for every number."""
    width, height = 160, 60
    rows = b""
    for y in range(height):
        row = bytearray(b"\xff" * width)
        if y % 20 in range(6, 14):
            for x in range(10, 150, 12):
                row[x:x + 4 + (number + y // 20) % 5] = b"\x20" * (4 + (number + y // 20) % 5)
        row[0] = 255 - number
        rows += b"\0" + bytes(row)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def globs_of(text):
    """What the entries of `pages` name; read from the text, so that this test needs no YAML library."""
    block = re.search(r"^pages:\n((?:[ \t]+\S.*\n|\s*#.*\n)+)", text, re.M).group(1)
    globs = []
    for line in block.splitlines():
        found = re.match(r'\s*- (?:\{glob: )?"([^"]+)"', line)
        if found:
            globs.append(found.group(1))
    return globs


def make_pages(folder, text):
    """One page with ground truth for every glob: `*` and `**` become a name, an extension is added where there is none."""
    globs = globs_of(text)
    assert globs, "the test finds no page entry"
    for number, glob in enumerate(globs):
        name = glob.replace("**/*", "a").replace("**", f"page{number}").replace(".*", ".png").replace("*", "b")
        path = folder / (name if re.search(r"\.\w+$", name) else name + ".png")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(tiny_png(number))
        path.with_suffix(".gt.txt").write_text("IIII IIII\n", encoding="utf-8")
    return len(globs)


def load_and_plan(folder, name, text):
    """What is wrong with a configuration on its own pages; None when it is planned."""
    folder.mkdir()
    pages = make_pages(folder, text)
    config = folder / name
    config.write_text(text, encoding="utf-8")
    env = environment(folder)
    design = run([BIN / "ocrscreen", "design", config, "--csv", folder / "design.csv"], expect=None, env=env)
    if design.returncode != 0:
        return design.stderr
    plan = run([BIN / "ocrscreen", "run", config, "--out", folder / "out", "--plan"], expect=None, env=env)
    if plan.returncode != 0:
        return plan.stderr
    points = len(table(folder / "design.csv"))
    told = re.search(r"plan: (\d+) pages x (\d+) points", plan.stdout)
    assert told and (int(told.group(1)), int(told.group(2))) == (pages, points), f"{name}: {plan.stdout}"
    assert " failed" not in plan.stdout, f"{name}: {plan.stdout}"
    assert not (folder / "out").exists(), "--plan starts nothing"
    return None


def test_every_example_is_loaded_and_planned(scratch):
    assert len(CONFIGS) >= 11, CONFIGS
    for config in CONFIGS:
        problem = load_and_plan(scratch / config.stem, config.name, config.read_text(encoding="utf-8"))
        assert problem is None, f"{config.name}: {problem}"


def test_a_bad_example_would_be_found(scratch):
    text = (REPO / "configs" / "forms.yaml").read_text(encoding="utf-8")
    for number, (good, bad, told) in enumerate([
            ("points: 512", "points: 500", "power of two"),
            ("line_h: {range", "line_hh: {range", "line_hh"),
            ("languages: eng", "languages: xyz", "xyz"),
            ("word_recall", "word_recal", "word_recal")]):
        assert good in text
        problem = load_and_plan(scratch / str(number), "forms.yaml", text.replace(good, bad))
        assert problem and told in problem and "forms.yaml:" in problem, problem


if __name__ == "__main__":
    run_all([value for name, value in list(globals().items()) if name.startswith("test_")])
