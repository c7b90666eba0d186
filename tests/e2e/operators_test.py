"""The verbs of an operator: what they change in a running screening, what they say without one."""
import json
import os
import signal
import socket
import sqlite3

from harness import *
from screenings import *

SLOW = dict(CHEAP, design="{points: 16, seed: 3}")
TOTAL = 34  # evaluations of SLOW


calm_ = []


def calm_points(scratch):
    """points.csv of an undisturbed run of SLOW; its pages are the same in every test."""
    if not calm_:
        calm_.append(points_bytes(undisturbed(scratch, write_config(scratch, **SLOW))))
    return calm_[0]


def verb(*words, out, expect=0, scratch):
    return run([BIN / "ocrscreen", words[0], out, *words[1:]], expect=expect, env=environment(scratch))


def live(out, scratch):
    """What the coordinator says of itself, None when none answers."""
    state = status(out, environment(scratch))
    return state and state["coordinator"]


def started(scratch, config, *extra, results=2):
    """A running screening with its first results."""
    out = scratch / "out"
    coordinator = start_run(config, out, scratch, *extra)
    wait_until("the first results", lambda: coordinator.poll() is not None or
               finished_evaluations(out, environment(scratch)) >= results)
    assert coordinator.poll() is None, (scratch / "out.log").read_text()
    return out, coordinator


def ended(coordinator, scratch, expect=0):
    code = coordinator.wait(180)
    assert code == expect, f"exit {code}\n" + (scratch / "out.log").read_text()


def rows_of(out, query):
    with sqlite3.connect(f"file:{out}/screening.sqlite?mode=ro", uri=True) as journal:
        return journal.execute(query).fetchall()


def test_without_a_coordinator_verbs_read_the_journal_or_say_what_they_need(scratch):
    receipts(scratch)
    config = write_config(scratch, **CHEAP)
    out = undisturbed(scratch, config, "out")
    env = environment(scratch)
    told = json.loads(verb("status", "--json", out=out, scratch=scratch).stdout)
    assert told["coordinator"] is None and told["state"] == "complete"
    assert "no coordinator" in verb("watch", out=out, scratch=scratch).stdout
    workers = json.loads(verb("workers", "--json", out=out, scratch=scratch).stdout)["workers"]
    assert sum(worker["records"] for worker in workers) == 10, workers
    for words in (["pause"], ["resume"], ["cancel"], ["retry-failed"], ["drain", "somebody"]):
        refused = verb(*words, out=out, scratch=scratch, expect=2).stderr
        assert "no coordinator is at work" in refused and refused.count("\n") == 1, refused
    nothing = run([BIN / "ocrscreen", "pause", scratch / "nowhere"], expect=2, env=env).stderr
    assert "not an output folder" in nothing, nothing
    (out / "control.sock").unlink(missing_ok=True)
    left = socket.socket(socket.AF_UNIX)  # as a killed coordinator leaves it
    left.bind(str(out / "control.sock"))
    left.close()
    assert "no coordinator is at work" in verb("pause", out=out, scratch=scratch, expect=2).stderr


def test_pause_stops_work_survives_kill_9_and_resume_goes_on(scratch):
    receipts(scratch)
    config = write_config(scratch, **SLOW)
    out, coordinator = started(scratch, config)
    mode = (out / "control.sock").stat().st_mode & 0o777
    assert mode == 0o600, oct(mode)
    assert "no new batches" in verb("pause", out=out, scratch=scratch).stdout
    again = json.loads(verb("pause", "--json", out=out, scratch=scratch).stdout)
    assert again["ok"] and "already" in again["text"], again
    wait_until("what was handed out to come back", lambda: live(out, scratch)["evaluations"]["leased"] == 0)
    time.sleep(1)  # what came back last is committed within a moment
    paused_at = finished_evaluations(out, environment(scratch))
    assert paused_at < TOTAL, "nothing was left to pause"
    assert live(out, scratch)["state"] == "paused"
    coordinator.kill()
    coordinator.wait()
    coordinator = start_run(config, out, scratch)
    wait_until("the second coordinator and its worker", lambda: (live(out, scratch) or {"workers": 0})["workers"] == 1)
    assert live(out, scratch)["state"] == "paused", "pause survives a restart"
    time.sleep(1)
    assert finished_evaluations(out, environment(scratch)) == paused_at
    assert "handed out again" in verb("resume", out=out, scratch=scratch).stdout
    ended(coordinator, scratch)
    assert points_bytes(out) == calm_points(scratch)


def test_workers_and_watch_show_the_running_screening(scratch):
    receipts(scratch)
    config = write_config(scratch, **SLOW)
    out, coordinator = started(scratch, config)
    workers = json.loads(verb("workers", "--json", out=out, scratch=scratch).stdout)["workers"]
    assert len(workers) == 1 and workers[0]["state"] == "active" and workers[0]["done"] >= 1, workers
    assert workers[0]["worker"] in verb("workers", out=out, scratch=scratch).stdout
    watch = start([BIN / "ocrscreen", "watch", out, "--json"], scratch / "watch.log", environment(scratch))
    ended(coordinator, scratch)
    assert watch.wait(30) == 0
    lines = (scratch / "watch.log").read_text().splitlines()
    assert json.loads(lines[0])["evaluations"]["total"] == TOTAL, lines[0]
    last = json.loads("\n".join(lines[next(i for i, line in enumerate(lines) if line == "{"):]))
    assert last["state"] == "complete" and last["coordinator"] is None, "after the end, the journal's status"


def test_drain_hands_back_and_counts_as_no_failure(scratch):
    receipts(scratch)
    config = write_config(scratch, **SLOW)
    port = free_port()
    out, coordinator = started(scratch, config, "--bind", f"tcp://127.0.0.1:{port}", "--local-workers", "1")
    remote = start([BIN / "ocrscreen-worker", "--connect", f"tcp://127.0.0.1:{port}", "--slots", "1"],
                   scratch / "remote.log", environment(scratch))
    try:
        both = wait_until("two workers", lambda: [w for w in json.loads(
            verb("workers", "--json", out=out, scratch=scratch).stdout)["workers"] if w["state"] == "active"
            and w["lanes"] == 1] if live(out, scratch)["workers"] == 2 else None)
        refused = verb("drain", "nobody-here", out=out, scratch=scratch, expect=2).stderr
        assert "nobody-here" in refused, refused
        uuids = {worker["uuid"] for worker in both}
        # One after the other, whichever is whose: the remote one ends, the local one is not started again.
        first, second = sorted(uuids)
        verb("drain", first[:12], out=out, scratch=scratch)
        gone = lambda: {w["uuid"] for w in json.loads(verb("workers", "--json", out=out, scratch=scratch).stdout)
                        ["workers"] if w["state"] == "gone"}
        wait_until("the first to go", lambda: first in gone())
        verb("drain", second[:12], out=out, scratch=scratch)
        wait_until("the second to go", lambda: second in gone())
        assert remote.wait(30) == 0, "drained is a good end"
        assert live(out, scratch)["evaluations"]["leased"] == 0
        done = finished_evaluations(out, environment(scratch))
        time.sleep(1.5)
        assert live(out, scratch)["state"] == "waiting for workers" and finished_evaluations(
            out, environment(scratch)) == done
        verb("resume", out=out, scratch=scratch)
        ended(coordinator, scratch)
    finally:
        for process in (remote, coordinator):
            if process.poll() is None:
                process.kill()
    assert points_bytes(out) == calm_points(scratch)
    assert rows_of(out, "SELECT count(*) FROM attempts") == [(0,)], "a drain is no failure"
    assert all(row["status"] == "done" for row in table(out / "evaluations.csv"))


def test_cancel_ends_the_run_and_the_same_command_fills_the_gaps(scratch):
    receipts(scratch)
    config = write_config(scratch, **SLOW)
    out, coordinator = started(scratch, config)
    assert "given up" in verb("cancel", out=out, scratch=scratch).stdout
    ended(coordinator, scratch, expect=1)
    told = manifest(out)
    assert told["evaluations"]["missing"] > 0
    assert {entry["reason"] for entry in told["missing"]} == {"cancelled by the operator"}, told["missing"][:3]
    assert len(told["missing"]) == told["evaluations"]["missing"]
    kept = times_of_done(out)
    run([BIN / "ocrscreen", "run", config, "--out", out], env=environment(scratch))
    assert points_bytes(out) == calm_points(scratch)
    after = times_of_done(out)
    assert all(after[key] == value for key, value in kept.items()), "nothing acknowledged ran again"


def test_extend_reruns_nothing_while_it_runs_and_without_a_coordinator(scratch):
    receipts(scratch)
    config = write_config(scratch, **dict(CHEAP, design="{points: 8, seed: 3}"))
    larger = write_config(scratch, "larger.yaml", **dict(CHEAP, design="{points: 32, seed: 3}"))
    calm = undisturbed(scratch, larger)
    out, coordinator = started(scratch, config)
    assert "power of two" in verb("extend", "--points", "12", out=out, scratch=scratch, expect=2).stderr
    assert "does not shrink" in verb("extend", "--points", "4", out=out, scratch=scratch, expect=2).stderr
    assert "8 points more" in verb("extend", "--points", "16", out=out, scratch=scratch).stdout
    coordinator.kill()
    coordinator.wait()
    run([BIN / "ocrscreen", "run", config, "--out", out], env=environment(scratch))  # the same command goes on
    assert manifest(out)["evaluations"]["total"] == manifest(out)["evaluations"]["done"] == 34
    kept = times_of_done(out)
    assert "32 points" in verb("extend", "--points", "32", out=out, scratch=scratch).stdout
    run([BIN / "ocrscreen", "run", config, "--out", out], env=environment(scratch))
    after = times_of_done(out)
    assert len(after) == 66 and all(after[key] == value for key, value in kept.items()), "extending reruns nothing"
    assert points_bytes(out) == points_bytes(calm)


def kill_evaluators_until_quarantined(coordinator, out, scratch):
    """Kills every evaluator as soon as it has begun something, until an evaluation is given up."""
    def given_up():
        for pid in evaluators_of(coordinator):
            try:
                os.kill(pid, signal.SIGSEGV)
            except ProcessLookupError:
                pass
        return rows_of(out, "SELECT page, point FROM evaluations WHERE status != 0")
    return wait_until("a quarantined evaluation", given_up, every=0.3)


def test_explain_tells_the_story_and_retry_failed_puts_right(scratch):
    receipts(scratch)
    config = write_config(scratch, **SLOW)
    out, coordinator = started(scratch, config, "--local-workers", "1")
    page, point = kill_evaluators_until_quarantined(coordinator, out, scratch)[0]
    verb("pause", out=out, scratch=scratch)
    story = verb("explain", point, page, out=out, scratch=scratch).stdout
    for expected in (f"point {point}", "attempt 1", "signal 11", "host", "crashed", "setting:"):
        assert expected in story, f"{expected!r} is not in\n{story}"
    told = json.loads(verb("explain", point, page, "--json", out=out, scratch=scratch).stdout)["evaluations"][0]
    assert told["status"] in ("failed", "missing") and told["attempts"] and told["end"]["failure"]["node"], told
    assert told["attempts"][0]["host"] and told["attempts"][0]["failure"]["kind"] == "crashed", told
    unknown = verb("explain", "99", out=out, scratch=scratch, expect=2).stderr
    assert "no point 99" in unknown, unknown
    assert "tried again" in verb("retry-failed", out=out, scratch=scratch).stdout
    verb("resume", out=out, scratch=scratch)
    ended(coordinator, scratch)
    assert points_bytes(out) == calm_points(scratch)
    assert all(row["status"] == "done" for row in table(out / "evaluations.csv"))


def test_run_retry_failed_tries_again_what_a_former_run_gave_up(scratch):
    receipts(scratch)
    config = write_config(scratch, **SLOW)
    out, coordinator = started(scratch, config, "--local-workers", "1")
    kill_evaluators_until_quarantined(coordinator, out, scratch)
    coordinator.wait(180)
    assert any(row["status"] != "done" for row in table(out / "evaluations.csv"))
    run([BIN / "ocrscreen", "run", config, "--out", out, "--retry-failed"], env=environment(scratch))
    assert points_bytes(out) == calm_points(scratch)


if __name__ == "__main__":
    run_all([value for name, value in list(globals().items()) if name.startswith("test_")])
