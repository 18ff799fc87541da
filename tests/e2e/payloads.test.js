// Encrypted payloads: in no file, log, metric or error, and destroyed next to a running server.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { Receiver } from "./support/receiver.js";
import { Server, adminKey, run, temporaryDirectory } from "./support/server.js";
import { until } from "./support/wait.js";

const canary = "canary-3e77";

test("encrypted payloads are in no file, log, metric or error, and shred-user destroys them", async (t) => {
  const folder = temporaryDirectory(t);
  const keysFolder = temporaryDirectory(t);
  const keys = `${keysFolder}/keys`;
  const keyOf = (id) => `${id} ${randomBytes(32).toString("base64")}\n`;
  const first = keyOf("one");
  writeFileSync(keys, first, { mode: 0o600 });
  const storage = ["--storage", `sqlite:${folder}/webhooks.db`, "--encryption.keys-file", keys];
  const receiver = await Receiver.start(t, () => ({ status: 500, headers: { server: `${canary}-header` }, body: `${canary}-response` }));
  const server = await Server.start(t, { args: [...storage, "--encryption.payloads", "--log-format", "json",
    "--log-level", "debug", "--event-type", "a=b"] });
  const made = await run(["keys", "create", ...storage, "--user", "alice"]);
  assert.equal(made.code, 0, made.stderr);
  const key = made.stdout.trim();
  const subscription = await server.subscribe({ url: receiver.url }, { key });
  const publish = () => server.post("/events", { eventType: "a", payload: canary, idempotencyKey: "1" }, { key });
  const published = await publish();
  assert.equal(published.status, 202, published.text);
  const [id] = published.body.eventIds;
  assert.deepEqual((await publish()).body.eventIds, [id]);
  await until("it was attempted", () => receiver.requests.length > 0);
  assert.equal(receiver.requests[0].body.toString(), JSON.stringify(canary));
  const path = `/subscriptions/${subscription.id}/events/${id}`;
  await until("the attempt is stored", async () => (await server.get(path, { key })).body.event.response === `${canary}-response`);
  const { event } = (await server.get(path, { key })).body;
  assert.equal(event.payload, JSON.stringify(canary));
  assert.equal(event.attempts[0].responseHeaders.server, `${canary}-header`);

  const search = await server.get(`/events?filter=${encodeURIComponent(`contains(payload,'${canary}')`)}`, { key });
  assert.equal(search.status, 400);
  assert.match(search.text, /payload cannot be searched: encrypted/);

  // A new encryption key, next to the running server; then the old one is not needed any more.
  writeFileSync(keys, keyOf("two") + first);
  const rewrapped = await run(["rewrap", ...storage]);
  assert.equal(rewrapped.code, 0, rewrapped.stderr);
  writeFileSync(keys, readFileSync(keys, "utf8").split("\n")[0] + "\n");
  assert.equal((await server.get(path, { key })).body.event.payload, JSON.stringify(canary));

  const shredded = await run(["shred-user", "alice", ...storage]);
  assert.equal(shredded.code, 0, shredded.stderr);
  assert.match(shredded.stdout, /data keys destroyed: 1/);
  assert.equal((await run(["shred-user", "bob", ...storage])).code, 1);
  await until("the worker has heard of it", async () => (await server.get(path, { key })).body.event.isPayloadGone === true);
  await until("what waited has ended", async () =>
    (await server.get(path, { key })).body.event.errorMessage === "cancelled: its payload was destroyed");
  const gone = (await server.get(path, { key })).body.event;
  assert.equal(gone.payload, "");
  assert.equal(gone.nextRetryAt, null);
  const audit = await server.get("/audit?filter=" + encodeURIComponent("action eq 'user.shredded'"), { key: adminKey });
  assert.equal(audit.body.audit[0].object.id, "alice");
  assert.equal(audit.body.audit[0].actor.kind, "cli");

  const metrics = (await server.get("/metrics")).text;
  await server.stop();
  for (const text of [server.stdout, server.stderr, metrics, audit.text]) assert.doesNotMatch(text, new RegExp(canary));
  for (const name of readdirSync(folder)) {
    assert.ok(!readFileSync(`${folder}/${name}`, "latin1").includes(canary), name);
  }
});

test("flags and commands of encrypted payloads name what they lack", async () => {
  const without = await run(["--storage", "sqlite:x.db", "--encryption.payloads"]);
  assert.equal(without.code, 2);
  assert.match(without.stderr, /--encryption\.payloads: has no effect without --encryption\.keys-file/);
  const nobody = await run(["shred-user", "--storage", "memory:"]);
  assert.equal(nobody.code, 2);
  assert.match(nobody.stderr, /shred-user: must be followed by the id of a user/);
  assert.match(nobody.stderr, /--storage: memory has no tables/);
});
