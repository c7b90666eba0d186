"""Who may work for a coordinator: keys, join files, revocation while it runs, and peers that must get nothing."""

from harness import *

CHEAP = dict(pages='["pages/*.*"]', pipeline="[open.scale, open.binarise]", design="{points: 8, seed: 3}")
PEER = pathlib.Path(os.environ["OCRS_BUILD"]) / "tests" / "ocrscreen-test-peer"
KEYS = ("public_key", "secret_key", "server_key")


def prepare(scratch, name="a", **keys):
    demo_pages(scratch, 1, extra=["--kinds", "receipt", "--clean"])
    page = sorted((scratch / "pages").glob("*_eng_*.*")) or sorted((scratch / "pages").iterdir())
    language = "fra" if "_fra_" in page[0].name else "eng"
    return write_config(scratch, **dict(CHEAP, ocr=f"{{languages: {language}}}", **keys))


def keys(scratch, *arguments, expect=0):
    return run([BIN / "ocrscreen", "keys", "--keys", scratch / "keys", *arguments], expect=expect, cwd=scratch,
               env=environment(scratch))


def add(scratch, name, port):
    keys(scratch, "add", name, "--endpoint", f"tcp://127.0.0.1:{port}")
    return scratch / f"{name}.join"


def fields(path):
    return dict(line.split(None, 1) for line in path.read_text().splitlines() if not line.startswith("# "))


def log_of(out):
    """What the coordinator told: on its terminal and in its log file."""
    texts = [p.read_text(errors="replace") for p in out.glob("*.log")] if out.exists() else []
    terminal = out.parent / f"{out.name}.log"
    return "\n".join(texts + ([terminal.read_text(errors="replace")] if terminal.exists() else []))


def coordinator(scratch, config, name, port, *extra):
    """A coordinator without local workers, so that nothing is done unless a remote peer does it."""
    out = scratch / name
    process = start([BIN / "ocrscreen", "run", config, "--out", out, "--bind", f"tcp://127.0.0.1:{port}",
                     "--local-workers", "0", *extra], scratch / f"{name}.log", environment(scratch))
    wait_until("the coordinator listens", lambda: "join with" in log_of(out), within=60)
    return process, out


def worker(scratch, name, *arguments):
    return start([BIN / "ocrscreen-worker", "--slots", "1", "--cache", scratch / f"cache-{name}", *arguments],
                 scratch / f"worker-{name}.log", environment(scratch))


def peer(endpoint, seconds=2, **given):
    words = [f"{key}={value}" for key, value in given.items()]
    return run([PEER, endpoint, str(seconds), *words]).stdout.splitlines()


def got_nothing(lines):
    return not {line for line in lines if line.split()[0] in ("WELCOME", "SCREENING", "BATCH", "ACK", "PAGE")}


def test_a_keyed_coordinator_works_with_its_own_local_workers(scratch):
    config = prepare(scratch)
    calm = scratch / "calm"
    run([BIN / "ocrscreen", "run", config, "--out", calm], env=environment(scratch))
    keys(scratch, "init")
    done = run([BIN / "ocrscreen", "run", config, "--out", scratch / "out", "--keys", scratch / "keys"],
               env=environment(scratch))
    assert "traffic is encrypted" in done.stderr, done.stderr
    assert (scratch / "out" / "points.csv").read_bytes() == (calm / "points.csv").read_bytes()
    assert not (scratch / "out" / "local.join").exists(), "the run's own key ends with it"


def test_strangers_get_nothing_in_or_out_and_are_told(scratch):
    config = prepare(scratch)
    calm = scratch / "calm"
    run([BIN / "ocrscreen", "run", config, "--out", calm], env=environment(scratch))
    page = manifest(calm)["pages"][0]["hash"]
    keys(scratch, "init")
    port = free_port()
    good, former = add(scratch, "good", port), add(scratch, "former", port)
    keys(scratch, "revoke", "former")
    process, out = coordinator(scratch, config, "out", port, "--keys", scratch / "keys")
    here, blobs = f"tcp://127.0.0.1:{port}", f"tcp://127.0.0.1:{port + 1}"
    engine = {key: manifest(calm)["engine"][key] for key in ("tesseract", "leptonica", "opencv")}
    try:
        ask = dict(engine, blobs=blobs, blob=page)
        lines = peer(here, **ask)
        assert got_nothing(lines) and any("one side uses CURVE" in line or "hung up" in line for line in lines), lines
        lines = peer(here, server_key=fields(good)["server_key"], **ask)
        assert got_nothing(lines) and "HANDSHAKE the key was refused" in lines, lines
        lines = peer(here, **{key: fields(former)[key] for key in KEYS}, **ask)
        assert got_nothing(lines) and "HANDSHAKE the key was refused" in lines, lines
        # With a key, but not the same numbers: told by a REJECT.
        own = {key: fields(good)[key] for key in KEYS}
        lines = peer(here, **own, **dict(engine, major=0))
        assert got_nothing(lines) and any(l.startswith("REJECT protocol: this coordinator speaks protocol 1") for l in lines), lines
        lines = peer(here, **own, **dict(engine, tesseract="4.1.1"))
        assert got_nothing(lines) and any(l.startswith("REJECT engine: the worker has Tesseract 4.1.1") for l in lines), lines
        told = log_of(out)
        # A peer without a key may hang up before its handshake is judged.
        assert "it has no key" in told or "the peer hung up" in told, told
        for text in ("is not on the list", "the key of former has been revoked", "protocol 1", "Tesseract 4.1.1"):
            assert text in told, f"the coordinator does not say {text!r}:\n{told}"
        assert finished_evaluations(out, environment(scratch)) == 0, "a stranger's result was taken"
        # Real workers say what is wrong and end.
        for name, arguments, text in (
                ("plain", ["--connect", here], "in keys only"),
                ("former", ["--join", former], "refuses this worker's key")):
            process_of = worker(scratch, name, *arguments)
            assert process_of.wait(30) == 2
            assert text in (scratch / f"worker-{name}.log").read_text(), (scratch / f"worker-{name}.log").read_text()
        helper = worker(scratch, "good", "--join", good)
        assert process.wait(120) == 0
        stop(helper)
    finally:
        stop(process)
    assert (out / "points.csv").read_bytes() == (calm / "points.csv").read_bytes()


def test_wrong_files_and_wrong_coordinators_are_told_within_seconds(scratch):
    config = prepare(scratch)
    keys(scratch, "init")
    port = free_port()
    good = add(scratch, "good", port)
    other = scratch / "other"
    other.mkdir()
    keys(other, "init")
    wrong = add(other, "wrong", port)
    loose = scratch / "loose.join"
    loose.write_text(good.read_text())
    loose.chmod(0o644)
    refused = run([BIN / "ocrscreen-worker", "--join", loose], expect=2).stderr
    assert f"chmod 600 {loose}" in refused, refused
    process, out = coordinator(scratch, config, "out", port, "--keys", scratch / "keys")
    try:
        began = time.monotonic()
        stranger = worker(scratch, "wrong", "--join", wrong)
        assert stranger.wait(60) == 2 and time.monotonic() - began < 45
        told = (scratch / "worker-wrong.log").read_text()
        assert "was made for another coordinator" in told, told
        assert "does not know this coordinator's key" in log_of(out)
    finally:
        stop(process)
    process, out = coordinator(scratch, config, "open", port)
    try:
        lost = worker(scratch, "lost", "--join", good)
        assert lost.wait(30) == 2
        told = (scratch / "worker-lost.log").read_text()
        assert "has no keys" in told, told
    finally:
        stop(process)


def test_a_revocation_cuts_a_worker_that_is_working(scratch):
    config = prepare(scratch, design="{points: 256, seed: 3}")
    keys(scratch, "init")
    port = free_port()
    join = add(scratch, "leaver", port)
    process, out = coordinator(scratch, config, "out", port, "--keys", scratch / "keys")
    env = environment(scratch)
    try:
        leaver = worker(scratch, "leaver", "--join", join)
        wait_until("the worker works", lambda: finished_evaluations(out, env) > 0)
        keys(scratch, "revoke", "leaver")
        assert leaver.wait(30) == 2
        assert "the key of leaver has been revoked" in (scratch / "worker-leaver.log").read_text()
        assert "its connection is cut" in log_of(out)
        done = finished_evaluations(out, env)
        assert worker(scratch, "leaver", "--join", join).wait(30) == 2, "nor does it come back"
        assert finished_evaluations(out, env) == done, "and what it kept is not taken from it"
    finally:
        stop(process)


def test_other_numbers_are_refused_or_a_class_of_their_own(scratch):
    config = prepare(scratch, cluster="{heartbeat_s: 0.5, suspect_s: 2, lease_s: 10}")
    calm = scratch / "calm"
    run([BIN / "ocrscreen", "run", config, "--out", calm], env=environment(scratch))
    engine = {key: manifest(calm)["engine"][key] for key in ("tesseract", "leptonica", "opencv")}
    mine = float([row for row in table(calm / "evaluations.csv") if row["point"] == "-1"][0]["confidence"])
    port = free_port()
    here = f"tcp://127.0.0.1:{port}"
    process, out = coordinator(scratch, config, "out", port)
    try:
        lines = peer(here, **engine, confidence=mine - 0.75)
        assert "CANARY" in lines and "BATCH" not in lines and "ACK" in lines, lines
        assert any("REJECT canary: the worker reads the canary page with confidence" in line for line in lines), lines
        assert finished_evaluations(out, environment(scratch)) == 0, "no result of it was taken"
        assert "reads the canary page with confidence" in log_of(out)
        # Close, not equal: admitted, told, and counted apart. (The forged result of this peer is now believed.)
        lines = peer(here, **engine, confidence=mine - 0.25)
        assert "BATCH" in lines and not [line for line in lines if line.startswith("REJECT")], lines
        helper = worker(scratch, "equal", "--connect", here, "--host-id", "another-machine")
        assert process.wait(120) == 0
        stop(helper)
    finally:
        stop(process)
    close = manifest(out)["numeric_classes"]["close"]
    assert len(close) == 1 and list(close)[0].startswith("peer") and list(close.values()) == [1], close


def test_an_open_address_needs_keys_or_a_clear_word(scratch):
    config = prepare(scratch)
    env = dict(environment(scratch), XDG_CONFIG_HOME=str(scratch / "config"))
    command = [BIN / "ocrscreen", "run", config, "--out", scratch / "out", "--bind", f"tcp://0.0.0.0:{free_port()}"]
    refused = run(command, expect=2, env=env).stderr
    assert "there are no keys" in refused and "--insecure" in refused, refused
    assert not (scratch / "out").exists()
    said = run([*command, "--insecure"], env=env).stderr
    assert "unencrypted" in said, said


if __name__ == "__main__":
    run_all([value for name, value in list(globals().items()) if name.startswith("test_")])
