#!/usr/bin/python3
"""Measures how hard a folder of pages is: character error rate of the tesseract command, untouched and after one stage.

Usage: measure.py DIR [--variants untouched,nlm,divide,...] [--width 0] [--psm 6|own] [--only GLOB] [--csv FILE]
DIR holds NAME.png|.jpg with NAME.gt.txt. The language is the part of the name between underscores (letter_fra_03),
else what --languages says (a list of PREFIX=LANG). Needs python3-opencv and tesseract-ocr with the languages.
CER = Levenshtein over NFC characters, white space runs = one space, quotes and dashes folded, capped at 1.
"""
import argparse
import concurrent.futures
import csv
import fnmatch
import json
import os
import pathlib
import re
import subprocess
import sys
import unicodedata

import cv2
import numpy as np

os.environ["OMP_THREAD_LIMIT"] = "1"  # Read by libgomp when the tesseract process starts.
cv2.setNumThreads(1)


def untouched(grey):
    return grey


def nlm(grey):
    return cv2.fastNlMeansDenoising(grey, None, 5, 7, 15)


def nlm_strong(grey):
    return cv2.fastNlMeansDenoising(grey, None, 15, 7, 15)


def divide(grey):
    return cv2.divide(grey, cv2.GaussianBlur(grey, (151, 151), 0), scale=255)


def flatten(grey):
    background = cv2.medianBlur(cv2.dilate(grey, np.ones((9, 9), np.uint8)), 31)
    return cv2.normalize(255 - cv2.absdiff(grey, background), None, 0, 255, cv2.NORM_MINMAX)


def lines(grey, horizontal=45, vertical=60):
    _, ink = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    mask = cv2.add(
        cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((1, horizontal), np.uint8), iterations=2),
        cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((vertical, 1), np.uint8), iterations=2))
    out = grey.copy()
    out[cv2.dilate(mask, np.ones((3, 3), np.uint8), iterations=2) > 0] = 255
    return out


def gaussian(grey):
    return cv2.GaussianBlur(grey, (3, 3), 0)


def median(grey):
    return cv2.medianBlur(grey, 3)


def stretch(grey):
    low, high = np.percentile(grey, (1, 99))
    return np.clip((grey.astype(np.float32) - low) * 255 / max(high - low, 1), 0, 255).astype(np.uint8)


def otsu(grey):
    return cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1]


def adaptive(grey, block=121, c=20):
    return cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_GAUSSIAN_C, cv2.THRESH_BINARY, block, c)


def sauvola(grey, window=51, k=0.2):
    image = grey.astype(np.float64)
    mean = cv2.boxFilter(image, -1, (window, window))
    deviation = np.sqrt(np.maximum(cv2.boxFilter(image * image, -1, (window, window)) - mean * mean, 0))
    return np.where(image > mean * (1 + k * (deviation / 128 - 1)), 255, 0).astype(np.uint8)


def clahe(grey):
    return cv2.createCLAHE(2.5, (8, 8)).apply(grey)


def smaller(grey):
    return cv2.resize(grey, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)


def larger(grey):
    return cv2.resize(grey, None, fx=1.5, fy=1.5, interpolation=cv2.INTER_CUBIC)


def standard(grey):
    """The `standard` pipeline at the middle of its ranges."""
    image = divide(lines(grey, 50, 80))
    window = 15 if cv2.Laplacian(image, cv2.CV_64F).var() < 260 else 21
    return adaptive(cv2.fastNlMeansDenoising(image, None, 11, 7, window), 131, 17.5)


VARIANTS = {f.__name__: f for f in (untouched, nlm, nlm_strong, divide, flatten, lines, gaussian, median, stretch, otsu,
                                    adaptive, sauvola, clahe, smaller, larger, standard)}
FOLDED = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "«": '"', "»": '"', "—": "-", "–": "-"})


def comparable(text, fold_case):
    text = re.sub(r"\s+", " ", unicodedata.normalize("NFC", text).translate(FOLDED)).strip()
    return text.lower() if fold_case else text


def distance(a, b):
    """Levenshtein, one row at a time; the run of insertions is a running minimum."""
    a = np.array([ord(c) for c in a], np.int32)
    steps = np.arange(len(a) + 1)
    row = steps.copy()
    for i, c in enumerate(b, 1):
        best = np.minimum(row[1:] + 1, row[:-1] + (a != ord(c)))
        row = np.minimum.accumulate(np.concatenate(([i], best)) - steps) + steps
    return int(row[-1])


def cer(reading, reference, fold_case=False):
    reading, reference = comparable(reading, fold_case), comparable(reference, fold_case)
    if not reference:
        return 1.0 if reading else 0.0
    return min(1.0, distance(reading, reference) / len(reference))


def read(image, language, psm):
    png = cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes()
    run = subprocess.run(["tesseract", "-", "-", "--psm", str(psm), "--oem", "1", "-l", language], input=png,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=600, check=False)
    if run.returncode:
        sys.exit(f"tesseract: {run.stderr.decode(errors='replace').strip()}")
    return run.stdout.decode("utf-8", "replace")


def language_of(name, told):
    for prefix, language in told.items():
        if name.startswith(prefix):
            return language
    for part in name.split("_"):
        if part in ("eng", "fra", "deu"):
            return part
    sys.exit(f"{name}: no language in the name; say --languages PREFIX=LANG,...")


def measure(page, names, args, told, own_psm):
    grey = cv2.imread(str(page), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        sys.exit(f"{page}: not an image OpenCV can read")
    if args.width and grey.shape[1] > args.width:
        grey = cv2.resize(grey, (args.width, round(grey.shape[0] * args.width / grey.shape[1])),
                          interpolation=cv2.INTER_AREA)
    reference = page.parent.joinpath(page.stem + ".gt.txt").read_text("utf-8-sig")
    language = language_of(page.stem, told)
    psm = own_psm.get(page.stem, args.psm)
    fold_case = bool(args.fold_case) and page.stem.startswith(args.fold_case)
    return [cer(read(VARIANTS[name](grey), language, psm), reference, fold_case) for name in names]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--variants", default="untouched,nlm,divide,lines,stretch,sauvola,standard",
                        help="of " + ",".join(VARIANTS))
    parser.add_argument("--width", type=int, default=0, help="reduce wider pages to this width first")
    parser.add_argument("--psm", default="6", help="page segmentation mode, or `own`: what pages.json says of the page")
    parser.add_argument("--only", default="*", help="pages whose name matches")
    parser.add_argument("--languages", default="", help="PREFIX=LANG,... for names that do not carry theirs")
    parser.add_argument("--fold-case", default="", help="prefix of pages to compare without regard to case")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--csv", type=pathlib.Path)
    args = parser.parse_args()
    names = args.variants.split(",")
    if unknown := [n for n in names if n not in VARIANTS]:
        sys.exit(f"no such variant: {', '.join(unknown)}; there are {', '.join(VARIANTS)}")
    told = dict(pair.split("=") for pair in args.languages.split(",") if pair)
    own_psm = {}
    if args.psm == "own":
        listed = json.loads(args.folder.joinpath("pages.json").read_text("utf-8"))["pages"]
        own_psm = {page["name"]: page["psm"] for page in listed}
    pages = sorted(p for p in args.folder.iterdir()
                   if p.suffix in (".png", ".jpg") and fnmatch.fnmatch(p.stem, args.only))
    if not pages:
        sys.exit(f"{args.folder}: no NAME.png or NAME.jpg that matches {args.only}")
    rows = []
    print(f"{'page':28}" + "".join(f"{n:>11}" for n in names))
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for page, row in zip(pages, pool.map(lambda p: measure(p, names, args, told, own_psm), pages)):
            rows.append(row)
            print(f"{page.stem:28}" + "".join(f"{value:11.3f}" for value in row), flush=True)
    table = np.array(rows)
    print(f"{'mean':28}" + "".join(f"{value:11.3f}" for value in table.mean(0)))
    print(f"{'median':28}" + "".join(f"{value:11.3f}" for value in np.median(table, 0)))
    print(f"{'best per page':28}{table.min(1).mean():11.3f}")
    if args.csv:
        with args.csv.open("w", newline="", encoding="utf-8") as out:
            writer = csv.writer(out)
            writer.writerow(["page", *names])
            writer.writerows([p.stem, *(f"{v:.4f}" for v in row)] for p, row in zip(pages, rows))


if __name__ == "__main__":
    main()
