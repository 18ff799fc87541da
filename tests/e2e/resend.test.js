// What a subscriber with a broken endpoint does: looks, repairs it, and gets what it missed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Webhook } from "standardwebhooks";
import { Receiver } from "./support/receiver.js";
import { Server, temporaryDirectory } from "./support/server.js";
import { until } from "./support/wait.js";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/** A server on a file that knows order.created. */
const startServer = (t) => Server.start(t, {
  args: ["--storage", `sqlite:${temporaryDirectory(t)}/webhooks.db`, "--event-type", "order.created=An order"],
});

const verifies = (key, { body, headers }) => {
  try {
    return new Webhook(key).verify(body, headers) !== undefined;
  } catch {
    return false;
  }
};

test("an endpoint that was broken is repaired, and gets what it missed", async (t) => {
  let isBroken = true;
  const receiver = await Receiver.start(t, () => (isBroken ? { status: 500, body: "broken" } : { status: 200, body: "ok" }));
  const server = await startServer(t);
  const subscription = await server.subscribe({ url: receiver.url, secret, maxRetryCount: 0 });
  const path = `/subscriptions/${subscription.id}`;
  const begin = new Date().toISOString();
  const event = async (id) => (await server.get(`${path}/events/${id}`)).body.event;
  const stats = async () => (await server.get(`${path}/stats`)).body.stats;

  assert.deepEqual(await stats(), {
    attempts: 0, successes: 0, successRate: null, latencyMs: { p50: null, p95: null, p99: null },
    filtered: 0, waiting: 0, lastFailure: null, failingSince: null, pausedUntil: null,
  });

  // It fails.
  const ids = [];
  for (const n of [1, 2, 3, 4]) ids.push(...(await server.publish("order.created", { n })));
  await until("all have failed", async () => (await stats()).attempts === 4);
  const failed = await event(ids[0]);
  assert.deepEqual([failed.isSuccess, failed.statusCode, failed.nextRetryAt], [false, 500, null]);
  const [{ sentAt, durationMs, address, responseHeaders, phasesMs, ...attempt }] = failed.attempts;
  assert.deepEqual(attempt,
    { number: 1, statusCode: 500, response: "broken", errorMessage: "endpoint responded with 500", outcome: "exhausted" });
  assert.equal(sentAt, failed.sentAt);
  assert.equal(address, "127.0.0.1");
  assert.ok(responseHeaders.date);
  assert.ok(phasesMs.firstByte <= durationMs);
  assert.ok(durationMs > 0 && durationMs < 15_000, `${durationMs} ms`);
  const bad = await stats();
  assert.deepEqual([bad.attempts, bad.successes, bad.successRate, bad.waiting], [4, 0, 0, 0]);
  assert.ok(bad.latencyMs.p50 > 0 && bad.latencyMs.p50 <= bad.latencyMs.p99);
  assert.ok(bad.lastFailure >= begin);

  // It is repaired: first one event as a trial, then the rest.
  isBroken = false;
  const retried = await server.post(`${path}/events/${ids[0]}/retry`);
  assert.equal(retried.status, 202, retried.text);
  assert.equal(retried.body.event.id, ids[0]);
  const delivered = await until("it is delivered", async () => {
    const now = await event(ids[0]);
    return now.isSuccess && now;
  }, 5);
  assert.deepEqual(delivered.attempts.map(({ number, outcome }) => [number, outcome]), [[1, "exhausted"], [2, "delivered"]]);
  assert.equal(receiver.requests[4].id, receiver.requests[0].id);

  const none = await server.post(`${path}/recover`, { since: new Date(Date.now() + 60_000).toISOString() });
  assert.deepEqual([none.status, none.body.recovered], [202, 0]);
  const recovered = await server.post(`${path}/recover`, { since: begin });
  assert.deepEqual([recovered.status, recovered.body.recovered], [202, 3]);
  await until("all are delivered", async () => (await server.events(subscription)).every(({ isSuccess }) => isSuccess), 5);
  assert.equal(receiver.requests.length, 8);
  for (const request of receiver.requests) assert.ok(verifies(secret, request));
  assert.equal((await stats()).successRate, 0.5);
});

test("a recovery without a body is told what is missing", async (t) => {
  const receiver = await Receiver.start(t);
  const server = await startServer(t);
  const { id } = await server.subscribe({ url: receiver.url, secret });
  const answer = await server.post(`/subscriptions/${id}/recover`);
  assert.deepEqual([answer.status, answer.body.errors], [400, { since: ["is required"] }]);
});

test("a delayed event is sent at its time, and others before it", async (t) => {
  const receiver = await Receiver.start(t);
  const server = await startServer(t);
  const subscription = await server.subscribe({ url: receiver.url, secret });
  const deliverAt = new Date(Date.now() + 1500).toISOString();
  const answer = await server.post("/events", { eventType: "order.created", payload: "later", deliverAt });
  assert.equal(answer.status, 202, answer.text);
  await server.publish("order.created", "now");
  await until("one has arrived", () => receiver.requests.length === 1);
  assert.equal(receiver.requests[0].body.toString(), '"now"');
  const [waiting] = await server.events(subscription);
  assert.equal(waiting.nextRetryAt, deliverAt);
  await until("both have arrived", () => receiver.requests.length === 2);
  assert.ok(Date.now() >= Date.parse(deliverAt) - 50);
});

test("while a secret is rotated, receivers verify with either", async (t) => {
  const receiver = await Receiver.start(t);
  const server = await startServer(t);
  const { id } = await server.subscribe({ url: receiver.url, secret });
  const path = `/subscriptions/${id}/rotate-secret`;
  const deliver = async () => {
    const count = receiver.requests.length;
    await server.publish("order.created", { count });
    await until("it has arrived", () => receiver.requests.length > count);
    return receiver.requests[count];
  };

  const made = (await server.post(path)).body.subscription.secret;
  assert.match(made, /^whsec_[A-Za-z0-9+/]{43}=$/);
  const during = await deliver();
  const again = await server.post(path, { secret: made });
  assert.equal(again.status, 409);
  assert.deepEqual(again.body.errors, { secret: ["must not be the current one"] });
  const alone = (await server.post(path, { overlapSeconds: 0 })).body.subscription.secret;
  const after = await deliver();
  assert.deepEqual([verifies(secret, after), verifies(made, after), verifies(alone, after)], [false, false, true]);

  assert.ok(verifies(made, during));
  assert.ok(verifies(secret, during));
});
