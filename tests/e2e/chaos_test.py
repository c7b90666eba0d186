"""A real screening while its processes are killed, stopped for longer than the lease and asked to end, at moments drawn
from a seed: its files must be those of an undisturbed run, and nothing that was acknowledged may be run again.

OCRS_SEED=n replays a seed; OCRS_LONG=1 makes it fifty kills.
"""
import collections
import os
import random
import signal
import sqlite3

from harness import *
from screenings import *

LEASE_S = 4
CLUSTER = f"{{heartbeat_s: 0.4, suspect_s: 1.5, lease_s: {LEASE_S}}}"
SEED = int(os.environ.get("OCRS_SEED", "1"))


def journal_rows(out, query):
    try:
        with sqlite3.connect(f"file:{out}/screening.sqlite?mode=ro", uri=True, timeout=10) as journal:
            return journal.execute(query).fetchall()
    except sqlite3.OperationalError:  # there is no journal yet
        return []


class Fleet:
    """A coordinator with one local worker and two of its own, each started again when it has ended."""

    def __init__(self, scratch, config, out):
        self.scratch, self.out = scratch, out
        self.port = free_port()
        endpoint = f"tcp://127.0.0.1:{self.port}"
        self.run = [BIN / "ocrscreen", "run", config, "--out", out, "--bind", endpoint, "--local-workers", "1"]
        self.worker = [BIN / "ocrscreen-worker", "--connect", endpoint, "--slots", "1"]
        self.coordinator, self.workers, self.ends = None, [None, None], collections.Counter()
        self.finished = False
        self.tend()

    def tend(self):
        env = environment(self.scratch)
        if self.coordinator is not None and self.coordinator.poll() is not None:
            code = self.coordinator.returncode
            self.ends[code] += 1
            if code == 0:
                self.finished = True
                return
            assert code in (130, -signal.SIGKILL), f"exit {code}\n" + (self.scratch / "coordinator.log").read_text()
            self.coordinator = None
        if self.coordinator is None:
            self.coordinator = start(self.run, self.scratch / "coordinator.log", env)
        for i, worker in enumerate(self.workers):
            if worker is None or worker.poll() is not None:
                if worker is not None:
                    assert worker.returncode in (0, -signal.SIGKILL, 130), f"worker exit {worker.returncode}"
                self.workers[i] = start(self.worker, self.scratch / f"worker{i}.log", env)

    def agents(self):
        return [worker.pid for worker in self.workers if worker.poll() is None] + workers_of(self.coordinator)

    def evaluators(self):
        return [pid for agent in self.agents() for pid in children_of(agent) if "--evaluator" in command_line(pid)]

    def victims(self, kind):
        return {"coordinator": lambda: [self.coordinator.pid], "agent": self.agents,
                "evaluator": self.evaluators}[kind]()

    def end(self):
        for process in [self.coordinator, *self.workers]:
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()


def send(pid, what):
    try:
        os.kill(pid, what)
        return True
    except ProcessLookupError:
        return False


def tended(fleet, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end and not fleet.finished:
        fleet.tend()
        time.sleep(0.05)


def open_deaths(out):
    """Evaluations that died and wait for their second try: killing that one as well would rightly end them."""
    return journal_rows(out, "SELECT DISTINCT page, point FROM attempts EXCEPT SELECT page, point FROM evaluations")


def strike(fleet, random_, kind, what, told):
    if kind == "evaluator" and open_deaths(fleet.out):
        kind = "agent"
    victims = wait_until(f"a {kind} to strike", lambda: fleet.tend() or fleet.finished or fleet.victims(kind))
    if fleet.finished:
        return
    deaths = len(journal_rows(fleet.out, "SELECT id FROM attempts"))
    pid = random_.choice(sorted(victims))
    if not send(pid, what):
        return
    told.append(f"{signal.Signals(what).name} to {kind} {pid}")
    if what == signal.SIGSTOP:
        tended(fleet, LEASE_S + 1)
        send(pid, signal.SIGCONT)
    elif kind == "evaluator":
        # Until the death is known; it may have had nothing to do.
        end = time.monotonic() + 2
        while time.monotonic() < end and len(journal_rows(fleet.out, "SELECT id FROM attempts")) == deaths:
            tended(fleet, 0.05)


def chaos(scratch, points, kills, seed):
    receipts(scratch)
    keys = dict(CHEAP, design=f"{{points: {points}, seed: 3}}")
    calm = undisturbed(scratch, write_config(scratch, **keys))
    out = scratch / "out"
    total = 2 * (points + 1)
    random_ = random.Random(seed)
    kinds = (["coordinator", "agent", "evaluator"] * kills)[:kills]
    signals = ([signal.SIGKILL, signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGKILL] * kills)[:kills]
    random_.shuffle(kinds)
    random_.shuffle(signals)
    moments = sorted(random_.randrange(0, int(0.8 * total)) for _ in range(kills))
    fleet = Fleet(scratch, write_config(scratch, "chaos.yaml", cluster=CLUSTER, **keys), out)
    told, seen = [], {}

    def look():
        """Every final record ever seen must stay what it was."""
        for row in journal_rows(out, "SELECT page, point, status, attempt, time_ms, worker, elapsed_ms FROM evaluations"):
            assert seen.setdefault(row[:2], row) == row, f"{row} was {seen[row[:2]]}"
        return len(seen)

    try:
        for moment, kind, what in zip(moments, kinds, signals):
            wait_until(f"{moment} results", lambda: fleet.tend() or fleet.finished or look() >= moment, within=240)
            tended(fleet, random_.uniform(0, 0.4))
            strike(fleet, random_, kind, what, told)
            look()
        wait_until("the end", lambda: fleet.tend() or look() < 0 or fleet.finished, within=240)
        look()
    except BaseException:
        print(f"seed {seed}: {told}", flush=True)
        print((scratch / "coordinator.log").read_text()[-4000:], flush=True)
        raise
    finally:
        fleet.end()
    print(f"seed {seed}, {len(told)} of {kills} kills: {', '.join(told)}", flush=True)
    assert len(told) >= 0.7 * kills, "most kills must have met a running screening"
    assert points_bytes(out) == points_bytes(calm), f"seed {seed}: points.csv differs after {told}"
    assert comparable_evaluations(out) == comparable_evaluations(calm)
    assert {row[:2] for row in seen.values()} == set(seen) and len(seen) == total
    evaluators_struck = sum("evaluator" in line for line in told)
    deaths = journal_rows(out, "SELECT failure, node, host FROM attempts")
    assert len(deaths) <= evaluators_struck, f"only evaluators that were struck may count as dead: {deaths}"


def test_a_few_kills_change_nothing(scratch):
    chaos(scratch, points=64, kills=6, seed=SEED)


def test_fifty_kills_change_nothing(scratch):
    if not LONG:
        raise Skip("fifty kills: OCRS_LONG=1")
    chaos(scratch, points=128, kills=50, seed=SEED + 1000)


if __name__ == "__main__":
    run_all([value for name, value in list(globals().items()) if name.startswith("test_")])
