// A batch of events: all of them or none, over a real connection.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Receiver } from "./support/receiver.js";
import { Server, run, temporaryDirectory } from "./support/server.js";
import { until } from "./support/wait.js";

const startServer = (t, args = []) => {
  const storage = `sqlite:${temporaryDirectory(t)}/webhooks.db`;
  return Server.start(t, { args: ["--storage", storage, "--event-type", "order.created=An order", ...args] });
};

const batchOf = (count, payload) => `{"events":[${Array.from({ length: count }, (_, i) =>
  `{"eventType":"order.created","payload":${payload(i)}}`)}]}`;

test("a batch of 1,000 is delivered whole, its bytes as they were written", async (t) => {
  const receiver = await Receiver.start(t);
  const server = await startServer(t);
  const subscription = await server.subscribe({ url: receiver.url });
  const payload = (i) => `{ "n" : ${i}.0,\t"\\u00e4":"ä" }`;
  const answer = await server.post("/events/batch", batchOf(1000, payload));
  assert.equal(answer.status, 202, answer.text);
  const ids = answer.body.receipts.map(({ eventIds }) => eventIds[0]);
  assert.equal(ids.length, 1000);
  assert.deepEqual(ids, [...ids].sort((a, b) => a - b));

  await until("all have arrived", () => receiver.requests.length === 1000);
  const expected = Array.from({ length: 1000 }, (_, i) => payload(i)).sort();
  assert.deepEqual(receiver.requests.map(({ body }) => body.toString()).sort(), expected);
  const events = await until("all are in the log", async () => {
    const all = await server.events(subscription, 1000);
    return all.every(({ isSuccess }) => isSuccess) && all;
  });
  assert.deepEqual(events.map(({ id }) => id), ids);
  events.forEach((event, i) => assert.equal(event.payload, payload(i)));
});

test("any error in one event fails its whole batch", async (t) => {
  const receiver = await Receiver.start(t);
  const server = await startServer(t);
  const subscription = await server.subscribe({ url: receiver.url });
  const event = (more) => ({ eventType: "order.created", payload: 1, ...more });
  const rejected = async (status, events) => {
    const answer = await server.post("/events/batch", { events });
    assert.equal(answer.status, status, answer.text);
    assert.equal(answer.body.success, false);
    return answer.body.errors;
  };

  assert.deepEqual(
    await rejected(400, [event(), event({ eventType: "order.craeted" }), event({ deliverAt: "soon", userId: "" })]), {
      "events[1].eventType": ["is not a registered event type; did you mean 'order.created'?"],
      "events[2].deliverAt": ["must be an RFC 3339 time, such as 2026-01-31T09:05:00Z"],
      "events[2].userId": ["must not be empty; leave it out"],
    });
  assert.equal((await server.post("/events", event({ idempotencyKey: "k" }))).status, 202);
  assert.deepEqual(await rejected(409, [event({ idempotencyKey: "new" }), event({ payload: 2, idempotencyKey: "k" })]),
    { "events[1]": ["the idempotency key was used for other content within 24 hours"] });
  assert.equal((await server.events(subscription)).length, 1);

  // The key of the rejected batch was not used, and a repetition is one.
  const events = [event({ payload: 3, idempotencyKey: "new" }), event({ idempotencyKey: "k" })];
  const first = await server.post("/events/batch", { events });
  assert.equal(first.status, 202, first.text);
  assert.deepEqual((await server.post("/events/batch", { events })).body.receipts, first.body.receipts);
  assert.equal((await server.events(subscription)).length, 2);
});

test("a user's batch goes to its own subscriptions", async (t) => {
  const receiver = await Receiver.start(t);
  const storage = `sqlite:${temporaryDirectory(t)}/webhooks.db`;
  const server = await Server.start(t, { args: ["--storage", storage, "--event-type", "order.created=An order"] });
  const key = (await run(["keys", "create", "--user", "carol", "--storage", storage])).stdout.trim();
  await server.subscribe({ url: receiver.url });
  await server.subscribe({ url: receiver.url }, { key });
  const send = (events, options) => server.post("/events/batch", { events }, options);
  const event = { eventType: "order.created", payload: 1 };

  const own = await send([event, event], { key });
  assert.deepEqual(own.body.receipts.map(({ eventIds }) => eventIds.length), [1, 1], own.text);
  const foreign = await send([event, { ...event, userId: "admin" }], { key });
  assert.equal(foreign.status, 403, foreign.text);
  assert.deepEqual(Object.keys(foreign.body.errors), ["events[1]"]);
  const everyone = await send([event, { ...event, userId: "carol" }]);
  assert.deepEqual(everyone.body.receipts.map(({ eventIds }) => eventIds.length), [2, 1]);
});

test("a batch may have more bytes than another body", async (t) => {
  const server = await startServer(t, ["--server.max-batch-body-bytes", "3000000"]);
  const batch = (size) => batchOf(20, () => `"${"x".repeat(size / 20)}"`);
  assert.equal((await server.post("/events/batch", batch(2_900_000))).status, 202);
  assert.equal((await server.post("/events/batch", batch(3_000_000))).status, 413);
  assert.equal((await server.post("/events/batch", batch(2_900_000), { key: "unknown" })).status, 401);
  assert.equal((await server.post("/events", { eventType: "order.created", payload: "x".repeat(1_200_000) })).status, 413);
});
