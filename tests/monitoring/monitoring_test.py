"""What an operator sees of a real server under a known load.

usage: monitoring_test.py WEBHOOKS_SERVER SOURCE_FOLDER
"""

import collections
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics_parser

ADMIN_KEY = "canary-of-the-administrators-key-000000"
SECRET = "canary-of-the-signing-secret"
PAYLOAD = "canary-of-a-payload"
TOKEN = "canary-of-a-path"
TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
PUBLISHED = 200
BATCH = 50
REPLAYED = 3
INVALID = 5
EVENTS_EACH = PUBLISHED + BATCH + 1
DEADLINE = 60

server_program, source_folder = sys.argv[1], pathlib.Path(sys.argv[2])


class Receiver(http.server.BaseHTTPRequestHandler):
    """Answers 204 below /ok and 500 below /fail, and counts."""

    protocol_version = "HTTP/1.1"
    seen = collections.Counter()
    lock = threading.Lock()

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        kind = self.path.split("/")[1]
        with Receiver.lock:
            Receiver.seen[kind] += 1
        self.send_response(204 if kind == "ok" else 500)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def run_server(folder):
    """Starts it. Returns the process, the address of its API and that of its metrics."""
    with open(f"{folder}/log", "wb") as log:
        process = start_server(folder, log)
    api = metrics = None
    while api is None or metrics is None:
        line = process.stdout.readline()
        if not line:
            raise RuntimeError("the server ended: " + pathlib.Path(folder, "log").read_text())
        if " listens on " in line:
            api = line.split()[-1]
        if line.startswith("metrics: "):
            metrics = line.split()[-1]
    # What it prints later must not fill the pipe.
    threading.Thread(target=process.stdout.read, daemon=True).start()
    return process, api, metrics


def start_server(folder, log):
    return subprocess.Popen(
        [server_program, "--listen", "127.0.0.1:0", "--server.metrics-port", "0",
         "--storage", f"sqlite:{folder}/webhooks.db", "--event-type", "order.created=An order",
         "--allow-network", "127.0.0.0/8", "--service.breaker-failures", "1000", "--log-format", "json", "--log-level", "debug"],
        stdout=subprocess.PIPE, stderr=log, text=True,
        env=os.environ | {"WEBHOOKS_ADMIN_KEY": ADMIN_KEY})


def exchange(url, body=None, headers={}):
    """Returns the status, the fields and the text of the answer."""
    request = urllib.request.Request(
        url, data=None if body is None else json.dumps(body).encode(),
        headers={"content-type": "application/json"} | headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def scrape_with_prometheus(folder, metrics_url):
    """Has a real Prometheus scrape the server. Returns what it knows then of the events, as one of
    its samples, or None without a Prometheus."""
    program = shutil.which("prometheus")
    if program is None:
        return None
    target, port = metrics_url.split("/")[2], free_port()
    config = pathlib.Path(folder, "prometheus.json")  # JSON is YAML.
    config.write_text(json.dumps({
        "global": {"scrape_interval": "1s"},
        "rule_files": [str(source_folder / "monitoring/alerts.yml")],
        "scrape_configs": [{"job_name": "webhooks", "static_configs": [{"targets": [target]}]}]}))
    with open(f"{folder}/prometheus.log", "wb") as log:
        process = subprocess.Popen(
            [program, f"--config.file={config}", f"--storage.tsdb.path={folder}/tsdb",
             f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            try:
                answer = exchange(f"http://127.0.0.1:{port}/api/v1/query?query=webhooks_events_total")
                samples = json.loads(answer[2])["data"]["result"]
                if samples:
                    return samples[0]
            except (urllib.error.URLError, KeyError, ValueError):
                pass  # It is still starting.
            time.sleep(0.1)
        raise RuntimeError(pathlib.Path(folder, "prometheus.log").read_text())
    finally:
        process.kill()
        process.wait()


class Monitoring(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        threading.Thread(target=cls.receiver.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.receiver.server_close)
        cls.addClassCleanup(cls.receiver.shutdown)
        cls.process, cls.api, cls.metrics_url = run_server(cls.folder)
        cls.addClassCleanup(cls.process.kill)
        cls.statuses = collections.Counter()
        cls.load()
        cls.text = cls.wait_for_attempts()
        cls.open_text = exchange(
            cls.metrics_url, headers={"accept": "application/openmetrics-text"})[2]
        cls.scraped = scrape_with_prometheus(cls.folder, cls.metrics_url)
        cls.process.send_signal(signal.SIGTERM)
        cls.exit_code = cls.process.wait(30)
        cls.log = pathlib.Path(cls.folder, "log").read_bytes().splitlines()

    @classmethod
    def call(cls, path, body, headers={}):
        status = exchange(cls.api + path, body, {"x-api-key": ADMIN_KEY} | headers)[0]
        cls.statuses[status] += 1
        return status

    @classmethod
    def load(cls):
        port = cls.receiver.server_address[1]
        for kind in ("ok", "fail"):
            cls.call("/subscriptions", {"subscription": {
                "name": kind, "eventType": "*", "maxRetryCount": 0, "secret": SECRET,
                "url": f"http://127.0.0.1:{port}/{kind}/{TOKEN}?token={TOKEN}"}})
        event = {"eventType": "order.created", "payload": {"text": PAYLOAD}}
        for _ in range(PUBLISHED):
            cls.call("/events", event, {"traceparent": f"00-{TRACE_ID}-b7ad6b7169203331-01"})
        cls.call("/events/batch", {"events": [event] * BATCH})
        for _ in range(1 + REPLAYED):
            cls.call("/events", event | {"idempotencyKey": "the same"})
        for _ in range(INVALID):
            cls.call("/events", event | {"eventType": "unknown"})

    @classmethod
    def wait_for_attempts(cls):
        deadline = time.monotonic() + DEADLINE
        while True:
            text = exchange(cls.metrics_url)[2]
            attempts = sum(int(n) for n in re.findall(r"^webhooks_attempts_total\S* (\d+)$", text,
                                                      re.MULTILINE))
            if attempts >= 2 * EVENTS_EACH:
                return text
            if time.monotonic() > deadline:
                raise RuntimeError(f"only {attempts} attempts were made: {Receiver.seen}")
            time.sleep(0.05)

    def value(self, name, **labels):
        for family in parser.text_string_to_metric_families(self.text):
            for sample in family.samples:
                if sample.name == name and sample.labels == labels:
                    return sample.value
        self.fail(f"no {name}{labels}")

    def test_the_server_ends_in_order(self):
        self.assertEqual(self.exit_code, 0)

    def test_counters_equal_what_publisher_and_receiver_counted(self):
        self.assertEqual(self.value("webhooks_publications_total", result="accepted"), EVENTS_EACH)
        self.assertEqual(self.value("webhooks_publications_total", result="replayed"), REPLAYED)
        self.assertEqual(self.value("webhooks_publications_total", result="invalid"), INVALID)
        self.assertEqual(self.value("webhooks_events_total"), 2 * EVENTS_EACH)
        self.assertEqual(Receiver.seen, {"ok": EVENTS_EACH, "fail": EVENTS_EACH})
        attempts = "webhooks_attempts_total"
        self.assertEqual(self.value(attempts, outcome="delivered", status="2xx"), EVENTS_EACH)
        self.assertEqual(self.value(attempts, outcome="exhausted", status="5xx"), EVENTS_EACH)
        self.assertEqual(self.value(attempts, outcome="retry", status="5xx"), 0)
        self.assertEqual(
            self.value("webhooks_attempt_failures_total", reason="status"), EVENTS_EACH)
        self.assertEqual(
            self.value("webhooks_attempt_duration_seconds_count", result="delivered"), EVENTS_EACH)
        requests = "webhooks_http_requests_total"
        self.assertEqual(self.value(requests, operation="publish", code="2xx"),
                         PUBLISHED + 1 + REPLAYED)
        self.assertEqual(self.value(requests, operation="publish", code="4xx"), INVALID)
        self.assertEqual(self.value(requests, operation="publishBatch", code="2xx"), 1)
        self.assertEqual(self.value(requests, operation="createSubscription", code="2xx"), 2)
        self.assertEqual(sum(self.statuses.values()),
                         PUBLISHED + 1 + REPLAYED + INVALID + 1 + 2)

    def test_both_formats_hold_the_same_series(self):
        def series(families):
            return {(sample.name, *sorted(sample.labels.items()))
                    for family in families for sample in family.samples}

        text = series(parser.text_string_to_metric_families(self.text))
        open_text = series(openmetrics_parser.text_string_to_metric_families(self.open_text))
        self.assertEqual(text, open_text)
        self.assertLess(len(text), 600)

    def test_promtool_finds_nothing_wrong(self):
        promtool = shutil.which("promtool")
        if promtool is None:
            self.skipTest("there is no promtool: apt-get install prometheus")
        checked = subprocess.run([promtool, "check", "metrics"], input=self.text, text=True,
                                 capture_output=True)
        self.assertEqual((checked.returncode, checked.stdout, checked.stderr), (0, "", ""))
        checked = subprocess.run([promtool, "check", "rules", source_folder / "monitoring/alerts.yml"],
                                 text=True, capture_output=True)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_a_real_prometheus_scrapes_it(self):
        if self.scraped is None:
            self.skipTest("there is no prometheus: apt-get install prometheus")
        self.assertEqual(self.scraped["metric"]["job"], "webhooks")
        self.assertEqual(self.scraped["value"][1], str(2 * EVENTS_EACH))

    def test_what_the_files_of_monitoring_name_exists(self):
        known = set(re.findall(r"^([a-z_]+)[{ ]", self.text, re.MULTILINE))
        files = [source_folder / "monitoring/grafana.json", source_folder / "monitoring/alerts.yml"]
        for file in files:
            named = set(re.findall(r"\b(?:webhooks|process)_[a-z_]+", file.read_text()))
            self.assertTrue(named)
            self.assertEqual(named - known, set(), file)
        json.loads(files[0].read_text())

    def test_each_metric_is_documented(self):
        documented = (source_folder / "docs/operating.md").read_text()
        for name in re.findall(r"^# TYPE (\S+)", self.text, re.MULTILINE):
            if name.startswith("webhooks_"):
                self.assertIn(f"`{name}`", documented)

    def test_each_log_line_is_an_object_with_a_documented_event(self):
        documented = set(re.findall(r"^\| `([a-z_]+)` \| (?:any|debug|info|warning|error)",
                                    (source_folder / "docs/operating.md").read_text(), re.MULTILINE))
        self.assertTrue(self.log)
        for line in self.log:
            self.assertLessEqual(len(line), 8 * 1024)
            record = json.loads(line)
            self.assertEqual(list(record)[:4], ["time", "level", "event", "message"])
            self.assertIn(record["level"], ("debug", "info", "warning", "error"))
            self.assertIn(record["event"], documented)

    def test_failed_attempts_are_all_in_the_log_or_counted_there(self):
        records = [json.loads(line) for line in self.log]
        failed = [record for record in records if record["event"] == "attempt_failed"]
        written = [record for record in failed if "eventId" in record]
        suppressed = sum(record.get("suppressed", 0) for record in failed)
        self.assertEqual(len(written) + suppressed, EVENTS_EACH)
        first = written[0]
        self.assertEqual((first["subscriptionId"], first["number"], first["statusCode"],
                          first["reason"], first["traceId"]), (2, 1, 500, "status", TRACE_ID))
        self.assertGreaterEqual(first["durationMs"], 0)
        failing = [record for record in records if record["event"] == "endpoint_failing"]
        self.assertEqual([(r["level"], r["subscriptionId"]) for r in failing], [("warning", 2)])

    def test_nothing_secret_is_told(self):
        told = b"\n".join(self.log).decode() + self.text + self.open_text
        self.assertNotIn("canary", told)
        self.assertNotIn(str(self.receiver.server_address[1]), self.text)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
