"""A whole screening by the command line: files, exit codes, the same numbers whoever computes them, scores as the
tesseract command gives them."""
import os
import re
import signal
import subprocess
import unicodedata

from harness import *
from screenings import *

def test_init_writes_a_configuration_that_only_lacks_pages(scratch):
    run([BIN / "ocrscreen", "init"], cwd=scratch)
    assert "pipeline: open" in (scratch / "screening.yaml").read_text()
    again = run([BIN / "ocrscreen", "init"], cwd=scratch, expect=2)
    assert "exists already" in again.stderr
    missing = run([BIN / "ocrscreen", "run", "screening.yaml", "--out", "out"], cwd=scratch, expect=2)
    assert "screening.yaml:" in missing.stderr and "names no image" in missing.stderr, missing.stderr
    assert not (scratch / "out").exists(), "nothing may be made before everything is checked"


def test_every_mistake_is_told_at_once_with_its_line(scratch):
    config = scratch / "bad.yaml"
    config.write_text("pages: [\"nothing/*.png\"]\npipeline: standard\ndesign: {points: 1000}\n"
                      "factors:\n  bin_c: {range: [25, 10]}\n  no_such: 3\ncolour: red\n")
    told = run([BIN / "ocrscreen", "run", config, "--out", scratch / "out"], expect=2).stderr
    for expected in (":3: ", "power of two", ":5: ", "bin_c", ":6: ", "no_such", ":7: ", "colour"):
        assert expected in told, f"{expected!r} is not in:\n{told}"


def test_unreadable_pages_stop_the_start_and_are_all_listed(scratch):
    receipts(scratch, 1)
    (scratch / "pages" / "broken_eng_1.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"x" * 100)
    (scratch / "pages" / "empty_eng_2.jpg").write_bytes(b"")
    english = dict(CHEAP, pages='["pages/*_eng_*.*"]')
    config = write_config(scratch, **english)
    told = run([BIN / "ocrscreen", "run", config, "--out", scratch / "out"], expect=2, env=environment(scratch)).stderr
    assert "broken_eng_1.png" in told and "empty_eng_2.jpg" in told, told
    config = write_config(scratch, pages_unreadable="skip", **english)
    run([BIN / "ocrscreen", "run", config, "--out", scratch / "out"], env=environment(scratch))
    assert len(manifest(scratch / "out")["pages"]) == 1


def test_a_screening_gives_its_files_and_resumes_without_work(scratch):
    receipts(scratch)
    config = write_config(scratch, screening="Two receipts", **CHEAP)
    env = environment(scratch)
    out = undisturbed(scratch, config, "out")
    points, evaluations, told = table(out / "points.csv"), table(out / "evaluations.csv"), manifest(out)
    assert [row["point"] for row in points] == ["-1", "0", "1", "2", "3"]
    assert len(evaluations) == 10 and all(row["status"] == "done" for row in evaluations)
    assert told["evaluations"]["total"] == told["evaluations"]["done"] == 10
    assert told["evaluations"]["missing"] == 0 and told["missing"] == []
    assert (out / "best.yaml").exists() and oct(out.stat().st_mode & 0o777) == "0o700"
    assert points[0]["scale"] == "", "the baseline has no factors"
    ranks = sorted(int(row["rank"]) for row in points)
    assert ranks[0] == 1
    before = points_bytes(out)
    again = run([BIN / "ocrscreen", "run", config, "--out", out], env=env)
    assert points_bytes(out) == before and "10 of 10 evaluations done" in again.stdout
    (out / "points.csv").unlink()
    run([BIN / "ocrscreen", "export", out, "--format", "csv"], env=env)
    assert points_bytes(out) == before, "the journal alone gives the same file"
    exported = json.loads(run([BIN / "ocrscreen", "export", out, "--format", "json"], env=env).stdout)
    assert exported["run_id"] == told["run_id"]
    counts = status(out, env)["evaluations"]
    assert {key: counts[key] for key in told["evaluations"]} == told["evaluations"], counts
    # Another setting of the same kind is another run: refused, and the difference named.
    other = write_config(scratch, "other.yaml", **dict(CHEAP, factors="{scale: {range: [0.6, 1.2]}}"))
    refused = run([BIN / "ocrscreen", "run", other, "--out", out], expect=2, env=env).stderr
    assert "scale" in refused and "differs" in refused, refused
    assert points_bytes(out) == before


def test_page_bytes_that_changed_are_refused(scratch):
    folder = receipts(scratch)
    config = write_config(scratch, **CHEAP)
    out = undisturbed(scratch, config, "out")
    page = sorted(p for p in folder.iterdir() if p.suffix in (".png", ".jpg"))[0]
    page.write_bytes(page.read_bytes() + b"\0")
    refused = run([BIN / "ocrscreen", "run", config, "--out", out], expect=2, env=environment(scratch)).stderr
    assert page.name in refused, refused


def test_the_same_numbers_from_one_or_several_workers(scratch):
    receipts(scratch)
    config = write_config(scratch, **CHEAP)
    env = environment(scratch)
    calm = undisturbed(scratch, config)
    for workers in ("1", "3"):
        out = scratch / f"workers{workers}"
        run([BIN / "ocrscreen", "run", config, "--out", out, "--local-workers", workers], env=env)
        assert points_bytes(out) == points_bytes(calm)
        assert comparable_evaluations(out) == comparable_evaluations(calm)


def test_remote_workers_join_before_and_after_and_need_no_pages(scratch):
    receipts(scratch)
    config = write_config(scratch, **CHEAP)
    calm = undisturbed(scratch, config)
    port = free_port()
    env = environment(scratch)
    worker = [BIN / "ocrscreen-worker", "--connect", f"tcp://127.0.0.1:{port}", "--slots", "1"]
    early = start(worker, scratch / "early.log", env)
    out = scratch / "out"
    coordinator = start_run(config, out, scratch, "--bind", f"tcp://127.0.0.1:{port}", "--local-workers", "0")
    late = None
    try:
        wait_until("the first result", lambda: finished_evaluations(out, env) >= 1)
        late = start(worker, scratch / "late.log", env)
        assert coordinator.wait(120) == 0, (scratch / "out.log").read_text()
        assert early.poll() is None, "a worker started by hand stays for the next screening"
    finally:
        stop(early)
        if late:
            stop(late)
        if coordinator.poll() is None:
            stop(coordinator, signal.SIGKILL)
    assert points_bytes(out) == points_bytes(calm)
    kept = [p for p in (scratch / "cache").rglob("*") if p.is_file() and p.stat().st_size > 100_000
            and p.suffix != ".traineddata" and "model" not in str(p)]
    assert not kept, f"pages must go with the screening: {kept}"


def test_a_bind_that_others_reach_needs_insecure(scratch):
    receipts(scratch, 1)
    config = write_config(scratch, **dict(CHEAP, pages='["pages/*"]'))
    told = run([BIN / "ocrscreen", "run", config, "--out", scratch / "out", "--bind", "tcp://0.0.0.0:0"], expect=2,
               env=environment(scratch)).stderr
    assert "--insecure" in told, told
    assert not (scratch / "out").exists(), "what cannot start leaves nothing behind"


def test_a_second_coordinator_on_the_same_folder_is_refused(scratch):
    receipts(scratch)
    config = write_config(scratch, **CHEAP)
    out, env = scratch / "out", environment(scratch)
    first = start_run(config, out, scratch, "--local-workers", "0")  # stays, because nobody works for it
    try:
        wait_until("the journal", lambda: status(out, env))
        told = run([BIN / "ocrscreen", "run", config, "--out", out], expect=2, env=env).stderr
        assert str(first.pid) in told, told
        assert stop(first, signal.SIGINT) == 130
    finally:
        if first.poll() is None:
            stop(first, signal.SIGKILL)


def test_ctrl_c_ends_cleanly_and_the_same_command_goes_on(scratch):
    receipts(scratch)
    config = write_config(scratch, **dict(CHEAP, design="{points: 16, seed: 3}"))
    calm = undisturbed(scratch, config)
    out, env = scratch / "out", environment(scratch)
    coordinator = start_run(config, out, scratch)
    wait_until("the first results", lambda: finished_evaluations(out, env) >= 2)
    assert stop(coordinator, signal.SIGINT) == 130
    done = manifest(out)["evaluations"]["done"]
    assert 2 <= done < 34, f"{done} done"
    assert "not evaluated" in (out / "evaluations.csv").read_text()
    kept = times_of_done(out)
    assert len(kept) == done
    run([BIN / "ocrscreen", "run", config, "--out", out], env=env)
    assert points_bytes(out) == points_bytes(calm)
    after = times_of_done(out)
    assert all(after[key] == elapsed for key, elapsed in kept.items()), "nothing acknowledged ran again"


def killed_once(scratch, victim):
    """A run during which `victim(coordinator)`'s first process is killed once two results are in."""
    receipts(scratch)
    config = write_config(scratch, cluster="{heartbeat_s: 0.5, suspect_s: 3, lease_s: 20}",
                          **dict(CHEAP, design="{points: 8, seed: 3}"))
    calm = undisturbed(scratch, config)
    out, env = scratch / "out", environment(scratch)
    coordinator = start_run(config, out, scratch)
    wait_until("the first results", lambda: finished_evaluations(out, env) >= 2)
    pids = wait_until("a process to kill", lambda: victim(coordinator))
    os.kill(pids[0], signal.SIGKILL)
    return config, calm, out, env, coordinator


def test_kill_9_of_a_worker_changes_nothing(scratch):
    _, calm, out, _, coordinator = killed_once(scratch, workers_of)
    assert coordinator.wait(180) == 0, (scratch / "out.log").read_text()
    assert points_bytes(out) == points_bytes(calm)
    assert comparable_evaluations(out) == comparable_evaluations(calm)


def test_kill_9_of_an_evaluator_changes_nothing(scratch):
    _, calm, out, _, coordinator = killed_once(scratch, evaluators_of)
    assert coordinator.wait(180) == 0, (scratch / "out.log").read_text()
    assert points_bytes(out) == points_bytes(calm)


def test_kill_9_of_the_coordinator_loses_nothing(scratch):
    config, calm, out, env, coordinator = killed_once(scratch, lambda process: [process.pid])
    coordinator.wait(10)
    kept = finished_evaluations(out, env)
    assert kept >= 2
    wait_until("its workers to end with it", lambda: not workers_in(scratch), within=30)
    run([BIN / "ocrscreen", "run", config, "--out", out], env=env)
    assert points_bytes(out) == points_bytes(calm)


def test_stages_before_the_free_factors_run_once_per_slot_and_page(scratch):
    receipts(scratch)
    fixed = "line_h: 45, line_v: 80, norm_kernel: 60, denoise_h: 5, noise_threshold: 1000"
    config = write_config(scratch, **dict(PAGES_KEYS, pipeline="standard", design="{points: 8}",
                                          factors="{" + fixed + "}"))
    out = scratch / "out"
    run([BIN / "ocrscreen", "run", config, "--out", out, "--local-workers", "2"], env=environment(scratch))
    runs = manifest(out)["stage_runs"]
    for stage in ("remove_lines", "normalise", "denoise"):
        assert 2 <= runs[stage] <= 2 * 2, f"{stage} ran {runs[stage]} times for 2 pages on 2 slots"
    assert runs["binarise"] > 8


def test_rescore_after_a_corrected_ground_truth_equals_a_fresh_run(scratch):
    folder = receipts(scratch)
    config = write_config(scratch, ground_truth="{fold: [case]}", **CHEAP)
    out = undisturbed(scratch, config, "out")
    before = points_bytes(out)
    truth = sorted(folder.glob("*.gt.txt"))[0]
    truth.write_text(truth.read_text(encoding="utf-8") + "one more line\n", encoding="utf-8")
    told = run([BIN / "ocrscreen", "rescore", out], env=environment(scratch)).stdout
    assert "of 1 pages has changed" in told, told
    fresh = undisturbed(scratch, config, "fresh")
    assert points_bytes(out) == points_bytes(fresh) != before
    assert comparable_evaluations(out) == comparable_evaluations(fresh)
    assert manifest(out)["run_id"] == manifest(fresh)["run_id"]


def tesseract_words(image, language):
    env = dict(os.environ, OMP_THREAD_LIMIT="1")
    done = subprocess.run(["tesseract", image, "-", "--oem", "1", "--psm", "6", "-l", language, "tsv"],
                          capture_output=True, text=True, env=env, check=True)
    rows = [line.split("\t") for line in done.stdout.splitlines()[1:]]
    return [(float(r[10]), r[11]) for r in rows if r[0] == "5" and r[11].strip()]


def clusters(text):
    """NFC grapheme clusters (a base and its combining marks), white space folded."""
    text = " ".join(unicodedata.normalize("NFC", text).split())
    found = []
    for c in text:
        if found and unicodedata.combining(c):
            found[-1] += c
        else:
            found.append(c)
    return found


def distance(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


def compare_baseline_with_tesseract(folder, out):
    rows = [row for row in table(out / "evaluations.csv") if row["point"] == "-1"]
    assert rows
    for row in rows:
        language = "fra" if re.search(r"_fra_|^(tap|argus|expo|mltart)_", row["page"]) else "eng"
        words = tesseract_words(folder / row["page"], language)
        confidence = sum(c for c, _ in words) / len(words)
        assert abs(float(row["confidence"]) - confidence) <= 0.01 * confidence, (row["page"], row["confidence"], confidence)
        truth = clusters((folder / row["page"]).with_suffix(".gt.txt").read_text(encoding="utf-8"))
        read = clusters(" ".join(word for _, word in words))
        cer = distance(read, truth) / len(truth)
        assert abs(float(row["cer"]) - cer) <= 0.005 + 0.01 * cer, (row["page"], row["cer"], cer)


def test_scores_of_untouched_pages_are_those_of_the_tesseract_command(scratch):
    folder = demo_pages(scratch, 3)
    # Without a resolution in the file the command guesses as we do.
    config = write_config(scratch, **dict(PAGES_KEYS, pipeline="[open.binarise]", design="{points: 1}"))
    out = undisturbed(scratch, config, "out")
    compare_baseline_with_tesseract(folder, out)


def test_the_smallest_scanned_pages_go_through_standard(scratch):
    source = real_pages()
    folder = scratch / "scans"
    folder.mkdir()
    images = sorted((p for p in source.iterdir() if p.suffix in (".jpg", ".png")), key=lambda p: p.stat().st_size)
    for image in images[:3]:
        shutil.copy(image, folder)
        shutil.copy(image.with_suffix(".gt.txt"), folder)
    config = write_config(scratch, pages='["scans/*"]', ocr="{languages: eng+fra, width_max: 1200}", pipeline="standard",
                          design="{points: 2}", ground_truth="{fold: [case, quotes, dashes]}")
    out = undisturbed(scratch, config, "out")
    told = manifest(out)
    assert told["evaluations"]["done"] + told["evaluations"]["failed"] == 9
    assert all(0 <= float(row["cer"]) for row in table(out / "evaluations.csv"))


if __name__ == "__main__":
    run_all([value for name, value in list(globals().items()) if name.startswith("test_")])
