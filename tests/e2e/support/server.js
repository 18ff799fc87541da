// Runs webhooks-server, its command-line tools, and speaks to its REST API.

import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "./wait.js";

const directory = process.env.WEBHOOKS_BIN ?? "build/release/bin";
const binary = join(directory, "webhooks-server");

/** The key that servers of these tests are started with, unless a test says otherwise. */
export const adminKey = "test-admin-key-0123456789";

/** A directory of its own for a test, removed when the test ends. */
export function temporaryDirectory(t, parent = tmpdir()) {
  const path = mkdtempSync(join(parent, "webhooks-e2e-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export function writeConfig(path, config) {
  writeFileSync(path, typeof config === "string" ? config : JSON.stringify(config));
  return path;
}

/** Runs the program to its end: {code, stdout, stderr}. */
export function run(args, env = {}) {
  return new Promise((resolve) => {
    execFile(binary, args, { env: { ...process.env, ...env }, timeout: 30_000 }, (error, stdout, stderr) =>
      resolve({ code: error ? error.code : 0, signal: error?.signal, stdout, stderr }));
  });
}

/** A running server. It ends with the test that started it, also when that fails. */
export class Server {
  /**
   * @param options args: flags; env: its environment; descriptors: how many it may have open;
   *   inTerminal: its output is a terminal's
   */
  static async start(
    t, { args = [], env = { WEBHOOKS_ADMIN_KEY: adminKey }, listen = "127.0.0.1:0", descriptors, inTerminal } = {}) {
    const server = new Server();
    const all = ["--listen", listen, "--allow-network", "127.0.0.0/8", ...args];
    const limited = descriptors ? ["sh", "-c", `ulimit -n ${descriptors}; exec "$0" "$@"`] : [];
    const terminal = inTerminal ? ["python3", fileURLToPath(new URL("terminal.py", import.meta.url))] : [];
    const [program, ...rest] = [...terminal, ...limited, binary, ...all];
    server.process = spawn(program, rest, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    server.stdout = "";
    server.stderr = "";
    server.process.stdout.on("data", (data) => (server.stdout += data));
    server.process.stderr.on("data", (data) => (server.stderr += data));
    server.ended = new Promise((resolve) =>
      server.process.on("close", (code, signal) => resolve((server.end = { code, signal }))));
    server.process.on("error", (error) => (server.error = error));
    t.after(() => server.kill());
    await until("the server listens", () => {
      if (server.error) throw server.error;
      if (server.end) throw new Error(`it ended with ${JSON.stringify(server.end)}: ${server.stderr}`);
      return /listens on \S+\n[^]*events\?take/.test(server.stdout);
    });
    [, server.base, server.port] = server.stdout.match(/listens on (https?:\/\/\S+:(\d+)\/\S+)/);
    server.agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
    return server;
  }

  /** Asks the program to stop, and tells how it ended. */
  async stop(signal = "SIGTERM") {
    this.agent?.destroy();
    this.process.kill(signal);
    return this.ended;
  }

  async kill() {
    await this.stop("SIGKILL");
  }

  /** One request: {status, headers, text, body (parsed)}. `body` may be text, bytes or an object. */
  request(method, path, { body, key = adminKey, headers = {} } = {}) {
    const isRaw = body === undefined || typeof body === "string" || Buffer.isBuffer(body);
    const bytes = isRaw ? body : JSON.stringify(body);
    const all = {
      ...(key === null ? {} : { "x-api-key": key }),
      ...(body === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(bytes) }),
      ...headers,
    };
    const url = path.startsWith("/") ? this.base + path : path;
    return new Promise((resolve, reject) => {
      const request = http.request(url, { method, headers: all, agent: this.agent }, (response) => {
        const chunks = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          resolve({
            status: response.statusCode,
            headers: response.headers,
            text,
            get body() {
              return JSON.parse(text);
            },
          });
        });
      });
      request.on("error", reject);
      request.end(bytes);
    });
  }

  get(path, options) {
    return this.request("GET", path, options);
  }

  post(path, body, options) {
    return this.request("POST", path, { body, ...options });
  }

  /** Creates a subscription and answers it. */
  async subscribe(members, options) {
    const subscription = { name: "test", eventType: "*", ...members };
    const answer = await this.post("/subscriptions", { subscription }, options);
    if (answer.status !== 200) throw new Error(`subscribing: ${answer.status} ${answer.text}`);
    return answer.body.subscription;
  }

  /** The host's own event types: without those of operational events, which are always there. */
  async eventTypes() {
    const { eventTypes } = (await this.get("/event-types")).body;
    return eventTypes.filter(({ name }) => !name.startsWith("webhook."))
      .map(({ name, description }) => ({ name, description }));
  }

  /** Publishes and answers the ids of the events. */
  async publish(eventType, payload, options) {
    const answer = await this.post("/events", { eventType, payload }, options);
    if (answer.status !== 202) throw new Error(`publishing: ${answer.status} ${answer.text}`);
    return answer.body.eventIds;
  }

  /** The whole event log of a subscription, read page by page. */
  async events(subscription, take = 100) {
    const all = [];
    for (;;) {
      const page = await this.get(`/subscriptions/${subscription.id}/events?take=${take}&skip=${all.length}`);
      if (page.status !== 200) throw new Error(`listing: ${page.status} ${page.text}`);
      all.push(...page.body.events);
      if (page.body.events.length === 0 || all.length >= page.body.totalEventsCount) return all;
    }
  }
}
