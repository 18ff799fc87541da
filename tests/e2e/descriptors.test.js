// A process with few file descriptors and many endpoints.

import assert from "node:assert/strict";
import http from "node:http";
import { test } from "node:test";
import { Receiver } from "./support/receiver.js";
import { Server, temporaryDirectory } from "./support/server.js";
import { until } from "./support/wait.js";

const limit = 256;
const origins = 300;

/** A request on a connection of its own. */
const fresh = (url) =>
  new Promise((resolve, reject) =>
    http.get(url, { agent: false }, (response) => response.resume().on("end", () => resolve(response.statusCode)))
      .on("error", reject));

async function restAnswers(server) {
  const live = `http://127.0.0.1:${server.port}/health/live`;
  const answers = await Promise.all(Array.from({ length: 10 }, () => fresh(live)));
  assert.deepEqual(answers, answers.map(() => 200));
  assert.equal((await server.get("/events?take=1")).status, 200);
}

test(`${limit} descriptors and ${origins} origins: REST answers, and each event arrives once`, async (t) => {
  let release;
  let held = null;
  const receiver = await Receiver.start(t, async () => {
    await held;
    return { status: 204 };
  }, "0.0.0.0");
  const port = new URL(receiver.url).port;
  const server = await Server.start(t, {
    args: ["--storage", `sqlite:${temporaryDirectory(t)}/webhooks.db`, "--event-type", "a=b", "--transport.attempt-timeout", "5min"],
    descriptors: limit,
  });
  for (let i = 0; i < origins; ++i) {
    await server.subscribe({ url: `http://127.0.${1 + Math.floor(i / 250)}.${1 + (i % 250)}:${port}/` });
  }

  // More endpoints than it can keep connections to.
  await server.publish("a", 1);
  await until("every event has arrived", () => receiver.requests.length >= origins);
  await restAnswers(server);
  // As many connections as it can have, all in use: none of them can be closed for another.
  held = new Promise((resolve) => (release = resolve));
  await server.publish("a", 2);
  await until("the descriptors are used up", () => /no file descriptor/.test(server.stderr));
  await restAnswers(server);
  assert.equal((await server.publish("a", 3)).length, origins);
  release();
  await until("every event has arrived", () => receiver.requests.length >= 3 * origins);
  await restAnswers(server);
  assert.equal(new Set(receiver.requests.map((request) => request.id)).size, 3 * origins);
  await until("all are recorded as delivered", async () =>
    (await server.get("/events?filter=isSuccess&take=0")).body.totalEventsCount === 3 * origins);
  assert.equal(receiver.requests.length, 3 * origins, "none was sent twice");
  const log = await server.get("/events?filter=retryCount%20gt%200&take=0");
  assert.equal(log.body.totalEventsCount, 0, "a lack of descriptors uses up no attempt");
});
