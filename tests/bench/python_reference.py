#!/usr/bin/python3
"""The predecessor's chain `standard`, straight from its formulas: OpenCV's Python module for the four stages, one process
of the tesseract command per evaluation. Nothing of ocrscreen is used but the design it prints.

  tests/bench/python_reference.py --bin build/release/bin --pages FOLDER [--points 0-7] [--languages PREFIX=fra,…]

evaluates those points of configs/compare64.yaml on the pages, lets `ocrscreen run` do the same with one slot, and prints
how far the scores are apart and the CPU seconds per evaluation of both. Needs python3-opencv and Tesseract's models.
"""
import argparse
import csv
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import unicodedata

REPO = pathlib.Path(__file__).resolve().parents[2]
WIDTH_MAX = 2000
IMAGES = (".png", ".jpg", ".tif")


def line_mask(cv2, np, grey, line_h, line_v, dilations):
    _, dark = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    rows = cv2.morphologyEx(dark, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_RECT, (line_h, 1)), iterations=2)
    columns = cv2.morphologyEx(dark, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_RECT, (1, line_v)), iterations=2)
    return cv2.dilate(cv2.add(rows, columns), np.ones((3, 3), np.uint8), iterations=dilations)


def standard(grey, point):
    """Grey page to the black and white image Tesseract reads; `point` has the factors by name."""
    import cv2
    import numpy as np
    mask = line_mask(cv2, np, grey, int(point["line_h"]), int(point["line_v"]), int(point["dilate_iter"]))
    image = grey.copy()
    image[mask > 0] = 255
    kernel = 2 * int(point["norm_kernel"]) + 1
    image = cv2.divide(image, cv2.GaussianBlur(image, (kernel, kernel), 0), scale=255)
    strength = float(point["denoise_h"])
    if strength > 0:
        noise = cv2.Laplacian(image, cv2.CV_64F).var()
        image = cv2.fastNlMeansDenoising(image, None, strength, 7, 15 if noise < float(point["noise_threshold"]) else 21)
    image = cv2.adaptiveThreshold(image, 255, cv2.ADAPTIVE_THRESH_GAUSSIAN_C, cv2.THRESH_BINARY,
                                  2 * int(point["bin_block"]) + 1, float(point["bin_c"]))
    if image.shape[1] > WIDTH_MAX:
        height = max(1, int(image.shape[0] * WIDTH_MAX / image.shape[1] + 0.5))
        image = cv2.resize(image, (WIDTH_MAX, height), interpolation=cv2.INTER_AREA)
    return image


def words_read(image, languages, psm, folder):
    """(confidence, text) of every word, by the tesseract command on a PNG without a resolution."""
    import cv2
    path = os.path.join(folder, "page.png")
    cv2.imwrite(path, image)
    done = subprocess.run(["tesseract", path, "-", "--oem", "1", "--psm", str(psm), "-l", languages, "tsv"],
                          capture_output=True, text=True, check=True, env=dict(os.environ, OMP_THREAD_LIMIT="1"))
    rows = [line.split("\t") for line in done.stdout.splitlines()[1:]]
    return [(float(row[10]), row[11]) for row in rows if row[0] == "5" and row[11].strip()]


def clusters(text):
    """NFC grapheme clusters (a base and its combining marks), runs of white space as one."""
    found = []
    for character in " ".join(unicodedata.normalize("NFC", text).split()):
        if found and unicodedata.combining(character):
            found[-1] += character
        else:
            found.append(character)
    return found


def distance(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


def scores(words, truth):
    confidence = sum(c for c, _ in words) / len(words) if words else 0.0
    reference = clusters(truth)
    return confidence, distance(clusters(" ".join(word for _, word in words)), reference) / len(reference)


def cpu_seconds():
    """Of this process and of all its children that have ended, user and system."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def design_of(program, config, folder):
    path = pathlib.Path(folder) / "design.csv"
    subprocess.run([program, "design", config, "--csv", path], check=True, stdout=subprocess.DEVNULL)
    with open(path, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def language_of(name, prefixes, usual="eng"):
    for prefix, language in prefixes.items():
        if name.startswith(prefix) or f"_{language}_" in name:
            return language
    return usual


def copy_decoded(pages, folder):
    """Every page as a grey PNG, decoded here once, so that both sides read the same pixels; names without suffix."""
    import cv2
    names = []
    for page in pages:
        grey = cv2.imread(str(page), cv2.IMREAD_GRAYSCALE)
        cv2.imwrite(str(folder / (page.stem + ".png")), grey)
        (folder / (page.stem + ".gt.txt")).write_bytes(page.with_name(page.stem + ".gt.txt").read_bytes())
        names.append(page.stem)
    return names


def reference_scores(folder, names, points, languages):
    """(page, point) -> (confidence, cer), and the CPU seconds of it all but decoding and scoring."""
    import cv2
    found, seconds = {}, 0.0
    with tempfile.TemporaryDirectory() as scratch:
        for name in names:
            grey = cv2.imread(str(folder / (name + ".png")), cv2.IMREAD_GRAYSCALE)
            truth = (folder / (name + ".gt.txt")).read_text(encoding="utf-8-sig")
            for point in points:
                began = cpu_seconds()
                words = words_read(standard(grey, point), languages[name], 6, scratch)
                seconds += cpu_seconds() - began
                found[name, point["point"]] = scores(words, truth)
    return found, seconds


def ocrscreen_scores(program, folder, names, count, languages):
    """The same of `ocrscreen run` with one slot, and the CPU seconds of the whole command: start, decoding, scoring, the
    untouched pages, journal and files included."""
    entries = ", ".join(f'{{glob: "{name}.png", languages: {languages[name]}}}' for name in names)
    text = (REPO / "configs" / "compare64.yaml").read_text(encoding="utf-8")
    text = text.replace('pages:\n  - "pages/*"', f"pages: [{entries}]").replace("points: 64", f"points: {count}")
    config = folder / "compare.yaml"
    config.write_text(text, encoding="utf-8")
    began = cpu_seconds()
    subprocess.run([program, "run", config, "--out", folder / "out", "--local-workers", "1"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seconds = cpu_seconds() - began
    with open(folder / "out" / "evaluations.csv", newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream)]
    found = {(pathlib.Path(row["page"]).stem, row["point"]): (float(row["confidence"]), float(row["cer"]))
             for row in rows}
    return found, seconds, len(rows)


def compare(program, pages, count, prefixes, folder):
    """Runs both; returns rows (page, point, their confidence, ours, their cer, ours), CPU seconds of an evaluation."""
    folder = pathlib.Path(folder)
    names = copy_decoded(pages, folder)
    languages = {name: language_of(name, prefixes) for name in names}
    points = design_of(program, REPO / "configs" / "compare64.yaml", folder)[:count]
    theirs, their_seconds = reference_scores(folder, names, points, languages)
    ours, our_seconds, evaluations = ocrscreen_scores(program, folder, names, count, languages)
    rows = [(*key, value[0], ours[key][0], value[1], ours[key][1]) for key, value in theirs.items()]
    return rows, their_seconds / len(theirs), our_seconds / evaluations


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="folder of the built programs")
    parser.add_argument("--pages", type=pathlib.Path, required=True, help="folder of images with NAME.gt.txt")
    parser.add_argument("--only", default="", help="names of the pages, with commas; all by default")
    parser.add_argument("--points", type=int, default=8, help="the first so many of the 64: a power of two")
    parser.add_argument("--languages", default="", help="PREFIX=fra,… for pages that are not English")
    options = parser.parse_args()
    only = {name for name in options.only.split(",") if name}
    pages = sorted(p for p in options.pages.iterdir() if p.suffix in IMAGES and p.with_name(p.stem + ".gt.txt").exists()
                   and (not only or p.stem in only))
    if not pages:
        sys.exit(f"{options.pages}: no images with ground truth")
    prefixes = dict(entry.split("=") for entry in options.languages.split(",") if entry)
    with tempfile.TemporaryDirectory() as folder:
        rows, their_seconds, our_seconds = compare(options.bin / "ocrscreen", pages, options.points, prefixes, folder)
    for page, point, their_confidence, confidence, their_cer, cer in rows:
        print(f"{page:<32} point {point:>2}  confidence {their_confidence:7.3f} {confidence:7.3f}  "
              f"cer {their_cer:.4f} {cer:.4f}")
    print(f"{len(rows)} evaluations; largest difference: confidence "
          f"{max(abs(r[3] - r[2]) / max(r[2], 1e-9) for r in rows):.3%}, cer {max(abs(r[5] - r[4]) for r in rows):.5f}")
    print(f"CPU seconds per evaluation: Python {their_seconds:.2f}, ocrscreen {our_seconds:.2f}")


if __name__ == "__main__":
    main()
