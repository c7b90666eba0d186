"""What every end-to-end test needs: the built programs, a scratch folder, small pages, and ways to run and kill.

A test file defines functions test_*(scratch); run_all() runs them and reports like `3 passed, 0 failed, 1 skipped`.
"""
import csv
import json
import os
import pathlib
import signal
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import traceback

BIN = pathlib.Path(os.environ["OCRS_BIN"])
REPO = pathlib.Path(__file__).resolve().parents[2]
LONG = os.environ.get("OCRS_LONG", "0") == "1"


class Skip(Exception):
    """The test cannot run here; the text says why."""


def real_pages():
    """The folder of scanned pages with ground truth, or Skip."""
    folder = pathlib.Path(os.environ.get("OCRS_PAGES", REPO.parent / "shared" / "pages"))
    if not folder.is_dir():
        raise Skip(f"no scanned pages: set OCRS_PAGES (looked for a folder of scans beside the repository)")
    return folder


def demo_pages(scratch, count=3, seed=1, extra=()):
    """Makes `count` generated pages with ground truth in scratch/pages and returns the folder."""
    folder = pathlib.Path(scratch) / "pages"
    if not folder.exists():
        run([BIN / "ocrscreen-demo-pages", "--out", folder, "--count", str(count), "--seed", str(seed), *extra])
    return folder


def environment(scratch):
    """Private caches, so that tests never meet a worker's state of the machine they run on."""
    env = dict(os.environ)
    env["XDG_CACHE_HOME"] = str(pathlib.Path(scratch) / "cache")
    env["LC_ALL"] = "C.UTF-8"
    return env


def run(command, expect=0, cwd=None, timeout=600, env=None):
    """Runs to the end and returns the CompletedProcess; another exit code than expected fails with the output."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=cwd, timeout=timeout,
                          env=env)
    if expect is not None and done.returncode != expect:
        raise AssertionError(f"{' '.join(map(str, command))}\nexit {done.returncode}, expected {expect}\n"
                             f"--- stdout\n{done.stdout}\n--- stderr\n{done.stderr}")
    return done


def start(command, log, env):
    """Starts a program with its output in a file; the caller ends it (see stop)."""
    stream = open(log, "ab")
    return subprocess.Popen([str(part) for part in command], stdout=stream, stderr=stream, stdin=subprocess.DEVNULL,
                            env=env, start_new_session=True)


def stop(process, how=signal.SIGTERM, within=60):
    if process.poll() is None:
        process.send_signal(how)
    try:
        return process.wait(within)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise AssertionError(f"process {process.pid} did not end within {within} s of {how!r}")


def wait_until(what, condition, within=120, every=0.05):
    """Polls until condition() is true; these are separate programs, there is nothing to be woken by."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(every)
    raise AssertionError(f"waited {within} s in vain for: {what}")


def free_port():
    """A port of loopback that was free a moment ago, and the next one too: control and blobs."""
    for _ in range(50):
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
            try:
                two.bind(("127.0.0.1", port + 1))
                return port
            except OSError:
                pass
    raise AssertionError("no two free ports beside each other")


def children_of(pid):
    """Direct children of a process, from /proc."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                if int(fields[1]) == pid and fields[0] != "Z":
                    found.append(int(entry.name))
            except (OSError, IndexError, ValueError):
                pass
    return found


def command_line(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def write_config(scratch, name="screening.yaml", **keys):
    """Writes a configuration; keys are given as YAML text."""
    path = pathlib.Path(scratch) / name
    path.write_text("".join(f"{key}: {value}\n" for key, value in keys.items()))
    return path


def table(path):
    with open(path, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def manifest(out):
    return json.loads((pathlib.Path(out) / "manifest.json").read_text())


def status(out, env):
    done = run([BIN / "ocrscreen", "status", out, "--json"], expect=None, env=env)
    try:
        return json.loads(done.stdout)
    except json.JSONDecodeError:
        return None


def finished_evaluations(out, env):
    """How many evaluations have their final record, 0 while there is no journal."""
    state = status(out, env)
    return 0 if state is None else state["evaluations"]["done"] + state["evaluations"]["failed"]


def run_all(tests):
    """Runs the given tests (or those named on the command line), each in a scratch folder of its own."""
    wanted = sys.argv[1:]
    passed = failed = 0
    skipped = []
    for test in tests:
        if wanted and test.__name__ not in wanted:
            continue
        scratch = tempfile.mkdtemp(prefix="ocrscreen-e2e-")
        began = time.monotonic()
        try:
            test(pathlib.Path(scratch))
        except Skip as why:
            skipped.append(f"{test.__name__}: {why}")
            shutil.rmtree(scratch, ignore_errors=True)
        except Exception:
            failed += 1
            traceback.print_exc()
            print(f"FAILED {test.__name__} ({time.monotonic() - began:.1f} s), its files stay in {scratch}", flush=True)
        else:
            passed += 1
            print(f"ok {test.__name__} ({time.monotonic() - began:.1f} s)", flush=True)
            shutil.rmtree(scratch, ignore_errors=True)
    for line in skipped:
        print(f"skipped {line}")
    print(f"{passed} passed, {failed} failed, {len(skipped)} skipped")
    if failed:
        sys.exit(1)
    sys.exit(77 if passed == 0 else 0)
