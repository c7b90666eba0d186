"""Opens pages in a real Chromium through browser.mjs and lets nothing pass that a reader's console would show."""
import json
import os
import pathlib
import shutil
import subprocess

from harness import REPO, Skip

BUILD = pathlib.Path(os.environ["OCRS_BUILD"])
CHROMIUM = os.environ.get("OCRS_CHROMIUM", "/usr/bin/chromium")


def node():
    program = shutil.which("node") or shutil.which("nodejs")
    if not program or not pathlib.Path(CHROMIUM).exists():
        raise Skip(f"no browser: node and {CHROMIUM} are needed (deploy/install-packages.sh --tests)")
    return program


def browse(url, checks, *more, requests_below=None, timeout=240):
    """What the checks saw on the page. Any message in the console, dialog, or request elsewhere is a failure."""
    shots = os.environ.get("OCRS_SHOTS")
    command = [node(), REPO / "tests/e2e/browser.mjs", BUILD / "coordinator/web", url, "--checks",
               REPO / "tests/e2e" / checks, *more]
    if shots:
        pathlib.Path(shots).mkdir(parents=True, exist_ok=True)
        command += ["--shots", shots]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=timeout)
    assert done.stdout, done.stderr
    seen = json.loads(done.stdout)
    assert seen["errors"] == [] and seen["console"] == [] and seen["dialogs"] == [], \
        {key: seen[key] for key in ("errors", "console", "dialogs")}
    if requests_below:
        assert all(one.startswith(requests_below) for one in seen["requests"]), seen["requests"]
    else:
        assert seen["requests"] == [url], seen["requests"]
    return seen["checks"]
