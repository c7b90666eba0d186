#!/usr/bin/env python3
"""Manual pages, completion and the systemd unit as they are built; with --long, the Debian packages in a bare root."""
import gzip
import os
import pathlib
import re
import shutil
import subprocess

from harness import BIN, LONG, REPO, Skip, run, run_all

BUILD = BIN.parent
PROGRAMS = ("ocrscreen", "ocrscreen-worker")


def verbs():
    """The verbs that `ocrscreen --help` lists."""
    lines = run([BIN / "ocrscreen", "--help"]).stdout.split("Subcommands:")[1].splitlines()
    return [line.split()[0] for line in lines if re.match(r"  [a-z]", line)]


def manual(program):
    page = BUILD / "deploy" / "packages" / f"{program}.1.gz"
    if not page.exists():
        raise Skip("no manual pages were built: help2man is not installed")
    return gzip.decompress(page.read_bytes()).decode().replace("\\-", "-")


def test_manual_pages_name_every_verb_and_option(_scratch):
    for program in PROGRAMS:
        page = manual(program)
        helps = [run([BIN / program, "--help"]).stdout]
        if program == "ocrscreen":
            helps += [run([BIN / program, verb, "--help"]).stdout for verb in verbs()]
            for verb in verbs():
                assert re.search(rf"\b{verb}\b", page), f"{program}.1 says nothing of {verb}"
        for option in set(re.findall(r"^\s+(?:-\w,)?(--[a-z-]+)", "\n".join(helps), re.M)):
            assert option in page, f"{program}.1 says nothing of {option}"
        for part in ("EXIT STATUS", "FILES"):
            assert part in page.upper(), f"{program}.1 has no part {part}"


def complete(*words):
    """What bash offers for the last of `words`."""
    script = (f"source {REPO}/deploy/packages/ocrscreen.bash; COMP_WORDS=({' '.join(map(repr, words))}); "
              f"COMP_CWORD={len(words) - 1}; _ocrscreen; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
    environment = dict(os.environ, PATH=f"{BIN}:{os.environ['PATH']}")
    return run(["bash", "-c", script], env=environment).stdout.split()


def test_completion_offers_verbs_options_and_choices(_scratch):
    offered = complete("ocrscreen", "")
    assert set(offered) == set(verbs()), offered
    assert complete("ocrscreen", "resc") == ["rescore"]
    assert "--local-workers" in complete("ocrscreen", "run", "--")
    assert "--csv" in complete("ocrscreen", "design", "--") and "--plan" not in complete("ocrscreen", "design", "--")
    assert "--slots" in complete("ocrscreen-worker", "--")
    assert complete("ocrscreen-worker", "--gpu", "o") == ["off", "on"]


def test_the_unit_is_sound_and_hardened(scratch):
    analyze = shutil.which("systemd-analyze")
    if not analyze:
        raise Skip("systemd-analyze is not installed")
    # The program it will start is not at its place in this tree.
    unit = (REPO / "deploy/systemd/ocrscreen-worker.service").read_text()
    copy = scratch / "ocrscreen-worker.service"
    copy.write_text(unit.replace("/usr/bin/ocrscreen-worker", str(BIN / "ocrscreen-worker"))
                    .replace("Documentation=man:ocrscreen-worker(1)\n", ""))
    done = subprocess.run([analyze, "verify", "--man=no", str(copy)], capture_output=True, text=True)
    about = [line for line in (done.stdout + done.stderr).splitlines() if copy.name in line]
    assert not about, "\n".join(about)
    for line in ("NoNewPrivileges=yes", "PrivateTmp=yes", "User=ocrscreen", "Restart=on-failure", "KillSignal=SIGTERM"):
        assert line in unit.splitlines(), line


def in_root(root, *command, expect=0):
    return run(["chroot", str(root), "/usr/bin/env", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive",
                "LC_ALL=C.UTF-8", *command], expect=expect, timeout=1500)


def files_of(root):
    """Every file and link, but what the kernel shows, what was copied to tmp and the package manager's own records."""
    ignored = ("var/lib/dpkg", "var/log", "var/cache/apt", "var/lib/apt", "proc", "sys", "dev", "run", "tmp")
    found = []
    for folder, folders, files in os.walk(root):
        inside = os.path.relpath(folder, root)
        folders[:] = [name for name in folders if os.path.normpath(os.path.join(inside, name)) not in ignored]
        found += [os.path.normpath(os.path.join(inside, name)) for name in folders + files]
    return sorted(found)


def test_packages_install_and_leave_a_bare_debian_root(scratch):
    if not LONG:
        raise Skip("installing packages in a bare Debian root: tests/run.sh --long")
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        raise Skip("installing packages in a bare Debian root needs root and debootstrap")
    source = re.search(r"https?://\S+debian/?(?=\s|$)", "\n".join(
        path.read_text() for path in pathlib.Path("/etc/apt").rglob("*")
        if path.suffix in (".list", ".sources") and path.is_file() and "security" not in path.name))
    if not source:
        raise Skip("no Debian mirror is configured on this machine")
    run(["cpack", "-G", "DEB", "-B", str(scratch / "packages")], cwd=BUILD, timeout=900)
    packages = sorted((scratch / "packages").glob("*.deb"))
    assert {name.name.split("_")[0] for name in packages} == set(PROGRAMS), packages
    root = scratch / "root"
    run(["debootstrap", "--variant=minbase", "bookworm", str(root), source.group()], timeout=1500)
    for package in packages:
        shutil.copy(package, root / "tmp")
    in_root(root, "apt-get", "update", "-q")
    in_root(root, "sh", "-c", "apt-get install -y -q --no-install-recommends /tmp/ocrscreen*.deb")
    assert "ocrscreen" in in_root(root, "ocrscreen", "--help").stdout
    for program in PROGRAMS:
        in_root(root, program, "--version")
        assert (root / f"usr/share/bash-completion/completions/{program}").exists()
    in_root(root, "sh", "-c", "cd /tmp && ocrscreen init && test -s screening.yaml && rm screening.yaml")
    assert "ocrscreen" in in_root(root, "getent", "passwd", "ocrscreen").stdout
    assert (root / "etc/ocrscreen/worker.conf").exists()
    assert (root / "etc/systemd/system/multi-user.target.wants/ocrscreen-worker.service").is_symlink()
    in_root(root, "sh", "-c", "apt-get purge -y -q ocrscreen ocrscreen-worker")
    in_root(root, "getent", "passwd", "ocrscreen", expect=2)
    # Libraries stay when a package goes; what the two packages themselves brought must not.
    left = [name for name in files_of(root) if "ocrscreen" in name]
    assert not left, left


def test_operations_explains_every_event_of_the_log(_scratch):
    events = set()
    for source in (REPO / "coordinator" / "core").glob("scheduler*.cpp"):
        for call in re.findall(r"notice\(\s*([^;]*?NoticeLevel::[^;]*);", source.read_text()):
            events |= set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', call))
    assert len(events) >= 15, f"the events are looked for in the wrong place: {sorted(events)}"
    log = (REPO / "deploy" / "OPERATIONS.md").read_text().split("## What the log says")[1].split("\n## ")[0]
    missing = [event for event in sorted(events) if not re.search(rf"\b{event}\b", log)]
    assert not missing, f"OPERATIONS.md does not say what to do about {missing}"


if __name__ == "__main__":
    run_all([test for name, test in sorted(globals().items()) if name.startswith("test_")])
