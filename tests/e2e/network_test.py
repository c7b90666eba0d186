"""Bad networks and bad pages: a relay of our own that delays, stalls, cuts in the middle of a frame, resets and half-closes;
two network namespaces whose link goes down and grows slow; pages that kill, hang or starve every evaluator. Whatever happens,
points.csv is the undisturbed run's, or says what is missing and why."""
import contextlib
import random
import re
import resource
import select
import socket
import struct
import threading
import zlib

from harness import *

CHEAP = dict(pages='["pages/*.*"]', pipeline="[open.scale, open.binarise]", ocr="{languages: eng}",
             cluster="{heartbeat_s: 0.3, suspect_s: 1.5, lease_s: 4}")


def prepare(scratch, points=16, count=1, **keys):
    demo_pages(scratch, count, extra=["--kinds", "receipt", "--clean", "--languages", "eng"])
    return write_config(scratch, **dict(CHEAP, design=f"{{points: {points}, seed: 3}}", **keys))


def undisturbed(scratch, config):
    out = scratch / "calm"
    run([BIN / "ocrscreen", "run", config, "--out", out], env=environment(scratch))
    return (out / "points.csv").read_bytes()


class Relay:
    """Carries TCP connections to a port and does to them what its plan says: one entry per connection, then again from the
    second on. (fault, bytes): after so many bytes towards the coordinator, in the middle of whatever is sent then."""

    def __init__(self, target, plan):
        self.target, self.plan = target, plan
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.happened = []
        self.ending = threading.Event()
        self.threads = [threading.Thread(target=self.accept, daemon=True)]
        self.threads[0].start()

    def accept(self):
        count = 0
        self.listener.settimeout(0.2)
        while not self.ending.is_set():
            try:
                near, _ = self.listener.accept()
            except socket.timeout:
                continue
            except OSError:
                return
            entry = self.plan[count] if count < len(self.plan) else self.plan[1 + (count - 1) % (len(self.plan) - 1)]
            count += 1
            thread = threading.Thread(target=self.carry, args=(near, *entry), daemon=True)
            self.threads.append(thread)
            thread.start()

    def carry(self, near, fault, after):
        try:
            far = socket.create_connection(("127.0.0.1", self.target), timeout=5)
        except OSError:
            near.close()
            return
        with near, far:
            sent, half_closed = 0, False
            while not self.ending.is_set():
                readable, _, _ = select.select([near, far], [], [], 0.2)
                for source in readable:
                    try:
                        data = source.recv(65536)
                        if fault == "delay":
                            time.sleep(0.05)
                        if source is near and fault != "delay" and sent + len(data) > after and not half_closed:
                            keep = max(0, after - sent)
                            far.sendall(data[:keep])
                            self.happened.append(fault)
                            if fault == "cut":
                                return
                            if fault == "reset":
                                for end in (near, far):
                                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                                return
                            if fault == "stall":
                                self.ending.wait(3)
                                far.sendall(data[keep:])
                                after = 1 << 60
                                continue
                            if fault == "half-close":
                                far.shutdown(socket.SHUT_WR)  # what comes after is read and lost; the other way goes on
                                half_closed = True
                                continue
                        if not data:
                            return
                        if source is near and half_closed:
                            continue
                        (far if source is near else near).sendall(data)
                        sent += len(data) if source is near else 0
                        if fault == "delay" and "delay" not in self.happened:
                            self.happened.append("delay")
                    except OSError:
                        return

    def end(self):
        self.ending.set()
        self.listener.close()
        for thread in self.threads:
            thread.join(5)


def coordinator(scratch, config, out, port, *extra, prefix=(), address="127.0.0.1"):
    process = start([*prefix, BIN / "ocrscreen", "run", config, "--out", out, "--bind", f"tcp://{address}:{port}",
                     "--local-workers", "0", *extra], scratch / f"{out.name}.log", environment(scratch))
    wait_until("the coordinator listens", lambda: "join with" in (scratch / f"{out.name}.log").read_text(), within=60)
    return process


def worker(scratch, name, endpoint, *extra, prefix=()):
    return start([*prefix, BIN / "ocrscreen-worker", "--connect", endpoint, "--slots", "1", "--cache",
                  scratch / f"cache-{name}", "--host-id", name, *extra], scratch / f"worker-{name}.log",
                 environment(scratch))


def test_a_bad_network_changes_nothing(scratch):
    config = prepare(scratch, points=32)
    calm = undisturbed(scratch, config)
    seed = random.randrange(1 << 30)
    print(f"relay seed {seed}")
    chance = random.Random(seed)
    faults = ["cut", "stall", "reset", "half-close", "delay"]
    port = free_port()
    out = scratch / "out"
    process = coordinator(scratch, config, out, port)
    relays, workers = [], []
    try:
        # A connection that is slow or stalls lives on, and nothing of its plan comes after it: so the two second ones differ.
        for name, second in zip(("one", "two"), chance.sample(faults[1:], 2)):
            rest = [fault for fault in chance.sample(faults, len(faults)) if fault != second]
            # The first connection gets past the WELCOME before it is cut; HELLO alone has some 300 bytes.
            plan = [("cut", 900)] + [(fault, chance.randrange(600, 3000)) for fault in (second, *rest)]
            relays.append(Relay(port, plan))
            workers.append(worker(scratch, name, f"tcp://127.0.0.1:{relays[-1].port}"))
        assert process.wait(300) == 0, (scratch / "out.log").read_text()
    finally:
        for one in (*workers, process):
            stop(one)
        for relay in relays:
            relay.end()
    happened = {fault for relay in relays for fault in relay.happened}
    assert len(happened) >= 3, f"too little went wrong: {happened}"
    assert (out / "points.csv").read_bytes() == calm


@contextlib.contextmanager
def two_namespaces():
    """Two network namespaces joined by veth; yields (name a, name b, address a)."""
    if os.geteuid() != 0 or not shutil.which("ip"):
        raise Skip("network namespaces need root and the ip program")
    mark = f"ocrs{os.getpid()}"
    a, b = f"{mark}a", f"{mark}b"
    made = []
    try:
        for name in (a, b):
            done = run(["ip", "netns", "add", name], expect=None)
            if done.returncode != 0:
                raise Skip(f"no network namespaces here: {done.stderr.strip()}")
            made.append(name)
        done = run(["ip", "link", "add", "v0", "netns", a, "type", "veth", "peer", "name", "v0", "netns", b], expect=None)
        if done.returncode != 0:
            raise Skip(f"no veth here: {done.stderr.strip()}")
        for name, address in ((a, "10.213.7.1/24"), (b, "10.213.7.2/24")):
            run(["ip", "-n", name, "addr", "add", address, "dev", "v0"])
            run(["ip", "-n", name, "link", "set", "v0", "up"])
            run(["ip", "-n", name, "link", "set", "lo", "up"])
        yield a, b, "10.213.7.1"
    finally:
        for name in made:
            run(["ip", "netns", "del", name], expect=None)


def test_a_link_that_is_down_longer_than_the_lease_and_then_slow(scratch):
    config = prepare(scratch, points=32)
    calm = undisturbed(scratch, config)
    env = environment(scratch)
    out = scratch / "out"
    with two_namespaces() as (a, b, address):
        process = coordinator(scratch, config, out, 5570, "--insecure", prefix=["ip", "netns", "exec", a], address=address)
        far = worker(scratch, "far", f"tcp://{address}:5570", prefix=["ip", "netns", "exec", b])
        try:
            wait_until("the far worker works", lambda: finished_evaluations(out, env) > 1)
            run(["ip", "-n", b, "link", "set", "v0", "down"])
            time.sleep(6)  # the lease is 4 s
            during = finished_evaluations(out, env)
            assert "nothing heard for" in "".join(p.read_text() for p in out.glob("*.log")), "the silence was not told"
            slow = run(["tc", "-n", b, "qdisc", "add", "dev", "v0", "root", "tbf", "rate", "2mbit", "burst", "16kb",
                        "latency", "400ms"], expect=None) if shutil.which("tc") else None
            if slow is None or slow.returncode != 0:
                print("without slowness: no tbf here")
            run(["ip", "-n", b, "link", "set", "v0", "up"])
            assert process.wait(300) == 0, (scratch / "out.log").read_text()
            assert during < 33
        finally:
            stop(far)
            stop(process)
    assert (out / "points.csv").read_bytes() == calm


# ---- pages that no evaluator survives ----


def evaluators_with(size):
    """Evaluators that have a page file of this size mapped and not decoded yet, by /proc."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit() or b"--evaluator" not in cmdline_bytes(entry):
            continue
        try:
            for line in (entry / "maps").read_text().splitlines():
                if "memfd:" in line:
                    begin, end = (int(part, 16) for part in line.split()[0].split("-"))
                    if end - begin == (size + 4095) // 4096 * 4096:
                        found.append(int(entry.name))
                        break
        except OSError:
            pass
    return found


def cmdline_bytes(entry):
    try:
        return (entry / "cmdline").read_bytes()
    except OSError:
        return b""


def with_poison(scratch):
    """Two receipts, and a blank page so large that its decoding takes long enough to be seen; returns its path."""
    folder = demo_pages(scratch, 2, extra=["--kinds", "receipt", "--clean", "--languages", "eng"])
    width, height = 9000, 9000

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + b"\xff" * width) * height
    poison = folder / "poison_eng_9.png"
    poison.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)) +
                       chunk(b"IDAT", zlib.compress(rows, 6)) + chunk(b"IEND", b""))
    (folder / "poison_eng_9.gt.txt").write_text("nothing\n")
    return poison


class Poison(threading.Thread):
    """Does something to every evaluator that holds the poisoned page."""

    def __init__(self, page, act):
        super().__init__(daemon=True)
        self.size, self.act, self.done, self.ending = page.stat().st_size, act, set(), threading.Event()

    def run(self):
        while not self.ending.wait(0.002):
            for pid in evaluators_with(self.size):
                with contextlib.suppress(OSError):
                    self.act(pid)
                    self.done.add(pid)


def run_with_poison(scratch, act, **keys):
    poison = with_poison(scratch)
    config = write_config(scratch, **dict(CHEAP, design="{points: 4, seed: 3}", **keys))
    out = scratch / "out"
    process = start([BIN / "ocrscreen", "run", config, "--out", out, "--local-workers", "2"], scratch / "out.log",
                    environment(scratch))
    # Its own look at the pages comes first, and is no evaluation.
    wait_until("the screening starts", lambda: "evaluations" in (scratch / "out.log").read_text())
    killer = Poison(poison, act)
    killer.start()
    try:
        code = process.wait(240)
    finally:
        killer.ending.set()
        stop(process)
    rows = table(out / "evaluations.csv")
    bad = [row for row in rows if row["page"] == poison.name]
    good = [row for row in rows if row["page"] != poison.name]
    assert len(bad) == 5 and len(good) == 10, rows
    assert all(row["status"] == "done" for row in good), good
    return code, bad, killer.done


def test_a_page_that_kills_every_evaluator_costs_itself_alone(scratch):
    code, bad, killed = run_with_poison(scratch, lambda pid: os.kill(pid, signal.SIGKILL))
    assert code == 1 and all(row["status"] != "done" for row in bad), bad
    assert all(row["reason"] for row in bad), "each ends with its story"
    assert 1 < len(killed) <= 12, f"{len(killed)} evaluators died of one page"


def test_a_page_that_hangs_every_evaluator_costs_itself_alone(scratch):
    if not LONG:
        raise Skip("waits for deadlines: OCRS_LONG=1")
    code, bad, stopped = run_with_poison(scratch, lambda pid: os.kill(pid, signal.SIGSTOP), limits="{deadline_s: 15}")
    assert code == 1 and all(row["status"] != "done" and row["reason"] for row in bad), bad
    assert len(stopped) <= 12, f"{len(stopped)} evaluators hung on one page"


def test_a_page_that_eats_all_memory_costs_itself_alone(scratch):
    if not LONG:
        raise Skip("rests of a minute: OCRS_LONG=1")

    def starve(pid):
        resource.prlimit(pid, resource.RLIMIT_AS, (1 << 20, 1 << 20))  # whatever it asks for now is refused

    code, bad, starved = run_with_poison(scratch, starve)
    assert code == 1 and all(row["status"] != "done" and row["reason"] for row in bad), bad
    assert len(starved) <= 12, f"{len(starved)} evaluators ran out of memory on one page"


def test_a_setting_that_explodes_the_layout_is_a_failure_with_its_reason(scratch):
    if not LONG:
        raise Skip("a damaged typescript: OCRS_LONG=1")
    folder = demo_pages(scratch, 1, extra=["--kinds", "typescript", "--languages", "eng"])
    assert folder
    config = write_config(scratch, **dict(CHEAP, pipeline="[open.binarise]", design="{points: 4, seed: 3}",
                                          limits="{components: 40}"))
    out = scratch / "out"
    run([BIN / "ocrscreen", "run", config, "--out", out], env=environment(scratch))
    failed = [row for row in table(out / "evaluations.csv") if row["status"] == "failed"]
    assert failed and all("component" in row["reason"] for row in failed), table(out / "evaluations.csv")
    assert len(table(out / "points.csv")) == 5, "they count as empty readings, so every point has its row"


if __name__ == "__main__":
    run_all([value for name, value in list(globals().items()) if name.startswith("test_")])
