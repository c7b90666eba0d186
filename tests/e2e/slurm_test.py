#!/usr/bin/env python3
"""The array job of deploy/slurm on a real one-node Slurm: tasks join, drain when cancelled or out of time, come back."""
import os
import pathlib
import re
import shutil
import socket
import subprocess

from harness import *
from harness import Skip

SBATCH = REPO / "deploy" / "slurm" / "workers.sbatch"


class Cluster:
    """munged, slurmctld and slurmd of our own, on loopback, with everything in one folder."""

    def __init__(self, folder):
        if not LONG:
            raise Skip("a one-node Slurm: tests/run.sh --long")
        missing = [name for name in ("munged", "slurmctld", "slurmd", "sbatch") if not shutil.which(name)]
        if os.geteuid() != 0 or missing:
            raise Skip(f"a one-node Slurm needs root and slurm-wlm and munge (missing: {', '.join(missing) or 'root'})")
        self.folder = folder
        self.started = []
        folder.mkdir()
        folder.chmod(0o755)
        for name in ("state", "spool"):
            (folder / name).mkdir()
        key = folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o600)
        host = socket.gethostname().split(".")[0]
        conf = folder / "slurm.conf"
        conf.write_text(f"""ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={free_port()}
SlurmdPort={free_port()}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
ReturnToService=2
KillWait=60
MinJobAge=3600
NodeName={host} NodeAddr=127.0.0.1 CPUs={os.cpu_count()} State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
""")
        self.env = dict(environment(folder), SLURM_CONF=str(conf))
        self.run_daemon("munged", "--foreground", "--force", f"--socket={folder}/munge.socket", f"--key-file={key}",
                        f"--pid-file={folder}/munged.pid", f"--log-file={folder}/munged.log",
                        f"--seed-file={folder}/munged.seed")
        wait_until("munged", lambda: (folder / "munge.socket").exists(), 20)
        self.run_daemon("slurmctld", "-D", "-f", conf)
        self.run_daemon("slurmd", "-D", "-f", conf)
        wait_until("an idle node", lambda: "idle" in self.ask("sinfo", "-h", "-o", "%T", expect=None), 60)

    def run_daemon(self, *command):
        self.started.append(start(command, self.folder / f"{command[0]}.out", self.env))

    def ask(self, *command, expect=0):
        return run(command, expect=expect, env=self.env, timeout=60).stdout

    def job(self, task):
        """Everything Slurm says of a task, as `Key` → value."""
        return dict(re.findall(r"(\w+)=(\S+)", self.ask("scontrol", "show", "job", task)))

    def submit(self, options, tasks):
        env = dict(self.env, OCRSCREEN_OPTIONS=options, OCRSCREEN_WORKER=str(BIN / "ocrscreen-worker"),
                   OCRSCREEN_CACHE=str(self.folder / "cache"))
        told = run(["sbatch", f"--array=1-{tasks}", "--cpus-per-task=1", "--export=ALL", SBATCH], cwd=self.folder, env=env)
        return re.search(r"(\d+)", told.stdout).group(1)

    def end(self):
        for process in reversed(self.started):
            stop(process, within=90)


def done_count(out):
    told = subprocess.run([BIN / "ocrscreen", "status", out, "--json"], capture_output=True, text=True)
    return json.loads(told.stdout)["evaluations"]["done"] if told.returncode == 0 else 0


def test_tasks_join_drain_and_come_back(scratch):
    cluster = Cluster(scratch / "slurm")
    coordinator = None
    try:
        demo_pages(scratch, 2, extra=["--kinds", "receipt"])
        config = write_config(scratch, pages='["pages/*"]', ocr="{languages: eng+fra}", pipeline="[open.scale, open.binarise]",
                              design="{points: 32, seed: 3}")
        calm, out = scratch / "calm", scratch / "out"
        env = environment(scratch)
        run([BIN / "ocrscreen", "run", config, "--out", calm], env=env)
        port = free_port()
        coordinator = start([BIN / "ocrscreen", "run", config, "--out", out, "--local-workers", "0",
                             "--bind", f"tcp://127.0.0.1:{port}"], scratch / "run.log", env)
        job = cluster.submit(f"--connect tcp://127.0.0.1:{port} --slots 1", min(2, os.cpu_count()))
        first, second = f"{job}_1", f"{job}_{min(2, os.cpu_count())}"
        wait_until("the first results", lambda: done_count(out) >= 4, 180)
        # As Slurm does ahead of the time limit: the shell of the task gets USR1.
        cluster.ask("scancel", "--batch", "--signal=USR1", second)
        wait_until("the task to be queued again", lambda: int(cluster.job(second)["Restarts"]) >= 1, 120)
        log = (cluster.folder / f"ocrscreen-{job}_{second.split('_')[1]}.log").read_text()
        assert "worker ended with 0" in log, log
        if first != second:
            before = done_count(out)
            cluster.ask("scancel", first)
            wait_until("the cancelled task to end", lambda: cluster.job(first)["JobState"] == "CANCELLED", 120)
            log = (cluster.folder / f"ocrscreen-{job}_1.log").read_text()
            assert "worker ended with 0" in log, "it was killed instead of drained:\n" + log
            assert done_count(out) >= before
        # The task that came back finishes the screening and leaves with it.
        assert coordinator.wait(400) == 0, (scratch / "run.log").read_text()
        wait_until("the last task to end", lambda: cluster.job(second)["JobState"] == "COMPLETED", 120)
        assert (out / "points.csv").read_bytes() == (calm / "points.csv").read_bytes()
        assert {row["attempt"] for row in table(out / "evaluations.csv")} >= {"1"}
        told = json.loads((out / "manifest.json").read_text())
        assert not told["missing"], told["missing"]
    finally:
        if coordinator is not None and coordinator.poll() is None:
            coordinator.kill()
            coordinator.wait()
        cluster.end()




if __name__ == "__main__":
    run_all([test for name, test in sorted(globals().items()) if name.startswith("test_")])
