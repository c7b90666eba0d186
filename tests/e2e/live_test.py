"""The live page of a running screening: numbers that are true, a page that draws them, and nobody else let in."""
import concurrent.futures
import http.client
import re
import signal
import urllib.parse

from browser import browse
from harness import *


def begin(scratch, http, points=32):
    """A coordinator without local workers, so that nothing moves unless the test says so."""
    demo_pages(scratch, 2, extra=["--kinds", "receipt", "--clean"])
    config = write_config(scratch, screening='"live <b>page</b>"', pages='["pages/*.*"]', pipeline="[open.scale, open.binarise]",
                          design=f"{{points: {points}, seed: 3}}")
    env = environment(scratch)
    log = scratch / "run.log"
    insecure = ["--insecure"] if "0.0.0.0" in http else []
    coordinator = start([BIN / "ocrscreen", "run", config, "--out", scratch / "out", "--local-workers", "0", "--http", http,
                         *insecure], log, env)
    told = wait_until("the live page's address", lambda: re.search(r"live page: (http://\S+:(\d+)/)", log.read_text()))
    return coordinator, told.group(1), int(told.group(2)), log, env


def ask(port, path, headers=None, method="GET", body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, body=body, headers=headers or {})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer, text


def api(port, name):
    answer, text = ask(port, f"/api/{name}.json")
    return json.loads(text) if answer.status == 200 else None


def test_page_and_interfaces_tell_what_is_so(scratch):
    coordinator, url, port, log, env = begin(scratch, "127.0.0.1:0")
    try:
        waiting = wait_until("the first moment", lambda: api(port, "status"))
        assert waiting["state"] == "waiting for workers" and waiting["evaluations"]["done"] == 0, waiting
        endpoint = re.search(r"--connect (\S+)", log.read_text()).group(1)
        worker = start([BIN / "ocrscreen-worker", "--connect", endpoint, "--slots", "1", "--cache", scratch / "w"],
                       scratch / "worker.log", env)
        wait_until("twenty results", lambda: (api(port, "status") or waiting)["evaluations"]["done"] >= 20)
        busy = api(port, "workers")["workers"]
        assert len(busy) == 1 and busy[0]["lanes"] == 1 and busy[0]["done"] > 0, busy
        stop(worker)
        wait_until("the worker gone", lambda: api(port, "status")["workers"] == 0)
        told = status(scratch / "out", env)["evaluations"]
        same = lambda now: all(now[key] == told[key] for key in ("total", "done", "failed")) and now["leased"] == 0
        now = wait_until("the journal's numbers", lambda: (lambda one: same(one) and one)(api(port, "status")["evaluations"]))
        results = wait_until("results", lambda: (api(port, "results") or {}).get("leaders") and api(port, "results"))
        assert {one["name"] for one in results["factors"]} >= {"resize", "binarise"}, results["factors"]

        metrics = ask(port, "/metrics")[1]
        assert f'ocrscreen_evaluations{{state="done"}} {now["done"]}' in metrics, metrics
        assert re.search(r"^# TYPE ocrscreen_results_total counter$", metrics, re.M), metrics
        answer, _ = ask(port, "/")
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        for method in ("POST", "PUT", "DELETE"):
            assert ask(port, "/api/status.json", method=method)[0].status == 404, f"{method} does something"
        assert ask(port, "/../screening.sqlite")[0].status == 404
        with concurrent.futures.ThreadPoolExecutor(8) as many:
            answers = list(many.map(lambda _: ask(port, "/api/status.json")[0].status, range(200)))
        assert answers == [200] * 200, answers

        seen = browse(url, "live_checks.mjs", requests_below=url)
        assert not seen["trouble"] and seen["too_wide"] <= 0, seen
        assert {"progress", "factor-resize", "factor-binarise"} <= set(seen["charts"]), seen["charts"]
        assert "live <b>page</b>" in seen["text"] and f"{now['done']} of {now['total']} evaluations" in seen["text"], seen["text"]
    finally:
        code = stop(coordinator, signal.SIGINT)
    assert code == 130, log.read_text()


def test_only_this_machine_and_those_with_the_token_are_let_in(scratch):
    coordinator, _, port, log, _ = begin(scratch, "127.0.0.1:0", points=1)
    try:
        assert ask(port, "/", {"Host": f"localhost:{port}"})[0].status == 200
        for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", ""):
            assert ask(port, "/api/status.json", {"Host": host})[0].status == 421, host
    finally:
        stop(coordinator, signal.SIGINT)
    shutil.rmtree(scratch / "out")
    log.unlink()

    coordinator, _, port, log, _ = begin(scratch, "0.0.0.0:0", points=1)
    try:
        file = scratch / "out" / "http.token"
        assert str(file) in log.read_text() and file.stat().st_mode & 0o777 == 0o600
        token = file.read_text().strip()
        assert len(token) == 32 and token not in log.read_text()
        assert ask(port, f"/api/status.json?token={token}")[0].status == 401, "a token in an address is taken"
        assert ask(port, "/metrics", {"Authorization": "Bearer " + "0" * 32})[0].status == 401
        wait_until("metrics with the token", lambda: ask(port, "/metrics", {"Authorization": f"Bearer {token}"})[0].status == 200)
        answer, page = ask(port, "/")
        assert answer.status == 401 and 'method="post"' in page
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        assert ask(port, "/login", form, "POST", urllib.parse.urlencode({"token": "wrong"}))[0].status == 401
        answer, _ = ask(port, "/login", form, "POST", urllib.parse.urlencode({"token": token}))
        assert answer.status == 303 and answer.headers["Location"] == "/", answer.status
        cookie = answer.headers["Set-Cookie"]
        assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and token not in cookie, cookie
        assert ask(port, "/", {"Cookie": cookie.split(";")[0]})[0].status == 200
        assert ask(port, "/", {"Cookie": "ocrscreen=" + "0" * 32})[0].status == 401
        assert ask(port, "/", {"Host": "evil.example", "Cookie": cookie.split(";")[0]})[0].status == 421
        assert ask(port, "/login", form, "POST", "token=" + "x" * 100_000)[0].status in (400, 413), "a long body is read"
    finally:
        stop(coordinator, signal.SIGINT)


def test_addresses_that_cannot_be_served_are_told(scratch):
    config = write_config(scratch, pages='["none/*.png"]')
    for address in ("8080", "localhost", "127.0.0.1:99999"):
        told = run([BIN / "ocrscreen", "run", config, "--out", scratch / "out", "--http", address], expect=2).stderr
        assert f"--http {address}" in told, told


if __name__ == "__main__":
    run_all([test_page_and_interfaces_tell_what_is_so, test_only_this_machine_and_those_with_the_token_are_let_in,
             test_addresses_that_cannot_be_served_are_told])
