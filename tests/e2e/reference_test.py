"""`standard` gives the scores that the predecessor's formulas give with OpenCV's Python module and the tesseract command
(tests/bench/python_reference.py), within 1 %."""
import importlib.util

from harness import *

DEBIAN_PYTHON = "/usr/bin/python3"  # whose modules the package python3-opencv provides, whatever Python comes first
if importlib.util.find_spec("cv2") is None and os.path.exists(DEBIAN_PYTHON) and \
        os.path.realpath(sys.executable) != os.path.realpath(DEBIAN_PYTHON):
    os.execv(DEBIAN_PYTHON, [DEBIAN_PYTHON, *sys.argv])

sys.path.insert(0, str(REPO / "tests" / "bench"))
import python_reference


def expect_the_same_scores(pages, prefixes, count, scratch):
    if importlib.util.find_spec("cv2") is None:
        raise Skip("python3-opencv is not installed")
    (scratch / "compared").mkdir()
    os.environ.update(environment(scratch))
    rows, theirs, ours = python_reference.compare(BIN / "ocrscreen", pages, count, prefixes, scratch / "compared")
    assert len(rows) == count * len(pages)
    for page, point, their_confidence, confidence, their_cer, cer in rows:
        told = f"{page}, point {point}: confidence {their_confidence} {confidence}, cer {their_cer} {cer}"
        assert abs(confidence - their_confidence) <= 0.01 * their_confidence, told
        assert abs(cer - their_cer) <= 0.01 * max(their_cer, 0.05), told
    assert any(row[2] > 30 for row in rows), "something must have been read"
    print(f"{len(rows)} evaluations, CPU seconds each: reference {theirs:.2f}, ocrscreen {ours:.2f}")


def test_standard_scores_on_generated_pages(scratch):
    folder = demo_pages(scratch, 2, extra=["--kinds", "receipt,cutting"])
    pages = sorted(p for p in folder.iterdir() if p.suffix in (".png", ".jpg"))
    expect_the_same_scores(pages, {"_": "fra"}, 2, scratch)


def test_standard_scores_on_scanned_pages(scratch):
    source = real_pages()
    if not LONG:
        raise Skip("slow: OCRS_LONG=1")
    pages = [source / name for name in ("tap_bordes_19.jpg", "sroie_031.jpg", "ehri_BF-19380509b_EN_01.jpg")]
    expect_the_same_scores([page for page in pages if page.exists()], {"tap_": "fra"}, 4, scratch)


if __name__ == "__main__":
    run_all([value for name, value in list(globals().items()) if name.startswith("test_")])
