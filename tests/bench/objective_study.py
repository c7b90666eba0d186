"""Which score without ground truth ranks settings as CER and word recall do?  dump_readings DIR | objective_study.py

Prints a line per score: Kendall's tau-b within a page (mean) and over the points' page-means, the CER of the point that it
would choose for all pages, CER and recall when it chooses for each page, and how much better that is than text_yield
(95 % bootstrap interval over pages). Only points that were read on every page. Tables of coordinator/ANALYSIS.md.
"""
import json
import math
import random
import sys
from collections import Counter, defaultdict


def load(stream):
    by = defaultdict(dict)
    for line in stream:
        row = json.loads(line)
        scores = row.get("scores")
        if scores and "cer" in scores:
            row["cer"], row["recall"] = min(scores["cer"], 1.0), scores["word_recall"]
            row["text"], row["words"] = row.get("text", ""), row.get("words", [])
            by[row["page"]][row["point"]] = row
    points = sorted(set.intersection(*(set(rows) for rows in by.values())))
    return {page: [by[page][point] for point in points] for page in sorted(by)}, points


def median(values):
    values, n = sorted(values), len(values)
    return (values[(n - 1) // 2] + values[n // 2]) / 2


def trigrams(text):
    text = " ".join(text.split())
    return Counter(text[i:i + 3] for i in range(len(text) - 2))


def agreement(bags, weights):
    """Of each bag: its expected Dice overlap with a reading drawn by weight; multiset counts, from totals alone."""
    total = sum(weights) or 1
    support = defaultdict(float)  # (item, k) -> weight of the readings that hold it at least k times
    for bag, weight in zip(bags, weights):
        for item, count in bag.items():
            for k in range(1, count + 1):
                support[item, k] += weight
    size = sum(sum(bag.values()) * weight for bag, weight in zip(bags, weights)) / total
    result = []
    for bag in bags:
        shared = sum(support[item, k] for item, count in bag.items() for k in range(1, count + 1)) / total
        both = sum(bag.values()) + size
        result.append(2 * shared / both if both else 0.0)
    return result


def candidates(rows):
    """Score name -> value per reading of one page; more is better."""
    def score(name):
        return [row["scores"].get(name, 0.0) for row in rows]

    yields = score("text_yield")
    sure = [sum(len(text) for text, confidence in row["words"] if confidence >= 80) for row in rows]
    middle = median(sure) or 1
    words = agreement([Counter(text for text, _ in row["words"]) for row in rows], [1] * len(rows))
    threes = agreement([trigrams(row["text"]) for row in rows], [1] * len(rows))
    return {
        "confidence": score("confidence"),
        "text_yield": yields,
        "characters": score("characters"),
        "lexicon": score("lexicon"),
        "sharpness": score("sharpness"),
        "contrast": score("contrast"),
        "confident characters": [sum(len(t) * c / 100 for t, c in row["words"]) for row in rows],
        "characters of words >= 80": sure,
        "confidence x known sure characters": [c * min(1, s / middle) for c, s in zip(score("confidence"), sure)],
        "text_yield x lexicon": [y * (1 + x) / 2 for y, x in zip(yields, score("lexicon"))],
        "agreement, words": words,
        "agreement, words x text_yield": [a * y for a, y in zip(words, yields)],
        "agreement, trigrams": threes,
        "agreement, trigrams x text_yield": [a * y for a, y in zip(threes, yields)],
    }


def tau(a, b):
    net = free_a = free_b = 0
    for i in range(len(a)):
        for j in range(i):
            x, y = (a[i] > a[j]) - (a[i] < a[j]), (b[i] > b[j]) - (b[i] < b[j])
            net, free_a, free_b = net + x * y, free_a + (x != 0), free_b + (y != 0)
    return net / math.sqrt(free_a * free_b) if free_a and free_b else None


def mean(values):
    values = [value for value in values if value is not None]
    return sum(values) / len(values)


def interval(differences, draws=2000):
    chance = random.Random(1)
    means = sorted(mean(chance.choices(differences, k=len(differences))) for _ in range(draws))
    return means[draws // 40], means[draws - draws // 40 - 1]


def main():
    pages, points = load(sys.stdin)
    cer = {page: [row["cer"] for row in rows] for page, rows in pages.items()}
    recall = {page: [row["recall"] for row in rows] for page, rows in pages.items()}
    scores = {page: candidates(rows) for page, rows in pages.items()}

    def over_set(table):
        return [mean(table[page][i] for page in pages) for i in range(len(points))]

    def per_page(name, table):
        return [table[page][max(range(len(points)), key=scores[page][name].__getitem__)] for page in pages]

    set_cer, set_recall = over_set(cer), over_set(recall)
    untouched = points.index(-1)
    print(f"{len(pages)} pages, {len(points)} points with the untouched page")
    print(f"untouched {set_cer[untouched]:.4f}/{set_recall[untouched]:.4f}, best point {min(set_cer):.4f}, "
          f"best of each page {mean(min(cer[page]) for page in pages):.4f}")
    print("score | tau cer page, set | tau recall page, set | cer of the choice | per page cer/recall | cer against text_yield")
    for name in next(iter(scores.values())):
        values = {page: scores[page][name] for page in pages}
        # Counts of long pages must not drown the others.
        share = {page: [value / (max(values[page]) or 1) for value in values[page]] for page in pages}
        set_values = over_set(share if max(map(max, values.values())) > 100 else values)
        chosen = set_cer[max(range(len(points)), key=set_values.__getitem__)]
        low, high = interval([a - b for a, b in zip(per_page(name, cer), per_page("text_yield", cer))])
        print(f"{name} | {mean(tau(values[p], [-c for c in cer[p]]) for p in pages):.2f}, "
              f"{tau(set_values, [-c for c in set_cer]):.2f} | {mean(tau(values[p], recall[p]) for p in pages):.2f}, "
              f"{tau(set_values, set_recall):.2f} | {chosen:.4f} | {mean(per_page(name, cer)):.4f}/"
              f"{mean(per_page(name, recall)):.4f} | {low:+.4f} to {high:+.4f}")


if __name__ == "__main__":
    main()
