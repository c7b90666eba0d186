#!/usr/bin/env python3
"""`ocrscreen fleet` over a real sshd on loopback: start, status, stop, and one line that says why where it fails."""
import getpass
import os
import pathlib
import shutil
import subprocess

from harness import *
from harness import Skip

CHEAP = dict(pages='["pages/*.*"]', pipeline="[open.scale, open.binarise]", design="{points: 8, seed: 3}")


class Sshd:
    """A server of our own with keys of its own, in one folder."""

    def __init__(self, folder):
        sshd = shutil.which("sshd") or "/usr/sbin/sshd"
        if not os.path.exists(sshd) or not shutil.which("ssh"):
            raise Skip("no sshd or no ssh: openssh-server, openssh-client")
        if os.geteuid() == 0:
            pathlib.Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        folder.mkdir(mode=0o700)
        for name in ("host", "user"):
            run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name])
        self.port, self.config, self.log = free_port(), folder / "ssh_config", folder / "sshd.log"
        (folder / "sshd_config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/user.pub\n"
            "StrictModes no\nUsePAM no\nPidFile none\nPasswordAuthentication no\nPermitRootLogin prohibit-password\n"
            "MaxStartups 100\n")
        key = " ".join((folder / "host.pub").read_text().split()[:2])
        (folder / "known").write_text(f"[127.0.0.1]:{self.port} {key}\n")
        self.config.write_text(
            f"IdentityFile {folder}/user\nIdentitiesOnly yes\nUserKnownHostsFile {folder}/known\n"
            "GlobalKnownHostsFile /dev/null\nStrictHostKeyChecking yes\n")
        self.process = start([sshd, "-D", "-e", "-f", folder / "sshd_config"], self.log, dict(os.environ))
        wait_until("sshd listens", lambda: "listening" in self.log.read_text() or self.process.poll() is not None, 20)
        probe = subprocess.run(["ssh", "-F", str(self.config), "-p", str(self.port), "-o", "BatchMode=yes", "127.0.0.1",
                                "true"], capture_output=True, text=True)
        if probe.returncode != 0:
            stop(self.process)
            raise Skip(f"no login at an sshd of our own: {probe.stderr.strip()} {self.log.read_text()[-300:]}")


def fleet(scratch, sshd, verb, hosts, expect=0, *options):
    done = run([BIN / "ocrscreen", "fleet", verb, hosts, "--ssh-config", sshd.config, "--timeout", "5", *options],
               expect=expect, env=environment(scratch))
    return {line.split()[0]: line for line in done.stdout.splitlines()[:-1]}, done


def pids(state):
    return {path.parent.name: int(path.read_text().split()[0]) for path in state.rglob("worker.pid")}


def alive(pid):
    return "ocrscreen-worker" in command_line(pid)


def test_a_fleet_joins_works_and_drains(scratch):
    sshd = Sshd(scratch / "ssh")
    coordinator = None
    state = scratch / "it's $HOME; state".replace(" ", "_")  # a shell that reads it would do something else
    try:
        demo_pages(scratch, 1, extra=["--kinds", "receipt", "--clean"])
        page = next(iter(sorted((scratch / "pages").glob("*.png")) or sorted((scratch / "pages").iterdir())))
        config = write_config(scratch, **CHEAP, ocr=f"{{languages: {'fra' if '_fra_' in page.name else 'eng'}}}")
        port = free_port()
        env = environment(scratch)
        keys = ["--keys", scratch / "keys"]
        run([BIN / "ocrscreen", "keys", *keys, "init"], env=env)
        run([BIN / "ocrscreen", "keys", *keys, "add", "lab", "--endpoint", f"tcp://127.0.0.1:{port}"], cwd=scratch,
            env=env)
        hosts = scratch / "hosts.txt"
        here = f"{getpass.getuser()}@127.0.0.1:{sshd.port}"
        hosts.write_text(f"# the lab\n* join=lab.join slots=1 gpu=off program={BIN}/ocrscreen-worker state={state}\n"
                         f"{here} name=one cache={scratch}/cache-1\n{here} name=two cache={scratch}/cache-2\n"
                         f"127.0.0.1:{free_port()} name=gone\n{here} name=bare program=no-such-worker\n")

        # Nobody is at work yet: workers wait, and the verdict says for what.
        lines, _ = fleet(scratch, sshd, "start", hosts, 1, "--wait", "1")
        assert set(lines) == {"one", "two", "gone", "bare"}, lines
        assert "BAD" in lines["one"] and "not joined" in lines["one"], lines
        assert "Tesseract" in lines["one"] and "1 slot" in lines["one"] and "GPU" in lines["one"], lines
        assert "BAD" in lines["gone"] and "not reached" in lines["gone"] and "refused" in lines["gone"], lines
        assert "no program no-such-worker there" in lines["bare"], lines
        first = pids(state)
        assert set(first) == {"one", "two"} and all(map(alive, first.values())), first
        for secret in state.rglob("worker.join"):
            assert secret.stat().st_mode & 0o777 == 0o600, oct(secret.stat().st_mode)

        hosts.write_text("".join(line + "\n" for line in hosts.read_text().splitlines()
                                 if "gone" not in line and "bare" not in line))
        out = scratch / "out"
        coordinator = start([BIN / "ocrscreen", "run", config, "--out", out, "--bind", f"tcp://127.0.0.1:{port}",
                             *keys, "--local-workers", "0"], scratch / "run.log", env)
        assert coordinator.wait(120) == 0, (scratch / "run.log").read_text()
        assert not manifest(out)["missing"], manifest(out)["missing"]

        # The same worker goes on: nothing is started twice.
        coordinator = start([BIN / "ocrscreen", "run", config, "--out", scratch / "again", "--bind",
                             f"tcp://127.0.0.1:{port}", *keys, "--local-workers", "0", "--points", "256"],
                            scratch / "again.log", env)
        wait_until("both have joined", lambda: all("ok" in line for line in fleet(
            scratch, sshd, "status", hosts, None)[0].values()), 60, 0.5)
        lines, _ = fleet(scratch, sshd, "start", hosts)
        assert all("joined already" in line for line in lines.values()), lines
        assert pids(state) == first, (pids(state), first)

        lines, _ = fleet(scratch, sshd, "stop", hosts)
        assert all("drained" in line for line in lines.values()), lines
        wait_until("the workers are gone", lambda: not any(map(alive, first.values())), 20)
        assert not list(state.rglob("worker.join")), "keys of a stopped worker stay on the host"
        lines, _ = fleet(scratch, sshd, "status", hosts, 1)
        assert all("not running" in line for line in lines.values()), lines
        left = next(state.rglob("worker.pid")).with_name("worker.join")  # as a worker that was killed leaves it
        left.write_text("a key")
        lines, _ = fleet(scratch, sshd, "stop", hosts)
        assert not left.exists(), "keys of a worker that died stay on the host"
        assert all("no worker was running" in line for line in lines.values()), lines
    finally:
        for pid in pids(state).values():
            if alive(pid):
                os.kill(pid, signal.SIGKILL)
        if coordinator:
            stop(coordinator)
        stop(sshd.process)


def test_a_wrong_hosts_file_reaches_no_host(scratch):
    hosts = scratch / "hosts.txt"
    hosts.write_text("lab-1 slots=none\n-oProxyCommand=x connect=tcp://h:1\nlab-3:99999 connect=tcp://h:1\nlab-1 fast=yes\n")
    done = run([BIN / "ocrscreen", "fleet", "start", hosts], expect=2)
    for line, word in enumerate(("slots", "host[:port]", "port", "fast"), 1):
        assert any(f"hosts.txt:{line}:" in text and word in text for text in done.stderr.splitlines()), done.stderr
    assert "comes twice" in done.stderr, done.stderr
    hosts.write_text("lab-1\n")
    assert "neither join" in run([BIN / "ocrscreen", "fleet", "start", hosts], expect=2).stderr
    hosts.write_text("# nobody\n")
    assert "no host" in run([BIN / "ocrscreen", "fleet", "status", hosts], expect=2).stderr


run_all([test_a_fleet_joins_works_and_drains, test_a_wrong_hosts_file_reaches_no_host])
