"""Both doctors: a verdict per line, what they say is so, and the exit code follows the verdicts."""
from harness import *

VERDICTS = ("ok", "warn", "bad")


def lines_of(text):
    """[(verdict, subject, text)]; headings have no verdict."""
    found = []
    for line in text.splitlines():
        parts = line.split(None, 1)
        if parts[0] in VERDICTS:
            found.append((parts[0], line[6:18].strip(), line[19:].strip()))
    return found


def expected_exit(verdicts):
    return 2 if "bad" in verdicts else 0


def test_the_coordinators_doctor_looks_at_everything_a_run_needs(scratch):
    done = run([BIN / "ocrscreen", "doctor"], expect=None, cwd=scratch, env=environment(scratch))
    found = lines_of(done.stdout)
    assert done.returncode == expected_exit([verdict for verdict, _, _ in found]), done.stdout
    assert done.stdout.index("as a coordinator") < done.stdout.index("as a worker"), done.stdout
    subjects = [subject for _, subject, _ in found]
    for subject in ("ocrscreen", "evaluator", "models", "this folder", "loopback", "clock", "processors", "simd",
                    "memory", "gpu", "cache", "slots"):
        assert subject in subjects, f"{subject} is missing:\n{done.stdout}"
    models = next(text for _, subject, text in found if subject == "models")
    assert "eng" in models and "all load" in models, models
    clock = next(text for _, subject, text in found if subject == "clock")
    assert clock.startswith(time.strftime("%Y-%m-", time.gmtime())), clock


def test_the_workers_doctor_tells_programs_the_same(scratch):
    done = run([BIN / "ocrscreen-worker", "doctor", "--json"], expect=None, env=environment(scratch))
    told = json.loads(done.stdout)
    verdicts = {finding["subject"]: finding["verdict"] for finding in told["findings"]}
    assert done.returncode == expected_exit(verdicts.values()), done.stdout
    assert set(verdicts.values()) <= set(VERDICTS)
    texts = {finding["subject"]: finding["text"] for finding in told["findings"]}
    assert told["hardware"]["simd"] in texts["simd"]
    flags = pathlib.Path("/proc/cpuinfo").read_text()
    if told["hardware"]["simd"].startswith("AVX2"):
        assert "avx2" in flags
    usable = len(os.sched_getaffinity(0))
    assert told["hardware"]["processing_units_usable"] == usable
    assert 1 <= len(told["slots"]) <= usable
    if not told["devices"]:
        assert texts["gpu"].startswith("none: ") and len(texts["gpu"]) > 20, "a reason, not just a no"
    free = shutil.disk_usage(scratch).free / 1e9
    said = float(texts["cache"].split(",")[-1].split()[0])
    assert abs(said - free) < 0.2 * free + 1, texts["cache"]
    kind = texts["cache"].split(" on ")[1].split(",")[0]
    assert kind in pathlib.Path("/proc/self/mountinfo").read_text(), texts["cache"]


def test_a_doctor_that_finds_something_bad_says_so_and_exits_2(scratch):
    # A private copy of the coordinator's program without the worker's beside it.
    alone = scratch / "bin"
    alone.mkdir()
    shutil.copy(BIN / "ocrscreen", alone)
    done = run([alone / "ocrscreen", "doctor"], expect=2, cwd=scratch, env=environment(scratch))
    found = {subject: (verdict, text) for verdict, subject, text in lines_of(done.stdout)}
    assert found["evaluator"][0] == "bad" and "ocrscreen-worker" in found["evaluator"][1], done.stdout
    # Models that are none.
    (scratch / "tessdata").mkdir()
    (scratch / "tessdata" / "eng.traineddata").write_bytes(b"not a model")
    env = dict(environment(scratch), TESSDATA_PREFIX=str(scratch / "tessdata"))
    done = run([BIN / "ocrscreen", "doctor"], expect=2, cwd=scratch, env=env)
    found = [(verdict, text) for verdict, subject, text in lines_of(done.stdout) if subject == "models"]
    assert found[0][0] == "bad" and "eng" in found[0][1], done.stdout
    # A cache that cannot be made.
    (scratch / "file").write_text("in the way")
    done = run([BIN / "ocrscreen-worker", "doctor", "--json", "--cache", scratch / "file" / "cache"], expect=2, env=env)
    verdicts = {finding["subject"]: finding["verdict"] for finding in json.loads(done.stdout)["findings"]}
    assert verdicts["cache"] == "bad", done.stdout


if __name__ == "__main__":
    run_all([value for name, value in list(globals().items()) if name.startswith("test_")])
