// Deliveries as subscribers see them: retries, headers, secrets, test events, deactivation.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { Webhook } from "standardwebhooks";
import { Receiver } from "./support/receiver.js";
import { Server, temporaryDirectory, writeConfig } from "./support/server.js";
import { until } from "./support/wait.js";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const eventTypes = ["--event-type", "order.created=An order", "--event-type", "order.shipped=It left"];

/** A server in memory that knows order.created and order.shipped. */
const startServer = (t, args = []) => Server.start(t, { args: ["--storage", "memory:", ...eventTypes, ...args] });

const finished = (server, subscription) => until("the log says how it went", async () => {
  const events = await server.events(subscription);
  return events.length > 0 && events.every(({ sentAt, nextRetryAt }) => sentAt && !nextRetryAt) && events;
});

test("an event answered with 503 is retried, with the same id and a new time", async (t) => {
  const config = writeConfig(`${temporaryDirectory(t)}/config.json`,
    { service: { retry_schedule: ["1s"], retry_jitter: 0 } });
  let see;
  const seen = new Promise((resolve) => (see = resolve));
  const receiver = await Receiver.start(t, async (_, { requests }) => {
    if (requests.length === 1) return { status: 503, body: "ok" };
    await seen;  // However late the failure is looked for, it is there.
    return { status: 200, body: "ok" };
  });
  const server = await startServer(t, ["--config", config]);
  const subscription = await server.subscribe({ url: receiver.url, secret });
  await server.publish("order.created", { order: 42 });

  const waiting = await until("the failure is in the log", async () => {
    const [event] = await server.events(subscription);
    return event.statusCode === 503 && event;
  });
  see();
  assert.equal(waiting.isSuccess, false);
  assert.ok(Date.parse(waiting.nextRetryAt) - Date.parse(waiting.sentAt) >= 950);

  const [event] = await finished(server, subscription);
  assert.equal(event.isSuccess, true);
  assert.equal(event.statusCode, 200);
  assert.equal(event.response, "ok");
  assert.equal(event.retryCount, 1);
  assert.equal(event.errorMessage, null);
  const [first, second] = receiver.requests;
  assert.equal(receiver.requests.length, 2);
  assert.equal(first.id, second.id);
  assert.ok(Number(second.headers["webhook-timestamp"]) >= Number(first.headers["webhook-timestamp"]));
  for (const { body, headers } of receiver.requests) new Webhook(secret).verify(body, headers);
});

test("attempts end at maxRetryCount", async (t) => {
  const receiver = await Receiver.start(t, () => ({ status: 500, body: "no" }));
  const server = await startServer(t, ["--service.retry-schedule", "1s"]);
  const subscription = await server.subscribe({ url: receiver.url, maxRetryCount: 1 });
  await server.publish("order.created", null);
  const [event] = await finished(server, subscription);
  assert.deepEqual([event.isSuccess, event.statusCode, event.retryCount, event.response], [false, 500, 1, "no"]);
  assert.equal(receiver.requests.length, 2);
});

test("an endpoint without a server is a failure with a reason", async (t) => {
  const receiver = await Receiver.start(t);
  receiver.stop();
  const server = await startServer(t);
  const subscription = await server.subscribe({ url: receiver.url, maxRetryCount: 0 });
  await server.publish("order.created", null);
  const [event] = await finished(server, subscription);
  assert.deepEqual([event.isSuccess, event.statusCode], [false, null]);
  assert.match(event.errorMessage, /refused/i);
});

test("headers of the subscription are sent, and a plain secret signs with its own bytes", async (t) => {
  const plain = "a plain secret";
  const receiver = await Receiver.start(t);
  const server = await startServer(t);
  const subscription = await server.subscribe({
    url: `${receiver.url}hook?a=b%20c`, secret: plain, headers: { Authorization: "Basic eDp5", "X-Tenant": "7" },
  });
  assert.equal(subscription.headers, '{"Authorization":"Basic eDp5","X-Tenant":"7"}');
  await server.publish("order.created", "text");
  await finished(server, subscription);
  const [{ path, headers, body, id }] = receiver.requests;
  assert.equal(path, "/hook?a=b%20c");
  assert.equal(headers.authorization, "Basic eDp5");
  assert.equal(headers["x-tenant"], "7");
  const digest = createHmac("sha256", plain).update(`${id}.${headers["webhook-timestamp"]}.${body}`).digest("base64");
  assert.equal(headers["webhook-signature"], `v1,${digest}`);
  new Webhook(Buffer.from(plain).toString("base64")).verify(body, headers);
});

test("a secret that was not given is generated, and signs", async (t) => {
  const receiver = await Receiver.start(t);
  const server = await startServer(t);
  const subscription = await server.subscribe({ url: receiver.url });
  assert.match(subscription.secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
  await server.publish("order.created", {});
  await finished(server, subscription);
  new Webhook(subscription.secret).verify(receiver.requests[0].body, receiver.requests[0].headers);
});

test("test events reach an inactive subscription too, once", async (t) => {
  const receiver = await Receiver.start(t, () => ({ status: 500 }));
  const server = await startServer(t);
  const subscription = await server.subscribe({ url: receiver.url, secret, isActive: false });
  const path = `/subscriptions/${subscription.id}/test`;
  const ids = [];
  for (const body of ['{"payload": {"a":  1.0} }', '{"payload":null}', undefined]) {
    const answer = await server.post(path, body);
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.body.success, true);
    ids.push(answer.body.eventId);
    await until("it has arrived", () => receiver.requests.length === ids.length);
  }
  const events = await finished(server, subscription);
  assert.deepEqual(events.map(({ id }) => id), ids);
  assert.ok(events.every(({ eventType, retryCount, statusCode }) =>
    eventType === "webhook.test" && retryCount === 0 && statusCode === 500));
  const [own, ...examples] = receiver.requests;
  assert.equal(own.body.toString(), '{"a":  1.0}');
  for (const { body, headers } of examples) assert.ok(new Webhook(secret).verify(body, headers));
});

test("an inactive subscription gets nothing until it is active again", async (t) => {
  const receiver = await Receiver.start(t);
  const server = await startServer(t);
  const subscription = await server.subscribe({ url: receiver.url, isActive: false });
  assert.deepEqual(await server.publish("order.created", 1), []);
  const put = await server.request("PUT", `/subscriptions/${subscription.id}`, { body: { subscription: { isActive: true } } });
  assert.equal(put.status, 200, put.text);
  assert.equal((await server.publish("order.created", 2)).length, 1);
  await finished(server, subscription);
  assert.deepEqual(receiver.requests.map(({ body }) => body.toString()), ["2"]);
});

test("types, patterns and deletion determine which subscriptions match", async (t) => {
  const receiver = await Receiver.start(t);
  const server = await startServer(t);
  const subscribe = (eventType, path) => server.subscribe({ eventType, url: receiver.url + path });
  const one = await subscribe("order.shipped", "one");
  const group = await subscribe("order.*", "group");
  const gone = await subscribe("*", "gone");
  assert.equal((await server.request("DELETE", `/subscriptions/${gone.id}`)).status, 200);
  assert.equal((await server.publish("order.created", 1)).length, 1);
  assert.equal((await server.publish("order.shipped", 2)).length, 2);
  await finished(server, one);
  await until("all have arrived", () => receiver.requests.length === 3);
  assert.deepEqual(receiver.requests.map(({ path, body }) => `${path} ${body}`).sort(),
    ["/group 1", "/group 2", "/one 2"]);
  assert.equal((await server.get(`/subscriptions/${gone.id}/events`)).status, 404);
  assert.equal((await server.events(group)).length, 2);
});

test("an idempotency key publishes once", async (t) => {
  const receiver = await Receiver.start(t);
  const server = await startServer(t);
  const subscription = await server.subscribe({ url: receiver.url });
  const publish = (payload) => server.post("/events", { eventType: "order.created", payload, idempotencyKey: "k" });
  const first = await publish(1);
  const second = await publish(1);
  assert.deepEqual([first.status, second.status], [202, 202]);
  assert.deepEqual(second.body.eventIds, first.body.eventIds);
  assert.equal((await publish(2)).status, 409);
  assert.equal((await finished(server, subscription)).length, 1);
});

test("a raw body is sent with its own content type", async (t) => {
  const receiver = await Receiver.start(t);
  const server = await startServer(t);
  const subscription = await server.subscribe({ url: receiver.url, secret });
  const text = " <order id='42'>é</order>\n";
  const answer = await server.post("/events?eventType=order.created", text, { headers: { "content-type": "application/xml" } });
  assert.equal(answer.status, 202, answer.text);
  const [event] = await finished(server, subscription);
  assert.equal(event.payload, text);
  const [{ body, headers }] = receiver.requests;
  assert.equal(body.toString(), text);
  assert.equal(headers["content-type"], "application/xml");
  new Webhook(secret).verify(body, headers, { jsonParse: false });
});

test("the example receiver verifies what the server sends, and sees a retry", async (t) => {
  const binary = join(process.env.WEBHOOKS_BIN ?? "build/release/bin", "webhooks-receiver");
  const receiver = spawn(binary, ["--listen", "127.0.0.1:0", "--fail", "1"],
    { env: { ...process.env, WEBHOOKS_SECRET: secret }, stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => receiver.kill());
  let output = "";
  receiver.stdout.on("data", (data) => (output += data));
  const [, url] = await until("it listens", () => output.match(/listening on (\S+)\n/));

  const server = await startServer(t, ["--service.retry-schedule", "1s"]);
  const good = await server.subscribe({ url, secret });
  const [id] = await server.publish("order.created", { order: 42 });
  const [event] = await finished(server, good);
  assert.deepEqual([event.isSuccess, event.statusCode, event.retryCount], [true, 204, 1]);
  await until("both are printed", () => output.match(/signature verified/g)?.length === 2);
  assert.match(output, new RegExp(`_${id}  signature verified  application/json\n\\{"order":42\\}\n`));

  const bad = await server.subscribe({ url, secret: "another", maxRetryCount: 0, eventType: "order.shipped" });
  await server.publish("order.shipped", 1);
  const [rejected] = await finished(server, bad);
  assert.equal(rejected.statusCode, 400);
  await until("it is printed", () => output.includes("NOT VERIFIED"));
});

test("a subscription's own timeout and its rule for retries hold", async (t) => {
  const silent = await Receiver.start(t, () => new Promise(() => {}));
  const missing = await Receiver.start(t, () => ({ status: 404 }));
  const server = await Server.start(t, { args: ["--storage", "memory:", "--event-type", "a=b"] });
  const impatient = await server.subscribe({ url: silent.url, timeoutSeconds: 1, retryOn: ["5xx"] });
  const choosy = await server.subscribe({ url: missing.url, retryOn: ["5xx", "429", "408", "network"] });
  const plain = await server.subscribe({ url: missing.url });
  await server.publish("a", 1);
  const latest = (subscription) => until("the first attempt has ended", async () =>
    (await server.events(subscription)).find((event) => event.sentAt !== null));
  const late = await latest(impatient);
  assert.equal(late.errorMessage, "no response within 1 s");
  assert.equal(late.nextRetryAt, null, "network failures are not retried there");
  assert.equal((await latest(choosy)).nextRetryAt, null, "a 404 is in no class");
  assert.notEqual((await latest(plain)).nextRetryAt, null, "by default it is retried");
});
