"""`ocrscreen apply`: every format valid and equal to what the screening read, nothing overwritten, a crash costs a page."""
import re
import shutil
import struct
import subprocess
import xml.etree.ElementTree as ElementTree
import zlib

from harness import *

CHEAP = dict(pages='["pages/*.png"]', pipeline="[open.scale, open.binarise]", design="{points: 4, seed: 3}")


def receipts(scratch, count=2, seed=1):
    return demo_pages(scratch, count, seed, extra=["--kinds", "receipt", "--clean", "--languages", "eng"])


def pngs(folder):
    return sorted(path for path in folder.iterdir() if path.suffix == ".png")


def screened(scratch, count=2):
    """A finished screening of small pages; returns its folder and the rows of evaluations.csv by (point, page)."""
    receipts(scratch, count)
    out = scratch / "out"
    run([BIN / "ocrscreen", "run", write_config(scratch, **CHEAP), "--out", out], env=environment(scratch))
    return out, {(row["point"], row["page"]): row for row in table(out / "evaluations.csv")}


def apply(scratch, settings, inputs, out, *extra, expect=0):
    return run([BIN / "ocrscreen", "apply", settings, *inputs, "--out", out, *extra], expect=expect,
               env=environment(scratch))


def setting_of(out, best, point):
    """A best.yaml's text with another point of the same screening in it, its factors as points.csv has them."""
    row = next(row for row in table(out / "points.csv") if row["point"] == str(point))
    text = best.read_text()
    text = text[:re.search(r"^factors:", text, re.MULTILINE).start()]
    text = re.sub(r"^point: .*$", f"point: {point}", text, flags=re.MULTILINE)
    text = re.sub(r"^untouched: .*$", f"untouched: {'true' if point == -1 else 'false'}", text, flags=re.MULTILINE)
    names = ["resize", "scale", "binarise", "bin_block", "bin_c", "sauvola_window", "sauvola_k"]
    factors = "".join(f"  {name}: {row[name]}\n" for name in names if row.get(name))
    return text + ("factors:\n" + factors if factors else "factors: {}\n")


def read_png(path):
    """Width and height, after checking every chunk's sum."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n", path
    at, size = 8, None
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        assert zlib.crc32(kind + body) == struct.unpack(">I", data[at + 8 + length:at + 12 + length])[0], path
        if kind == b"IHDR":
            size = struct.unpack(">II", body[:8])
        at += 12 + length
    return size


def words_of(text):
    return text.split()


def test_every_format_says_what_the_screening_read(scratch):
    out, evaluations = screened(scratch)
    best = out / "best.yaml"
    point = re.search(r"^point: (-?\d+)$", best.read_text(), re.MULTILINE).group(1)
    pages = pngs(scratch / "pages")
    texts = {}
    for form, extension in (("txt", "txt"), ("hocr", "hocr"), ("alto", "xml"), ("pdf", "pdf"), ("png", "png")):
        done = apply(scratch, best, pages, scratch / "read", "--format", form)
        assert f"{len(pages)} of {len(pages)} pages" in done.stdout, done.stdout
        for page in pages:
            made = scratch / "read" / f"{page.stem}.{extension}"
            assert made.stat().st_size > 0, made
            if form == "txt":
                texts[page.name] = made.read_text()
                assert len(words_of(texts[page.name])) == int(evaluations[point, page.name]["words"])
            elif form == "hocr":
                tree = ElementTree.parse(made)
                found = [word for word in tree.iter() if word.get("class") == "ocrx_word"]
                assert words_of(" ".join("".join(w.itertext()) for w in found)) == words_of(texts[page.name])
                # hOCR has each confidence cut to a whole number.
                mean = sum(int(re.search(r"x_wconf (\d+)", w.get("title")).group(1)) for w in found) / len(found)
                assert 0 <= float(evaluations[point, page.name]["confidence"]) - mean < 1
                assert page.name in made.read_text()
            elif form == "alto":
                strings = [node for node in ElementTree.parse(made).iter() if node.tag.endswith("}String")]
                assert words_of(" ".join(s.get("CONTENT") for s in strings)) == words_of(texts[page.name])
            elif form == "pdf":
                data = made.read_bytes()
                assert data.startswith(b"%PDF-") and data.rstrip().endswith(b"%%EOF")
                if shutil.which("pdftotext"):
                    text = run(["pdftotext", made, "-"]).stdout
                    assert sorted(words_of(text)) == sorted(words_of(texts[page.name])), text
                size = [float(n) for n in re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", data).groups()]
                assert 100 < size[0] < 1000, f"a sheet of paper, not a poster: {size}"
            else:
                assert min(read_png(made)) > 100
    rows = table(scratch / "read" / "apply.csv")
    assert len(rows) == 5 * len(pages) and all(row["status"] == "done" for row in rows)
    for row in rows:
        assert row["point"] == point and row["setting"] == "1"
        if row["output"].endswith(".png"):
            assert row["confidence"] == "", "an image alone is not read"
            continue
        evaluation = evaluations[point, row["page"]]
        assert (row["confidence"], row["characters"]) == (evaluation["confidence"], evaluation["characters"]), row


def test_any_point_of_a_screening_reads_as_it_did_there(scratch):
    out, evaluations = screened(scratch)
    pages = pngs(scratch / "pages")
    for point in (-1, 0, 1, 2, 3):
        settings = scratch / f"setting{point}.yaml"
        settings.write_text(setting_of(out, out / "best.yaml", point))
        apply(scratch, settings, [scratch / "pages"], scratch / f"read{point}", "--format", "txt")
        for row in table(scratch / f"read{point}" / "apply.csv"):
            evaluation = evaluations[str(point), row["page"]]
            assert (row["confidence"], row["characters"]) == (evaluation["confidence"], evaluation["characters"]), row


def test_a_portfolio_keeps_the_reading_of_the_highest_text_yield(scratch):
    out, evaluations = screened(scratch)
    points = [2, -1, 0]
    entries = ""
    for point in points:
        text = setting_of(out, out / "best.yaml", point)
        keep = text[text.index("point:"):text.index("objective:")] + text[text.index("factors:"):]
        entries += "  - " + keep.replace("\n", "\n    ").rstrip() + "\n"
    head = (out / "best.yaml").read_text()
    shared = head[head.index("ocr:"):head.index("factors:")]
    portfolio = scratch / "portfolio.yaml"
    portfolio.write_text(f"ocrscreen: portfolio\n{shared}keep: text_yield\nsettings:\n{entries}")
    apply(scratch, portfolio, [scratch / "pages"], scratch / "kept", "--format", "txt")
    rows = table(scratch / "kept" / "apply.csv")
    assert len(rows) == 2
    for row in rows:
        readings = [evaluations[str(point), row["page"]] for point in points]
        usual = sorted(int(reading["characters"]) for reading in readings)[1]
        yields = [float(r["confidence"]) * min(1.0, int(r["characters"]) / usual) for r in readings]
        best = max(range(3), key=lambda i: (yields[i], -i))
        assert row["setting"] == str(best + 1) and row["point"] == str(points[best]), (row, yields)
        assert abs(float(row["text_yield"]) - yields[best]) < 1e-9
        assert row["confidence"] == readings[best]["confidence"]
        assert (scratch / "kept" / row["output"]).read_text().strip()


def untouched(scratch):
    """The least a settings file must hold."""
    settings = scratch / "untouched.yaml"
    settings.write_text("ocrscreen: best\npoint: -1\nuntouched: true\npipeline: open\n"
                        "ocr: {languages: eng, psm: 6, oem: 1, width_max: 0, invert: true}\nfactors: {}\n")
    return settings


def test_nothing_is_overwritten(scratch):
    settings = untouched(scratch)
    pages = pngs(receipts(scratch, 2))
    before = [page.read_bytes() for page in pages]
    refused = apply(scratch, settings, pages, scratch / "pages", expect=2).stderr
    assert "is an input and would be overwritten" in refused, refused
    apply(scratch, settings, pages, scratch / "pages", "--force", expect=2)
    assert [page.read_bytes() for page in pages] == before
    assert not (scratch / "pages" / "apply.csv").exists(), "nothing is made before everything is checked"
    apply(scratch, settings, pages[:1], scratch / "made")
    made = scratch / "made" / pages[0].name
    made.write_bytes(b"mine")
    refused = apply(scratch, settings, pages, scratch / "made", expect=2).stderr
    assert "exists already" in refused and pages[1].name not in refused, refused
    assert made.read_bytes() == b"mine" and not (scratch / "made" / pages[1].name).exists()
    apply(scratch, settings, pages, scratch / "made", "--force")
    read_png(made)
    assert len(table(scratch / "made" / "apply.csv")) == 2, "rows of a page done again are replaced"
    # Two inputs, one output.
    (scratch / "pages" / (pages[0].stem + ".jpg")).write_bytes(before[0])
    told = apply(scratch, settings, [scratch / "pages"], scratch / "both", expect=2).stderr
    assert "would both become" in told, told
    # A table that is not ours stays.
    (scratch / "foreign").mkdir()
    (scratch / "foreign" / "apply.csv").write_text("mine\n")
    assert "not written by" in apply(scratch, settings, pages[:1], scratch / "foreign", expect=2).stderr


def tiff_of(pages):
    """A TIFF of several grey 8-bit pages (rows of bytes), uncompressed."""
    data, previous = bytearray(b"II*\0\0\0\0\0"), 4
    for rows in pages:
        width, height, strip = len(rows[0]), len(rows), len(data)
        data += b"".join(rows) + (b"\0" if (width * height) % 2 else b"")
        struct.pack_into("<I", data, previous, len(data))
        tags = [(256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, strip),
                (277, 3, 1), (278, 4, height), (279, 4, width * height)]
        data += struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", tag, kind, 1, value)
                                                       for tag, kind, value in tags)
        previous = len(data)
        data += b"\0\0\0\0"
    return bytes(data)


def test_pages_of_a_tiff_and_unreadable_files(scratch):
    settings = untouched(scratch)
    folder = scratch / "in" / "sub"
    folder.mkdir(parents=True)
    (folder / "three.tif").write_bytes(tiff_of([[bytes([200 - 40 * n]) * 90] * 60 for n in range(3)]))
    (folder.parent / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"x" * 100)
    (folder.parent / "notes.txt").write_text("no page")
    done = apply(scratch, settings, [f"{scratch}/in/**"], scratch / "made", expect=1)
    assert "broken.png" in done.stderr and "3 of 4 pages" in done.stdout, done.stdout + done.stderr
    assert "1 files that are no images" in done.stderr
    assert sorted(p.name for p in (scratch / "made" / "sub").iterdir()) == ["three.1.png", "three.2.png", "three.3.png"]
    assert read_png(scratch / "made" / "sub" / "three.2.png") == (90, 60)
    rows = {row["page"]: row for row in table(scratch / "made" / "apply.csv")}
    assert rows["broken.png"]["status"] == "failed" and rows["broken.png"]["reason"]
    assert rows["sub/three.tif#3"]["output"] == "sub/three.3.png"
    assert "no such file" in apply(scratch, settings, [scratch / "nothing.png"], scratch / "x", expect=2).stderr


def test_a_child_that_dies_costs_its_page(scratch):
    settings = untouched(scratch)
    pages = pngs(receipts(scratch, 4))
    out = scratch / "read"
    process = start([BIN / "ocrscreen", "apply", settings, *pages, "--out", out, "--format", "txt", "--jobs", "1"],
                    scratch / "apply.log", environment(scratch))
    wait_until("the first output", lambda: out.is_dir() and list(out.glob("*.txt")), every=0.005)
    child = next(pid for pid in children_of(process.pid) if "--evaluator" in command_line(pid))
    os.kill(child, signal.SIGKILL)
    assert process.wait(120) == 1, (scratch / "apply.log").read_text()
    rows = table(out / "apply.csv")
    failed = [row for row in rows if row["status"] == "failed"]
    assert len(rows) == 4 and len(failed) == 1, rows
    assert "signal 9" in failed[0]["reason"], failed
    assert failed[0]["page"] in (scratch / "apply.log").read_text()
    assert len(list(out.glob("*.txt"))) == 3 and not (out / failed[0]["output"]).exists()


def test_mistakes_in_a_settings_file_are_told_with_their_lines(scratch):
    page = pngs(receipts(scratch, 1))
    settings = scratch / "bad.yaml"
    settings.write_text("point: 3\npipeline: open\ncolour: red\nfactors:\n  resize: sideways\n  scale: 1.0\n")
    told = apply(scratch, settings, page, scratch / "out", expect=2).stderr
    for expected in (":3: ", "colour", ":5: ", "sideways", "factors.denoise"):
        assert expected in told, f"{expected!r} is not in:\n{told}"
    settings.write_text("point: null\npipeline: open\nfactors: {}\n")
    assert "no best setting yet" in apply(scratch, settings, page, scratch / "out", expect=2).stderr
    assert not (scratch / "out").exists()


if __name__ == "__main__":
    run_all([value for name, value in list(globals().items()) if name.startswith("test_")])
