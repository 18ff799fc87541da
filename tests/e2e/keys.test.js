// API keys: created, listed and revoked next to a running server, or set in the environment.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { Server, adminKey, run, temporaryDirectory } from "./support/server.js";

const url = "https://example.com/";

/** What a key may do: the status of listing subscriptions with it. */
const status = async (server, key) => (await server.get("/subscriptions", { key })).status;

/** The rows of `keys list`, without its heading. */
async function list(storage) {
  const { code, stdout } = await run(["keys", "list", "--storage", storage]);
  assert.equal(code, 0);
  const [heading, ...rows] = stdout.trimEnd().split("\n").map((line) => line.split("\t"));
  assert.deepEqual(heading.slice(0, 4), ["id", "user", "role", "created"]);
  return rows.map(([id, user, role, created]) => ({ id, user, role, created }));
}

test("keys are created, listed and revoked next to a running server", async (t) => {
  const storage = `sqlite:${temporaryDirectory(t)}/webhooks.db`;
  const server = await Server.start(t, { args: ["--storage", storage, "--event-type", "a=b"] });

  const made = await run(["keys", "create", "--storage", storage, "--user", "alice"]);
  assert.equal(made.code, 0, made.stderr);
  assert.match(made.stdout, /^[A-Za-z0-9_-]{43,}\n$/, "only the key is printed");
  const alice = made.stdout.trim();
  const boss = (await run(["keys", "create", "--storage", storage, "--user", "boss", "--admin"])).stdout.trim();
  assert.equal(await status(server, alice), 200, "it is valid at once");

  const mine = await server.subscribe({ url }, { key: alice });
  assert.equal(mine.userId, "alice");
  assert.equal((await server.get(`/subscriptions/${mine.id}`, { key: boss })).status, 200);
  await server.subscribe({ url }, { key: boss });
  assert.equal((await server.get("/subscriptions", { key: alice })).body.totalSubscriptionsCount, 1);
  assert.equal((await server.get("/subscriptions", { key: boss })).body.totalSubscriptionsCount, 2);

  const rows = await list(storage);
  assert.deepEqual(rows.map(({ user, role }) => [user, role]), [["alice", "user"], ["boss", "administrator"]]);
  for (const { id, created } of rows) {
    assert.match(id, /^\d+$/);
    assert.match(created, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  }

  const revoke = await run(["keys", "revoke", rows[0].id, "--storage", storage]);
  assert.equal(revoke.code, 0, revoke.stderr);
  assert.equal(await status(server, alice), 401, "it is invalid at once");
  assert.equal(await status(server, boss), 200);
  assert.equal((await list(storage)).length, 1);

  const again = await run(["keys", "revoke", rows[0].id, "--storage", storage]);
  assert.equal(again.code, 1);
  assert.match(again.stderr, new RegExp(`no key has the id ${rows[0].id}`));
});

test("a key of fewer permissions can do only what it is for, until it ends", async (t) => {
  const storage = `sqlite:${temporaryDirectory(t)}/webhooks.db`;
  const server = await Server.start(t, { args: ["--storage", storage, "--event-type", "a=b"] });
  const create = (...flags) => run(["keys", "create", "--storage", storage, "--user", "alice", ...flags]);
  const publisher = (await create("--name", "shop", "--permission", "events:publish")).stdout.trim();
  const event = { eventType: "a", payload: 1 };
  assert.equal((await server.post("/events", event, { key: publisher })).status, 202);
  assert.equal(await status(server, publisher), 403);
  assert.deepEqual((await list(storage)).map(({ role }) => role), ["events:publish"]);
  const ended = await create("--expires-at", "2020-01-01");
  assert.equal(ended.code, 2);
  assert.match(ended.stderr, /--expires-at: must be in the future/);
  const other = await create("--subscription-id", "7");
  assert.equal(other.code, 2);
  assert.match(other.stderr, /--subscription-id: must be a subscription/);
  const both = await create("--admin", "--permission", "events:publish");
  assert.equal(both.code, 2);
  assert.match(both.stderr, /--permission: has no effect with --admin/);
  await create("--name", "two\nlines\x1b[31m");
  assert.equal((await list(storage)).length, 2, "a name stays in its line");
  await server.request("DELETE", "/api-keys/1");
  const [{ actor }] = (await server.get("/audit?take=1")).body.audit;
  assert.deepEqual(actor, { userId: "admin", kind: "key", id: "WEBHOOKS_ADMIN_KEY" });
  const unknown = await create("--permission", "events:dance");
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /is none of subscriptions:read/);
});

test("the first start in a terminal creates a key and shows it once", async (t) => {
  const storage = `sqlite:${temporaryDirectory(t)}/webhooks.db`;
  const start = () => Server.start(t, {
    args: ["--storage", storage], env: { WEBHOOKS_ADMIN_KEY: undefined }, inTerminal: true });
  const first = await start();
  const [, key] = first.stdout.match(/\n {4}([A-Za-z0-9_-]{43,})\n/);
  assert.equal(await status(first, key), 200);
  assert.deepEqual((await list(storage)).map(({ user, role }) => [user, role]), [["admin", "administrator"]]);
  await first.stop();

  const second = await start();
  assert.ok(!second.stdout.includes(key) && !second.stderr.includes(key));
  assert.match(second.stdout, /API keys already exist/);
  assert.equal(await status(second, key), 200);
  assert.equal((await list(storage)).length, 1);
});

test("a start whose output is not a terminal logs no key, and says how to create one", async (t) => {
  const storage = `sqlite:${temporaryDirectory(t)}/webhooks.db`;
  const server = await Server.start(t, { args: ["--storage", storage], env: { WEBHOOKS_ADMIN_KEY: undefined } });
  assert.deepEqual(await list(storage), []);
  const [, command] = server.stdout.match(/^Create one: (.+)$/m);
  const key = execFileSync("sh", ["-c", command], { encoding: "utf8" }).trim();
  assert.equal(await status(server, key), 200);
});

test("a storage whose name was mistyped is reported, not created", async (t) => {
  const path = `${temporaryDirectory(t)}/mistyped.db`;
  for (const command of [["create", "--user", "alice"], ["list"], ["revoke", "1"]]) {
    const { code, stderr } = await run(["keys", ...command, "--storage", `sqlite:${path}`]);
    assert.equal(code, 1);
    assert.match(stderr, /there is no file .*mistyped\.db; name the server's file with --storage sqlite:PATH, or create it with `webhooks-server migrate`/);
  }
  assert.ok(!existsSync(path));
});

test("a start that fails creates no key", async (t) => {
  const storage = `sqlite:${temporaryDirectory(t)}/webhooks.db`;
  const other = await Server.start(t, { args: ["--storage", "memory:"] });
  const env = { WEBHOOKS_ADMIN_KEY: undefined };
  assert.equal((await run(["--listen", `127.0.0.1:${other.port}`, "--storage", storage], env)).code, 1);
  assert.deepEqual(await list(storage), []);
});

test("the key of WEBHOOKS_ADMIN_KEY is valid only while the server runs with it", async (t) => {
  const storage = `sqlite:${temporaryDirectory(t)}/webhooks.db`;
  const start = (key) => Server.start(t, { args: ["--storage", storage], env: { WEBHOOKS_ADMIN_KEY: key } });
  const first = await start(adminKey);
  assert.equal(await status(first, adminKey), 200);
  assert.ok(!first.stdout.includes(adminKey), "it is not printed");
  const kept = (await run(["keys", "create", "--storage", storage, "--user", "admin", "--admin"])).stdout.trim();
  await first.stop();

  const second = await start("another key of 16 and more !~");
  assert.equal(await status(second, "another key of 16 and more !~"), 200);
  assert.equal(await status(second, adminKey), 401, "the earlier one is gone");
  assert.equal(await status(second, kept), 200, "what `keys create` made stays");
  const both = { key: "another key of 16 and more !~", headers: { authorization: `Bearer ${adminKey}` } };
  assert.equal((await second.get("/subscriptions", both)).status, 401, "both headers must be right");
});

for (const [what, key] of [["short", "fifteen-letters"], ["long", "x".repeat(257)], ["unprintable", "sixteen\tletters!!"]]) {
  test(`a WEBHOOKS_ADMIN_KEY that is too ${what} is rejected`, async () => {
    const args = ["--listen", "127.0.0.1:0", "--storage", "memory:"];
    const { code, stderr } = await run(args, { WEBHOOKS_ADMIN_KEY: key });
    assert.equal(code, 2);
    assert.match(stderr, /WEBHOOKS_ADMIN_KEY must be 16-256 printable ASCII characters/);
    assert.ok(!stderr.includes(key));
  });
}

test("a start warns of settings that make access too easy", async (t) => {
  const start = async (key, args, listen) => {
    const server = await Server.start(t, { args, env: { WEBHOOKS_ADMIN_KEY: key }, listen });
    await server.stop();
    return server.stderr.split("\n").filter((line) => line.includes(" warning ")).map((line) => line.replace(/^\S+ warning /, ""));
  };
  const memory = ["--storage", "memory:"];
  const strong = randomBytes(32).toString("base64");

  for (const key of ["a".repeat(16), "a".repeat(200), "ab".repeat(100), "abcdefghij".repeat(8), "a".repeat(60) + "b", "correct horse battery"]) {
    const [line, ...rest] = await start(key, memory);
    assert.match(line, /^WEBHOOKS_ADMIN_KEY has at most \d+ bits of entropy, and 128 are safe: use the output of `openssl rand -base64 32`$/, key);
    assert.deepEqual(rest, []);
  }
  for (const encoding of ["hex", "base64", "base64url"]) {
    assert.deepEqual(await start(randomBytes(20).toString(encoding), memory), []);
  }

  const file = `${temporaryDirectory(t)}/webhooks.db`;
  assert.deepEqual(await start(strong, ["--storage", `sqlite:${file}`]), []);
  chmodSync(file, 0o644);
  const [line] = await start(strong, ["--storage", `sqlite:${file}`]);
  assert.ok(line.startsWith(`the database file '${file}' contains secrets and payloads, and other users can open it (mode 0644): run chmod 600`), line);

  const [open] = await start(strong, memory, "0.0.0.0:0");
  assert.match(open, /listens on 0\.0\.0\.0 without TLS/);
});

test("the audit log tells what a command, a key and a session did, and from where", async (t) => {
  const storage = `sqlite:${temporaryDirectory(t)}/webhooks.db`;
  const server = await Server.start(t, {
    args: ["--storage", storage, "--event-type", "a=b", "--portal.public-url", "https://hooks.example.com"],
  });
  const boss = (await run(["keys", "create", "--storage", storage, "--user", "boss", "--admin"])).stdout.trim();
  const mine = await server.subscribe({ url: `${url}?token=canary`, secret: "canary-of-a-secret" }, { key: boss });
  const link = await server.post("/portal-sessions", { userId: "alice" }, { key: boss });
  const code = new URL(link.body.session.url).hash.replace("#code=", "");
  const started = await fetch(new URL("/portal/session", server.base), {
    method: "POST", headers: { "content-type": "application/json", "x-request-id": "from-alice" },
    body: JSON.stringify({ code }),
  });
  assert.equal(started.status, 200);

  const { status: answered, body } = await server.get("/audit", { key: boss });
  assert.equal(answered, 200);
  const [begun, linked, subscribed, made, registered] = body.audit;
  assert.deepEqual(body.audit.map((record) => record.action), [
    "portal_session.started", "portal_session.created", "subscription.created", "api_key.created",
    "event_type.created",
  ]);
  assert.deepEqual([begun.actor.kind, begun.actor.userId, begun.address, begun.requestId],
    ["portal", "alice", "127.0.0.1", "from-alice"]);
  assert.deepEqual([linked.actor.kind, linked.actor.userId, linked.object.userId], ["key", "boss", "alice"]);
  assert.deepEqual([subscribed.object.id, subscribed.address], [String(mine.id), "127.0.0.1"]);
  assert.deepEqual([made.actor.kind, made.address, made.object.userId], ["cli", null, "boss"]);
  assert.notEqual(made.actor.id, null);
  assert.equal(registered.actor.kind, "service");
  assert.doesNotMatch(JSON.stringify(body), /canary/);
});

test("a subscription whose stored secrets were changed says isUnreadable, until it gets new ones", async (t) => {
  const folder = temporaryDirectory(t);
  const file = `${folder}/webhooks.db`;
  const keys = `${folder}/keys`;
  writeFileSync(keys, `one ${randomBytes(32).toString("base64")}\n`, { mode: 0o600 });
  const args = ["--storage", `sqlite:${file}`, "--encryption.keys-file", keys, "--event-type", "a=b"];
  const first = await Server.start(t, { args });
  const { id } = await first.subscribe({ url, headers: { "X-Before": "canary" } });
  await first.stop();

  // The header's name is authenticated together with its value.
  const stored = readFileSync(file, "latin1");
  assert.match(stored, /X-Before/);
  assert.doesNotMatch(stored, /canary/);
  writeFileSync(file, stored.replaceAll("X-Before", "X-Others"), "latin1");
  const server = await Server.start(t, { args });
  const path = `/subscriptions/${id}`;
  const { subscription } = (await server.get(path)).body;
  assert.equal(subscription.isUnreadable, true);
  assert.equal(subscription.secret, "");
  const change = (members) => server.request("PUT", path, { body: { subscription: members } });
  const conflict = await change({ name: "new" });
  assert.equal(conflict.status, 409, conflict.text);
  assert.match(conflict.body.message, /cannot be decrypted/);
  assert.equal((await change({ secret: "a-new-secret-of-this", headers: { "X-New": "1" } })).status, 200);
  const repaired = (await server.get(path)).body.subscription;
  assert.equal(repaired.isUnreadable, undefined);
  assert.equal(repaired.secret, "a-new-secret-of-this");
});
