// A server that is killed while it delivers loses nothing.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Webhook } from "standardwebhooks";
import { Receiver } from "./support/receiver.js";
import { Server, temporaryDirectory } from "./support/server.js";
import { until } from "./support/wait.js";

const count = 1000;
const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/**
 * A directory for a database, a receiver that takes its time, and how to start servers on it.
 * @param gate what the receiver awaits before it answers at all
 */
async function scene(t, gate = Promise.resolve()) {
  const directory = temporaryDirectory(t);
  const args = ["--storage", `sqlite:${directory}/webhooks.db`, "--event-type", "order.created=An order"];
  // So that a kill hits attempts at every stage.
  const receiver = await Receiver.start(t, async () => {
    await gate;
    await delay(20);
    return { status: 200, body: "thanks" };
  });
  return { receiver, start: () => Server.start(t, { args }) };
}

/** How often each event has arrived. */
function arrivals(receiver) {
  const times = new Map();
  for (const { id } of receiver.requests) times.set(id, (times.get(id) ?? 0) + 1);
  return times;
}

const eventId = (webhookId) => Number(webhookId.split("_").at(-1));

/** The log, once it says that all succeeded. */
const succeeded = (server, subscription) => until("the log says that all succeeded", async () => {
  const events = await server.events(subscription, 1000);
  return events.every(({ isSuccess }) => isSuccess) && events;
}, 60);

function verifyAll(receiver, numbers) {
  for (const { id, body, headers } of receiver.requests) {
    new Webhook(secret).verify(body, headers);
    // The ids of unacknowledged events are unknown; the events are complete nevertheless.
    const { number } = JSON.parse(body);
    assert.equal(number, numbers.get(eventId(id)) ?? Math.min(Math.trunc(number), count - 1));
  }
}

test("1,000 acknowledged events survive kill -9 while they are delivered", async (t) => {
  let openGate;
  const { receiver, start } = await scene(t, new Promise((resolve) => (openGate = resolve)));
  const first = await start();
  const subscription = await first.subscribe({ url: receiver.url, secret });
  const numbers = new Map(); // of an event's id to what was published
  await Promise.all(Array.from({ length: count }, async (_, number) => {
    const [id] = await first.publish("order.created", { number });
    numbers.set(id, number);
  }));
  assert.equal(numbers.size, count, "all are acknowledged");
  openGate();
  await until("some have arrived", () => receiver.requests.length >= 50);
  assert.equal((await first.stop("SIGKILL")).signal, "SIGKILL");
  assert.ok(arrivals(receiver).size < count, "the kill came mid-way");

  const second = await start();
  const log = await succeeded(second, subscription);
  assert.deepEqual(log.map(({ id }) => id), [...numbers.keys()].sort((a, b) => a - b));
  const times = arrivals(receiver);
  assert.equal(times.size, count, "an event keeps its webhook-id when it is resent");
  verifyAll(receiver, numbers);
  // Only requests in flight, or answered but not recorded, are repeated: each once, and few.
  const duplicates = receiver.requests.length - count;
  t.diagnostic(`${duplicates} duplicates`);
  assert.ok(Math.max(...times.values()) <= 2);
  assert.ok(duplicates <= 100, `${duplicates} duplicates`);
});

test("events acknowledged before a kill -9 during publishing arrive, and the others are not corrupted", async (t) => {
  const { receiver, start } = await scene(t);
  const first = await start();
  const subscription = await first.subscribe({ url: receiver.url, secret });
  const numbers = new Map();
  const publishing = Promise.allSettled(Array.from({ length: count }, async (_, number) => {
    const [id] = await first.publish("order.created", { number });
    numbers.set(id, number);
  }));
  await until("a third is acknowledged", () => numbers.size >= count / 3);
  await first.stop("SIGKILL");
  await publishing;
  assert.ok(numbers.size < count, "the kill came mid-way");

  const log = await succeeded(await start(), subscription);
  const logged = new Set(log.map(({ id }) => id));
  for (const id of numbers.keys()) assert.ok(logged.has(id), `event ${id} was acknowledged`);
  assert.deepEqual(new Set([...arrivals(receiver).keys()].map(eventId)), logged);
  verifyAll(receiver, numbers);
});
