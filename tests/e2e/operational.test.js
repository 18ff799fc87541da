// What subscribers to operational events receive, and that nothing is lost while an endpoint is out of use.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Webhook } from "standardwebhooks";
import { Receiver } from "./support/receiver.js";
import { Server, adminKey, run, temporaryDirectory } from "./support/server.js";
import { until } from "./support/wait.js";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** A server on a file that knows order.created and tries again every second. */
const startServer = (t, args = []) => Server.start(t, {
  args: ["--storage", `sqlite:${temporaryDirectory(t)}/webhooks.db`, "--event-type", "order.created=An order",
    "--service.retry-schedule", "1s", "--service.retry-jitter", "0", "--service.breaker-pause", "100ms",
    "--service.breaker-max-pause", "100ms", ...args],
});

/** A receiver that listens to `webhook.…`: its bodies, each of a valid signature. */
async function listen(t, server, { onBody = () => {}, ...members } = {}) {
  const bodies = [];
  const receiver = await Receiver.start(t, ({ body, headers }) => {
    new Webhook(secret).verify(body, headers);  // Throws, and then nothing is answered.
    bodies.push(JSON.parse(body));
    onBody(bodies.at(-1));
    return { status: 204 };
  });
  await server.subscribe({ url: receiver.url, eventType: "webhook.*", secret, ...members });
  const of = (type, id) => bodies.filter(({ type: one, data }) => one === type && (id === undefined || data.subscription.id === id));
  const first = async (type, id) => (await until(`${type} is told`, () => of(type, id).length > 0 && of(type, id)))[0];
  return { bodies, of, first };
}

const subjectOf = ({ id, name, userId, eventType, url }) => ({ id, name, userId, eventType, url: url.replace(/\?.*/, "") });

test("an owner hears that an endpoint fails and works again, signed like any event", async (t) => {
  let isBroken = true;
  const receiver = await Receiver.start(t, () => ({ status: isBroken ? 500 : 200 }));
  const server = await startServer(t, ["--service.failing-notice-after", "1s"]);
  // It is repaired because of the event that says so.
  const listener = await listen(t, server, {
    onBody: ({ type }) => { isBroken &&= type !== "webhook.subscription.failing"; } });
  const subscription = await server.subscribe({
    name: "Orders", url: `${receiver.url}hook?token=canary`, headers: { authorization: "canary" }, maxRetryCount: 100 });
  const [id] = await server.publish("order.created", { text: "canary" });

  const created = await listener.first("webhook.subscription.created");
  assert.deepEqual(created.data, { subscription: subjectOf(subscription), changed: [], by: { userId: "admin", kind: "administrator" } });
  const failing = await listener.first("webhook.subscription.failing");
  const { failingSince, deactivatesAt, lastAttempt: { number, sentAt, ...lastAttempt }, ...rest } = failing.data;
  assert.deepEqual(rest, { subscription: subjectOf(subscription) });
  assert.deepEqual(lastAttempt, { eventId: id, statusCode: 500, errorMessage: "endpoint responded with 500" });
  assert.ok(number >= 2);
  for (const each of [failing.timestamp, failingSince, deactivatesAt, sentAt]) assert.match(each, time);
  assert.ok(Date.parse(sentAt) - Date.parse(failingSince) >= 1000, `${failingSince} ${sentAt}`);
  assert.equal(Date.parse(deactivatesAt) - Date.parse(failingSince), 5 * 86_400_000);

  const { data: recovered } = await listener.first("webhook.subscription.recovered");
  assert.deepEqual({ ...recovered, failedFor: 0 }, { subscription: subjectOf(subscription), failedFor: 0, undelivered: 0 });
  assert.ok(recovered.failedFor >= 1, `${recovered.failedFor} s`);
  assert.equal(listener.of("webhook.subscription.failing").length, 1);
  assert.doesNotMatch(JSON.stringify(listener.bodies), /canary|whsec_/);
});

test("of events that use up their attempts the first is told at once, the rest together", async (t) => {
  const receiver = await Receiver.start(t, () => ({ status: 500 }));
  const server = await startServer(t, ["--service.exhausted-notice-window", "1s"]);
  const listener = await listen(t, server, { eventType: "webhook.event.exhausted" });
  const subscription = await server.subscribe({ url: receiver.url, maxRetryCount: 0 });
  const ids = [];
  for (const n of [1, 2, 3, 4, 5]) ids.push(...(await server.publish("order.created", n)));
  const count = () => listener.bodies.reduce((sum, { data }) => sum + data.count, 0);
  await until("all are told", () => count() >= ids.length);
  assert.equal(count(), ids.length);
  const [{ data: first }] = listener.bodies;
  assert.equal(first.count, 1);
  const { webhookId, createdAt, ...event } = first.event;
  assert.ok(ids.includes(event.id));
  assert.equal(event.eventType, "order.created");
  assert.ok(receiver.requests.some(({ id }) => id === webhookId));
  assert.match(createdAt, time);
  assert.ok(ids.includes(listener.bodies.at(-1).data.event.id));
  assert.deepEqual(first.subscription, subjectOf(subscription));
});

test("what is published while an endpoint is deactivated is in reach of recover", async (t) => {
  let isBroken = true;
  const receiver = await Receiver.start(t, () => ({ status: isBroken ? 500 : 200 }));
  const server = await startServer(t, ["--service.deactivate-after", "1s", "--service.breaker-failures", "2"]);
  const listener = await listen(t, server, { eventType: "webhook.subscription.deactivated" });
  const begin = new Date().toISOString();
  const subscription = await server.subscribe({ url: receiver.url, maxRetryCount: 100 });
  const path = `/subscriptions/${subscription.id}`;
  const ids = await server.publish("order.created", { n: 0 });
  const { data: told } = await listener.first("webhook.subscription.deactivated");
  assert.equal(told.reason, "failing");
  assert.match(told.failingSince, time);
  assert.equal(told.lastAttempt.statusCode, 500);

  const before = receiver.requests.length;
  for (const n of [1, 2, 3]) ids.push(...(await server.publish("order.created", { n })));
  assert.equal(ids.length, 4, "it still matches");
  const missed = await until("the log has its end", async () => {
    const { event } = (await server.get(`${path}/events/${ids[3]}`)).body;
    return event.errorMessage && event;
  });
  assert.equal(missed.errorMessage, "cancelled: the subscription is deactivated");
  assert.deepEqual([missed.attempts.at(-1).outcome, missed.nextRetryAt], ["cancelled", null]);

  isBroken = false;
  const recover = async (more) => (await server.post(`${path}/recover`, { since: begin, ...more })).body.recovered;
  await server.request("PUT", path, { body: { subscription: { isActive: true } } });
  assert.equal(receiver.requests.length, before, "nothing was sent meanwhile");
  assert.equal(await recover({ dryRun: true }), 4);
  assert.equal(await recover(), 4);
  await until("all have arrived", () => receiver.requests.length >= before + 4);
  const bodies = receiver.requests.slice(before).map(({ body }) => JSON.parse(body).n);
  assert.deepEqual(bodies.sort(), [0, 1, 2, 3]);
  await until("the log says so", async () => (await server.events(subscription)).every(({ isSuccess }) => isSuccess));
});

test("an endpoint that is gone is told so, and misses what is published until it is activated", async (t) => {
  const receiver = await Receiver.start(t, () => ({ status: 410 }));
  const server = await startServer(t);
  const listener = await listen(t, server);
  const subscription = await server.subscribe({ url: receiver.url });
  await server.publish("order.created", {});
  const { data } = await listener.first("webhook.subscription.deactivated");
  assert.deepEqual([data.reason, data.failingSince, data.lastAttempt.statusCode], ["gone", null, 410]);
  assert.deepEqual(await server.publish("order.created", {}), []);
  const { deactivation } = (await server.get(`/subscriptions/${subscription.id}`)).body.subscription;
  assert.equal(deactivation.reason, "gone");
});

test("users hear of their own subscriptions, and an operator's scope of everyone's", async (t) => {
  const storage = `sqlite:${temporaryDirectory(t)}/webhooks.db`;
  const server = await Server.start(t, { args: ["--storage", storage, "--event-type", "order.created=An order"] });
  const [alice, bob] = await Promise.all(["alice", "bob"].map(async (user) =>
    (await run(["keys", "create", "--storage", storage, "--user", user])).stdout.trim()));
  const operator = await listen(t, server, { operatorScope: true });
  const everything = await Receiver.start(t);
  await server.subscribe({ url: everything.url, eventType: "*" }, { key: alice });
  const { url } = everything;
  const listeners = {};
  for (const [user, key] of [["alice", alice], ["bob", bob]]) {
    const receiver = await Receiver.start(t);
    await server.subscribe({ url: receiver.url, eventType: "webhook.*" }, { key });
    listeners[user] = receiver;
  }
  const mine = await server.subscribe({ url, eventType: "*" }, { key: alice });
  const path = `/subscriptions/${mine.id}`;
  await server.request("PUT", path, { body: { subscription: { name: "new" } }, key: alice });
  await server.post(`${path}/rotate-secret`, {}, { key: adminKey });
  await server.request("DELETE", path, { key: alice });
  const all = ["created", "updated", "secret_rotated", "deleted"].map((what) => `webhook.subscription.${what}`);
  const told = () => operator.bodies.filter(({ data }) => data.subscription.id === mine.id).map(({ type }) => type);
  await until("the operator has heard of all", () => told().length >= all.length);
  assert.deepEqual(told().sort(), [...all].sort());
  assert.deepEqual((await operator.first("webhook.subscription.updated")).data.changed, ["name"]);
  assert.deepEqual((await operator.first("webhook.subscription.secret_rotated")).data.by, { userId: "admin", kind: "administrator" });
  await until("alice has heard of all", () => listeners.alice.requests.length >= all.length);
  assert.deepEqual(listeners.alice.requests.map(({ body }) => JSON.parse(body).type).sort(), [...all].sort());
  assert.equal(listeners.bob.requests.length, 0);
  assert.equal(everything.requests.length, 0, "'*' matches none");
  const wide = await server.post("/subscriptions",
    { subscription: { name: "wide", eventType: "webhook.*", url, operatorScope: true } }, { key: alice });
  assert.equal(wide.status, 403);
});
