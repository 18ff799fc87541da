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

test("1,000 acknowledged events survive kill -9 while they are delivered", async (t) => {
  const directory = temporaryDirectory(t);
  const args = ["--storage", `sqlite:${directory}/webhooks.db`, "--event-type", "order.created=An order"];
  // A receiver that takes its time, so that the kill meets attempts at every stage.
  const receiver = await Receiver.start(t, async () => {
    await delay(20);
    return { status: 200, body: "thanks" };
  });

  const first = await Server.start(t, { args });
  const subscription = await first.subscribe({ url: receiver.url, secret });
  const numbers = new Map(); // of an event's id to what was published
  await Promise.all(Array.from({ length: count }, async (_, number) => {
    const [id] = await first.publish("order.created", { number });
    numbers.set(id, number);
  }));
  assert.equal(numbers.size, count, "all are acknowledged");
  await until("some have arrived", () => receiver.requests.length >= 50);
  assert.equal((await first.stop("SIGKILL")).signal, "SIGKILL");
  assert.ok(new Set(receiver.requests.map(({ id }) => id)).size < count, "the kill came mid-way");

  const second = await Server.start(t, { args });
  const arrived = () => new Set(receiver.requests.map(({ id }) => id));
  await until("all have arrived", () => arrived().size >= count, 60);
  const log = await until("the log says that all succeeded", async () => {
    const events = await second.events(subscription, 1000);
    return events.every(({ isSuccess }) => isSuccess) && events;
  });

  assert.equal(log.length, count);
  assert.equal(arrived().size, count, "an event keeps its webhook-id when it is sent again");
  for (const { id, body, headers } of receiver.requests) {
    new Webhook(secret).verify(body, headers);
    assert.equal(JSON.parse(body).number, numbers.get(Number(id.split("_").at(-1))));
  }
  // What was in flight, or answered but not yet written down, is sent again; nothing else is.
  const duplicates = receiver.requests.length - count;
  t.diagnostic(`${duplicates} duplicates`);
  assert.ok(duplicates <= 600, `${duplicates} duplicates`);
});
