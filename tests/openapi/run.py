#!/usr/bin/env python3
"""Holds the server against its own OpenAPI document by Schemathesis.

    run.py SERVER FOLDER [OPTION...]

Starts SERVER with storage in memory and sends it requests of all operations, one by one and in
sequences along the links: nothing may be answered 5xx, nothing that fits the document may be
rejected, and nothing that does not may be accepted. Schemathesis is installed into a virtual
environment below FOLDER; where that cannot be, the run ends with 77. Options go to Schemathesis.
"""

import http.server
import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import urllib.request

sys.dont_write_bytecode = True
from narrow import narrow

HERE = pathlib.Path(__file__).parent
KEY = "test-admin-key-0123456789"
EVENT_TYPES = ["order.created", "invoice.paid"]
QUIET_TYPE = "nothing.published"
SKIPPED = 77


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def install(folder):
    """Makes the virtual environment, unless it is there as requirements.txt wants it."""
    wanted = (HERE / "requirements.txt").read_text()
    mark = folder / "installed.txt"
    if not mark.exists() or mark.read_text() != wanted:
        steps = [[sys.executable, "-m", "venv", folder],
                 [folder / "bin/pip", "install", "--quiet", "--requirement", HERE / "requirements.txt"]]
        for step in steps:
            done = subprocess.run(step, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if done.returncode != 0:
                skip(f"Schemathesis cannot be installed; it needs python3-venv and PyPI: {done.stdout}")
        mark.write_text(wanted)
    return folder / "bin/schemathesis"


class Receiver(http.server.BaseHTTPRequestHandler):
    """Takes every delivery."""

    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def start_receiver():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/"


def start_server(program):
    arguments = ["--listen", "127.0.0.1:0", "--storage", "memory:", "--allow-network", "127.0.0.0/8",
                 "--portal.public-url", "http://127.0.0.1"]
    for name in [*EVENT_TYPES, QUIET_TYPE]:
        arguments += ["--event-type", f"{name}=Of this test"]
    server = subprocess.Popen([program, *arguments], stdout=subprocess.PIPE, text=True,
                              env={**os.environ, "WEBHOOKS_ADMIN_KEY": KEY})
    for line in server.stdout:
        if found := re.search(r"listens on (http://[^/]+)", line):
            # What it prints later must not fill the pipe.
            threading.Thread(target=server.stdout.read, daemon=True).start()
            return server, found[1]
    sys.exit(f"{program} ended with {server.wait()}")


def check_catalog(program, base):
    """The document of the event types is valid OpenAPI."""
    def send(method, path, body=None):
        request = urllib.request.Request(base + "/v1/webhooks/event-types" + path, method=method, data=body,
                                         headers={"x-api-key": KEY, "content-type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            return answer.read()

    described = {"name": "described.type", "description": "A type", "group": "Others", "isDeprecated": True,
                 "schema": {"type": "object", "properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"type": "number"}}},
                 "example": {"a": 1.5}}
    send("POST", "", json.dumps({"eventType": described}).encode())
    subprocess.run([program, "-"], input=send("GET", "/openapi.json"), check=True)
    send("DELETE", "/described.type")


def main(program, folder, *options):
    folder = pathlib.Path(folder).resolve()
    schemathesis = install(folder / "venv")
    server, base = start_server(program)
    try:
        check_catalog(folder / "venv/bin/openapi-spec-validator", base)
        with urllib.request.urlopen(base + "/openapi.json") as answer:
            text = answer.read()
        subprocess.run([folder / "venv/bin/openapi-spec-validator", "-"], input=text, check=True)
        document = narrow(json.loads(text), EVENT_TYPES, QUIET_TYPE, start_receiver())
        path = folder / "openapi.json"
        path.write_text(json.dumps(document))
        command = [schemathesis, "run", path, "--url", base, "--header", f"x-api-key: {KEY}", "--no-color",
                   "--generation-database", "none", "--request-timeout", "60", "--suppress-health-check", "all",
                   "--continue-on-failure",
                   # A type that the run registers or retires would change what the server accepts.
                   "--exclude-operation-id", "registerEventType", "--exclude-operation-id", "retireEventType",
                   *options]
        return subprocess.run(command, cwd=folder, env={
            **os.environ, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1"}).returncode
    finally:
        server.terminate()
        if server.wait() != 0:
            sys.exit(f"the server ended with {server.returncode}")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
