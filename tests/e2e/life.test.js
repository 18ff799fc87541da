// How the program starts, is configured and stops.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import http from "node:http";
import { test } from "node:test";
import { Receiver } from "./support/receiver.js";
import { Server, adminKey, run, temporaryDirectory, writeConfig } from "./support/server.js";
import { until } from "./support/wait.js";

const schema = JSON.parse(readFileSync(new URL("../../examples/server/config.schema.json", import.meta.url)));

/** The members of the schema: {path, member}, those of sections by their path. */
function members(properties = schema.properties, section = "") {
  return Object.entries(properties).flatMap(([name, member]) =>
    member.additionalProperties === false
      ? members(member.properties, `${section}${name}.`)
      : [{ path: section + name, member }]);
}

/** A config of one member, nested as its path says. */
const configOf = (path, value) => path.split(".").reduceRight((inner, name) => ({ [name]: inner }), value);

test("a second server on the same file is rejected, and says what to do", async (t) => {
  const storage = `sqlite:${temporaryDirectory(t)}/webhooks.db`;
  await Server.start(t, { args: ["--storage", storage] });
  const second = await run(["--listen", "127.0.0.1:0", "--storage", storage]);
  assert.equal(second.code, 1);
  assert.match(second.stderr, /is used by another running server; stop that one, or give this one its own file/);
});

for (const signal of ["SIGTERM", "SIGINT"]) {
  test(`${signal} drains, ends with 0, and the port is free at once`, async (t) => {
    const storage = `sqlite:${temporaryDirectory(t)}/webhooks.db`;
    const held = [];
    const receiver = await Receiver.start(t, () => new Promise((resolve) => held.push(resolve)));
    const args = ["--storage", storage, "--event-type", "a=b"];
    const server = await Server.start(t, { args });
    const subscription = await server.subscribe({ url: receiver.url });
    await server.publish("a", 1);
    await until("the delivery is in flight", () => held.length === 1);

    const ended = server.stop(signal);
    await until("it takes no more requests", () => isRefused(server.port));
    held[0]({ status: 200 });
    assert.deepEqual(await ended, { code: 0, signal: null }, server.stderr);

    const next = await Server.start(t, { args, listen: `127.0.0.1:${server.port}` });
    const [event] = await next.events(subscription);
    assert.equal(event.isSuccess, true, "the delivery in flight was finished and recorded");
    assert.equal(receiver.requests.length, 1);
  });
}

test("a stop does not wait for a receiver that never answers longer than the drain", async (t) => {
  const receiver = await Receiver.start(t, () => new Promise(() => {}));
  const server = await Server.start(t, { args: ["--storage", "memory:", "--event-type", "a=b", "--drain", "300ms"] });
  await server.subscribe({ url: receiver.url });
  await server.publish("a", 1);
  await until("the delivery is in flight", () => receiver.requests.length === 1);
  const begin = Date.now();
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
  assert.ok(Date.now() - begin < 5000, `${Date.now() - begin} ms`);
});

test("a stop serves the request in flight", async (t) => {
  const server = await Server.start(t, { args: ["--storage", "memory:", "--event-type", "a=b"] });
  const body = JSON.stringify({ eventType: "a", payload: 1 });
  const headers = { "x-api-key": adminKey, "content-type": "application/json", "content-length": body.length, expect: "100-continue" };
  const request = http.request(`${server.base}/events`, { method: "POST", headers, agent: false });
  const answered = once(request, "response");
  request.flushHeaders();
  await once(request, "continue");
  request.write(body.slice(0, 5));
  const ended = server.stop();
  await until("it takes no more requests", () => isRefused(server.port));
  request.end(body.slice(5));
  const [answer] = await answered;
  answer.resume();
  assert.equal(answer.statusCode, 202);
  assert.deepEqual(await ended, { code: 0, signal: null });
});

/** Whether nothing listens on the port. */
const isRefused = (port) => new Promise((resolve) => {
  const request = http.get(`http://127.0.0.1:${port}/health/live`, { agent: false }, (answer) => {
    answer.resume();
    resolve(false);
  });
  request.on("error", (error) => resolve(error.code === "ECONNREFUSED"));
});

test("a port in use is an error that names it", async (t) => {
  const server = await Server.start(t, { args: ["--storage", "memory:"] });
  const { code, stderr } = await run(["--listen", `127.0.0.1:${server.port}`, "--storage", "memory:"]);
  assert.equal(code, 1);
  assert.match(stderr, new RegExp(`127\\.0\\.0\\.1 port ${server.port}: Address already in use`));
});

test("health needs no key", async (t) => {
  const server = await Server.start(t, { args: ["--storage", "memory:"] });
  const origin = `http://127.0.0.1:${server.port}`;
  assert.equal((await server.get(`${origin}/health/live`, { key: null })).status, 200);
  assert.equal((await server.get(`${origin}/health/ready`, { key: null })).status, 200);
});

test("a bad config names each bad member, all together, with the file, its line and its path", async (t) => {
  const file = writeConfig(`${temporaryDirectory(t)}/config.json`, {
    listen: "localhost",
    lissen: "127.0.0.1:1",
    allow_network: ["10.0.0.0/8", "300.0.0.0/8"],
    allow_host: "localhost",
    https_only: "no",
    user: "alice",
    service: { max_in_flight: 0, max_batch: "many", max_inflight: 1, retry_schedule: ["1s", "1500ms"], lease: 5, retention: "59min" },
    transport: { attempt_timeout: "1 fortnight", keep_alive: "11min" },
    sqlite: [],
    server: { threads: 1.5, max_body_bytes: -1 },
  });
  const { code, stdout, stderr } = await run(["--config", file]);
  assert.equal(code, 2);
  assert.equal(stdout, "");
  const named = stderr.trimEnd().split("\n").map((line) => line.match(/^webhooks-server: (.+), line 1: ([\w.]+): .+/)?.slice(1));
  assert.ok(named.every(([path]) => path === file), stderr);
  assert.deepEqual(named.map(([, member]) => member).sort(), [
    "allow_host", "allow_network", "https_only", "lissen", "listen", "server.max_body_bytes", "server.threads",
    "service.lease", "service.max_batch", "service.max_in_flight", "service.max_inflight", "service.retention", "service.retry_schedule",
    "sqlite", "transport.attempt_timeout", "transport.keep_alive", "user",
  ], stderr);
});

test("a config's error has the line of its member, also if only the library finds it", async (t) => {
  const file = writeConfig(`${temporaryDirectory(t)}/config.json`, `{
    "storage": "memory:", "listen": "127.0.0.1:0",
    "service": {
      "lease": "lease",
      "max_batch": 0,
      "retry_schedule": ["1s",
        "1500ms"]
    },
    "transport": {
      "user_agent": "max_batch\\":\\\\",
      "ca_file": "/nowhere"
    }
  }`);
  const wrong = await run(["--config", file]);
  assert.deepEqual(wrong.stderr.match(/line \d+: \S+(?=:)/g).sort(),
    ["line 4: service.lease", "line 5: service.max_batch", "line 6: service.retry_schedule"], wrong.stderr);
  const late = await run(["--config", file, "--service.lease=10s", "--service.max-batch=1", "--service.retry-schedule=1s"]);
  assert.match(late.stderr, new RegExp(`^webhooks-server: ${file}, line 11: transport\\.ca_file: `));
});

test("a config's member that is given twice is an error", async (t) => {
  const file = writeConfig(`${temporaryDirectory(t)}/config.json`,
    '{\n"storage": "memory:",\n"service": {"lease": "9s",\n"lease": "9s"},\n"storage": "memory:"}');
  const { code, stderr } = await run(["--config", file]);
  assert.equal(code, 2);
  assert.match(stderr, /line 4: service\.lease: is given more than once/);
  assert.match(stderr, /line 5: storage: is given more than once/);
});

for (const [what, text, expected] of [
  ["broken JSON", '{\n"listen": "127.0.0.1:0",\n}', /line 3: this is not JSON/],
  ["an array", "[]", /must be a JSON object/],
]) {
  test(`a config that is ${what} is rejected`, async (t) => {
    const { code, stderr } = await run(["--config", writeConfig(`${temporaryDirectory(t)}/config.json`, text)]);
    assert.equal(code, 2);
    assert.match(stderr, expected);
  });
}

test("a missing config is named", async () => {
  const { code, stderr } = await run(["--config", "/nowhere/config.json"]);
  assert.equal(code, 2);
  assert.match(stderr, /\/nowhere\/config\.json: cannot be read: No such file/);
  assert.match((await run(["--config", "/"])).stderr, /^webhooks-server: \/: is a directory; name a JSON file\n$/);
});

test("all defaults of the schema are accepted together", async (t) => {
  const directory = temporaryDirectory(t);
  const config = { $schema: "config.schema.json" };
  for (const { path, member } of members()) {
    if (member.default === undefined) continue;
    const names = path.split(".");
    const section = names.slice(0, -1).reduce((outer, name) => (outer[name] ??= {}), config);
    section[names.at(-1)] = member.default;
  }
  const file = writeConfig(`${directory}/config.json`, config);
  await Server.start(t, { args: ["--config", file, "--storage", `sqlite:${directory}/webhooks.db`] });
});

test("the schema, the help and the program know the same members", async (t) => {
  const { stdout } = await run(["--help"]);
  const flags = [...stdout.matchAll(/^ {2}(--[\w.-]+)(?: \S+)? {2,}/gm)].map(([, flag]) => flag);
  const expected = members().map(({ path }) => path).filter((path) => path !== "$schema");
  const flagOnly = ["--config", "--user", "--admin", "--name", "--permission", "--subscription-id", "--expires-at",
    "--rate-limit.per-second", "--rate-limit.burst"];
  assert.deepEqual(flags.filter((flag) => !flagOnly.includes(flag)).sort(),
    expected.map((path) => `--${path.replaceAll("_", "-")}`).sort());

  for (const { path, member } of members()) {
    if (member.default === undefined) continue;
    const text = [member.default].flat().filter((value) => value !== false && typeof value !== "object").join(", ");
    const flag = `--${path.replaceAll("_", "-")}`;
    const line = stdout.split("\n").find((one) => one.startsWith(`  ${flag} `));
    assert.equal(line.match(/ \(([^()]+)\)$/)?.[1] ?? "", text, `${flag}: the help and the schema have the same default`);
  }

  const directory = temporaryDirectory(t);
  for (const { path, member } of members()) {
    for (const outside of outOfRange(member)) {
      const { code, stderr } = await run(["--config", writeConfig(`${directory}/config.json`, configOf(path, outside))]);
      assert.equal(code, 2, `${path}: ${JSON.stringify(outside)}`);
      assert.match(stderr, new RegExp(`^webhooks-server: .+, line 1: ${path.replace(".", "\\.")}: `, "m"));
    }
  }
});

/** Values that the schema rejects. */
function outOfRange(member) {
  const values = [];
  if (member.minimum !== undefined) values.push(member.minimum - 1);
  if (member.maximum !== undefined) values.push(member.maximum + 1);
  if (member.minItems) values.push([]);
  if (member.pattern) values.push("!");
  return values;
}

test("flags override the config", async (t) => {
  const directory = temporaryDirectory(t);
  const file = writeConfig(`${directory}/config.json`, {
    storage: "sqlite:/nowhere/at/all.db",
    event_type: { "from.file": "File" },
    server: { max_body_bytes: 10 },
  });
  const server = await Server.start(t, { args: ["--config", file, "--storage=memory:", "--server.max-body-bytes", "1000"] });
  assert.deepEqual(await server.eventTypes(), [{ name: "from.file", description: "File" }]);
  assert.equal((await server.post("/subscriptions", { subscription: { name: "x".repeat(100) } })).status, 400);
  assert.equal((await server.post("/subscriptions", { subscription: { name: "x".repeat(1000) } })).status, 413);
});

test("event types are added and updated", async (t) => {
  const storage = `sqlite:${temporaryDirectory(t)}/webhooks.db`;
  const first = await Server.start(t, { args: ["--storage", storage, "--event-type", "b=B", "--event-type", "a=A=A"] });
  assert.deepEqual(await first.eventTypes(),
    [{ name: "a", description: "A=A" }, { name: "b", description: "B" }]);
  await first.stop();
  const second = await Server.start(t, { args: ["--storage", storage, "--event-type", "b=new", "--event-type", "c="] });
  assert.deepEqual(await second.eventTypes(),
    [{ name: "a", description: "A=A" }, { name: "b", description: "new" }, { name: "c", description: "" }]);
});

for (const [args, expected] of [
  [["--frobnicate"], /--frobnicate: there is no such flag; see --help/],
  [["--listen"], /--listen: needs ADDRESS:PORT/],
  [["--listen", "127.0.0.1:65536"], /--listen: '127\.0\.0\.1:65536' is not ADDRESS:PORT/],
  [["--storage", "postgres:x"], /--storage: is not a storage/],
  [["--drain", "11s"], /--drain: is more than 10 s/],
  [["--service.max-in-flight", "0", "--service.lease", "1s"],
    /--service\.max-in-flight: is 0[^]*--service\.lease: must be at least three times --service\.heartbeat-interval/],
  [["--storage", "memory:", "--server.key-file", "k"], /--server\.certificate-file: is needed together with --server\.key-file/],
  [["--storage", "memory:", "--server.key-file", "/nowhere", "--server.certificate-file", "/nowhere"],
    /--server\.certificate-file: \/nowhere: No such file/],
  [["--storage", "memory:", "--allow-host", "example.com"], /--allow-host: must be reserved names/],
  [["--storage", "sqlite::memory:"], /--storage: must name a file; for a database in memory use --storage memory:/],
  [["--storage", "sqlite:file:a.db?mode=ro"], /--storage: must name a file, not a URI/],
  [["--storage", "memory:", "--sqlite.readers", "2", "--postgresql.connections", "2"],
    /--sqlite\.readers: has no effect with --storage memory:[^]*--postgresql\.connections: has no effect/],
  [["--storage", "memory:", "--server.metrics-host", "127.0.0.1"], /--server\.metrics-host: has no effect without --server\.metrics-port/],
  [["--server.metrics-port", "65536"], /--server\.metrics-port: '65536' is not a port from 0 to 65535/],
  [["migrate", "--storage", "memory:"], /--storage: memory has no tables/],
  [["--event-type", "order"], /--event-type: 'order' is not NAME=DESCRIPTION/],
  [["--listen", "127.0.0.1:0", "--storage", "memory:", "--event-type", "bad name=x", "--event-type", "-.=y"],
    /--event-type 'bad name'[^]*--event-type '-\.'/],
  [["--storage", "memory:", "--transport.ca-file", "/nowhere"], /--transport\.ca-file: /],
  [["--user", "x"], /--user: does not belong to this command/],
  [["serve"], /serve: is not recognized; see --help/],
  [["keys"], /keys: must be followed by create, list or revoke/],
  [["keys", "create"], /--user: is needed/],
  [["keys", "create", "--user", "x", "--storage", "memory:"], /--storage: keys in memory would be lost at the end of this command/],
  [["keys", "revoke"], /keys revoke: needs an ID/],
  [["keys", "revoke", "one"], /keys revoke: 'one' is not a whole number/],
  [["--a", "--b"], /--a: there[^]*--b: there/],
]) {
  test(`usage: ${args.join(" ")}`, async () => {
    const { code, stdout, stderr } = await run(args);
    assert.equal(code, 2, stderr);
    assert.equal(stdout, "");
    assert.match(stderr, expected);
  });
}

test("--version and --help answer and end with 0", async () => {
  const version = await run(["--version"]);
  assert.deepEqual([version.code, version.stderr], [0, ""]);
  assert.match(version.stdout, /^webhooks-server \d+\.\d+\.\d+\n$/);
  assert.equal((await run(["--help"])).code, 0);
  assert.equal((await run(["keys", "list", "--help"])).code, 0);
});

test("migrate says what it did", async (t) => {
  const storage = `sqlite:${temporaryDirectory(t)}/webhooks.db`;
  for (const what of ["created", "the tables are up to date"]) {
    assert.deepEqual(await run(["migrate", "--storage", storage]),
      { code: 0, signal: undefined, stdout: `${storage}: ${what}\n`, stderr: "" });
  }
});

test("a portal whose address is auto is where the server listens", async (t) => {
  const server = await Server.start(t, { args: ["--storage", "memory:", "--portal.public-url", "auto"] });
  const origin = `http://127.0.0.1:${server.port}`;
  assert.match(server.stdout, new RegExp(`^portal: ${origin}/portal/$`, "m"));
  assert.match(server.stdout, new RegExp(`^ +${origin}/portal/#code=`, "m"));
  assert.equal((await fetch(`${origin}/portal/`)).status, 200);
});

test("the greeting with --https-only subscribes no http URL", async (t) => {
  const server = await Server.start(t, { args: ["--storage", "memory:", "--https-only"] });
  assert.ok(!server.stdout.includes("webhooks-receiver"));
  const [, body] = server.stdout.match(/-d '(.*https:.*)'/);
  assert.equal(JSON.parse(body).subscription.url, "https://YOUR-HOST/");
});

for (const types of [[], ["order.created=An order", "invoice.paid=An invoice"]]) {
  test(`the commands of the greeting, with ${types.length} event types, end with a delivery`, async (t) => {
    const receiver = await Receiver.start(t);
    const server = await Server.start(t, { args: ["--storage", "memory:", ...types.flatMap((type) => ["--event-type", type])] });
    const [, ...lines] = server.stdout.slice(server.stdout.indexOf("To try it:")).split("\n");
    const commands = lines.filter((line) => !line.includes("webhooks-receiver")).join("\n").replace("http://127.0.0.1:9000/", receiver.url);
    const [before, look] = commands.split(/(?=# see the result)/);
    await shellOf(before);
    await until("the event has arrived", () => receiver.requests.length === 1);
    await until("the result is shown", async () => JSON.parse(await shellOf(`${before.match(/^ *KEY=.*$/m)[0]}\n${look}`)).events[0]?.isSuccess);
  });
}

/** Runs commands with the administrator's key, and returns what they print. */
async function shellOf(commands) {
  const child = spawn("sh", ["-e"], { env: { ...process.env, WEBHOOKS_ADMIN_KEY: adminKey }, stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.end(commands);
  let printed = "";
  child.stdout.on("data", (data) => (printed += data));
  child.stderr.resume();
  const [code] = await once(child, "close");
  assert.equal(code, 0, printed);
  return printed;
}

test("a storage that cannot be opened is named", async () => {
  const { code, stderr } = await run(["--listen", "127.0.0.1:0", "--storage", "sqlite:/nowhere/at/all.db"]);
  assert.equal(code, 1);
  assert.match(stderr, /\/nowhere\/at\/all\.db/);
});
