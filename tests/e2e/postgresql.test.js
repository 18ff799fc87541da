// Servers that share a PostgreSQL database: start and stop, a kill, an outage, and lists.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Webhook } from "standardwebhooks";
import { Cluster, programs } from "./support/postgresql.js";
import { Receiver } from "./support/receiver.js";
import { Server, run } from "./support/server.js";
import { until } from "./support/wait.js";

const options = programs ? {} : { skip: "there is no PostgreSQL server: apt-get install postgresql" };
const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const count = 500;

/** A database that is ready for servers, and how to start them on it. */
async function scene(t) {
  const cluster = await Cluster.start(t);
  const args = ["--storage", cluster.uri, "--event-type", "order.created=An order", "--event-type", "order.shipped=It left",
    "--service.retry-schedule", "1s", "--service.lease", "1500ms", "--service.heartbeat-interval", "300ms"];
  const migrated = await run(["migrate", "--storage", cluster.uri]);
  assert.equal(migrated.code, 0, migrated.stderr);
  return { cluster, start: () => Server.start(t, { args }) };
}

/** The log, once it says that all succeeded. */
const succeeded = (server, subscription) => until("the log says that all succeeded", async () => {
  const events = await server.events(subscription, 1000);
  return events.length > 0 && events.every(({ isSuccess }) => isSuccess) && events;
}, 60);

test("a server needs its tables, then several share them, and each stops cleanly", options, async (t) => {
  const cluster = await Cluster.start(t);
  const early = await run(["--listen", "127.0.0.1:0", "--storage", cluster.uri]);
  assert.equal(early.code, 1);
  assert.match(early.stderr, /migrate/);
  assert.equal((await run(["migrate", "--storage", cluster.uri])).code, 0);
  assert.equal((await run(["migrate", "--storage", cluster.uri])).code, 0, "again does no harm");

  const args = ["--storage", cluster.uri, "--event-type", "a=b"];
  const receiver = await Receiver.start(t);
  const [one, other] = [await Server.start(t, { args }), await Server.start(t, { args })];
  const subscription = await one.subscribe({ url: receiver.url, secret });
  await until("the other knows it", async () => (await other.get("/subscriptions")).body.subscriptions.length === 1);
  await until("the other publishes to it", async () => (await other.publish("a", { n: 1 })).length === 1);
  await one.publish("a", { n: 2 });
  await succeeded(one, subscription);
  for (const { body, headers } of receiver.requests) new Webhook(secret).verify(body, headers);
  for (const server of [one, other]) assert.deepEqual(await server.stop(), { code: 0, signal: null }, server.stderr);
});

test("a key or session that is revoked at one server is rejected by all", options, async (t) => {
  const cluster = await Cluster.start(t);
  assert.equal((await run(["migrate", "--storage", cluster.uri])).code, 0);
  const args = ["--storage", cluster.uri, "--event-type", "a=b", "--portal.public-url", "https://hooks.example.com"];
  const servers = await Promise.all([1, 2, 3].map(() => Server.start(t, { args })));
  const [first, , last] = servers;
  const answers = async (credential, status) => (await Promise.all(servers.map((server) =>
    server.get("/subscriptions", credential)))).every((answer) => answer.status === status);
  /** By every server that has answered before, on the connections that are open. */
  const rejected = (credential) => until("every server rejects it", () => answers(credential, 401), 5);

  for (const revoke of [
    ({ id }) => first.request("DELETE", `/api-keys/${id}`),
    ({ id }) => run(["keys", "revoke", String(id), "--storage", cluster.uri]),
  ]) {
    const { apiKey } = (await first.post("/api-keys", { apiKey: { name: "k", userId: "alice" } })).body;
    assert.ok(await answers({ key: apiKey.key }, 200));
    await revoke(apiKey);
    await rejected({ key: apiKey.key });
  }

  const made = (await first.post("/portal-sessions", { userId: "alice" })).body.session;
  const started = await last.request("POST", new URL("/portal/session", last.base).href,
    { key: null, body: { code: new URL(made.url).hash.replace("#code=", "") } });
  assert.equal(started.status, 200, started.text);
  const session = { key: null, headers: { authorization: `Bearer ${started.body.session.token}` } };
  assert.ok(await answers(session, 200));
  assert.equal((await first.request("DELETE", `/portal-sessions/${made.id}`)).status, 200);
  await rejected(session);
});

test("the events of a killed server are delivered by the other", options, async (t) => {
  const { start } = await scene(t);
  let openGate;
  const gate = new Promise((resolve) => (openGate = resolve));
  const receiver = await Receiver.start(t, async () => {
    await gate;
    await delay(20);
    return { status: 200 };
  });
  const first = await start();
  const subscription = await first.subscribe({ url: receiver.url, secret });
  const numbers = new Map(); // of an event's id to what was published
  await Promise.all(Array.from({ length: count }, async (_, number) => {
    const [id] = await first.publish("order.created", { number });
    numbers.set(id, number);
  }));
  const second = await start();
  openGate();
  await until("some have arrived", () => receiver.requests.length >= 50);
  assert.equal((await first.stop("SIGKILL")).signal, "SIGKILL");

  const log = await succeeded(second, subscription);
  assert.deepEqual(log.map(({ id }) => id), [...numbers.keys()].sort((a, b) => a - b));
  const times = new Map();
  for (const { id, body, headers } of receiver.requests) {
    new Webhook(secret).verify(body, headers);
    assert.equal(JSON.parse(body).number, numbers.get(Number(id.split("_").at(-1))));
    times.set(id, (times.get(id) ?? 0) + 1);
  }
  assert.equal(times.size, count);
  t.diagnostic(`${receiver.requests.length - count} duplicates`);
  assert.ok(Math.max(...times.values()) <= 2);
  assert.ok(receiver.requests.length - count <= 100);
});

test("a server answers 503 while its database is down, and continues when it is back", options, async (t) => {
  const { cluster, start } = await scene(t);
  const receiver = await Receiver.start(t);
  const server = await start();
  const subscription = await server.subscribe({ url: receiver.url });
  await server.publish("order.created", 1);
  await cluster.stop();
  for (const ask of [() => server.post("/events", { eventType: "order.created", payload: 2 }), () => server.get("/subscriptions")]) {
    const began = Date.now();
    const answer = await ask();
    assert.equal(answer.status, 503, answer.text);
    assert.ok(Number(answer.headers["retry-after"]) > 0);
    assert.ok(Date.now() - began < 5000);
  }
  await cluster.go();
  await until("it publishes again", async () =>
    (await server.post("/events", { eventType: "order.created", payload: 3 })).status === 202, 5);
  await succeeded(server, subscription);
});

test("lists answer as their parameters say", options, async (t) => {
  const { start } = await scene(t);
  const receiver = await Receiver.start(t, ({ body }) => ({ status: Number(body) % 2 === 0 ? 200 : 500 }));
  const server = await start();
  const created = await server.subscribe({ url: receiver.url, name: "zebra", eventType: "order.created", maxRetryCount: 0 });
  await server.subscribe({ url: receiver.url, name: "Ärger", eventType: "order.shipped", isActive: false });
  await server.subscribe({ url: receiver.url, name: "ant", eventType: "order.shipped" });
  for (let number = 0; number < 10; ++number) await server.publish("order.created", number);
  const list = async (path, query) => {
    const answer = await server.get(`${path}?${new URLSearchParams(query)}`);
    assert.equal(answer.status, 200, answer.text);
    return answer.body;
  };
  const names = async (query) => (await list("/subscriptions", query)).subscriptions.map(({ name }) => name);
  assert.deepEqual(await names({ sort: "name" }), ["ant", "zebra", "Ärger"], "by code point");
  assert.deepEqual(await names({ filter: "isActive eq true and contains(name,'a')", sort: "name desc" }), ["zebra", "ant"]);
  assert.deepEqual(await names({ filter: "eventType in ('order.shipped')", sort: "name", take: 1, skip: 1 }), ["Ärger"]);

  const events = (query) => list(`/subscriptions/${created.id}/events`, query);
  await until("all have ended", async () => (await events({ filter: "sentAt eq null", take: 0 })).totalEventsCount === 0);
  const failed = await events({ filter: "isSuccess eq false and statusCode ge 500", sort: "id desc", take: 2 });
  assert.equal(failed.totalEventsCount, 5);
  assert.deepEqual(failed.events.map(({ payload }) => payload), ["9", "7"]);
  const rest = await events({ after: failed.events[1].id, select: "id,isSuccess" });
  assert.deepEqual(rest.events.map((event) => event.isSuccess), [true, false]);
  assert.deepEqual(Object.keys(rest.events[0]).sort(), ["id", "isSuccess"]);
});
