// List queries that take the maximum time, and their effect on others.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import http from "node:http";
import { test } from "node:test";
import { Receiver } from "./support/receiver.js";
import { Server, adminKey, run, temporaryDirectory } from "./support/server.js";
import { until } from "./support/wait.js";

const worst = Array.from({ length: 60 }, (_, i) => `contains(payload,'b${i}')`).join(" or ");

/** A list query on a connection of its own. */
function ask(server, key) {
  const query = { isAnswered: false };
  query.request = http.get(`${server.base}/events?filter=${encodeURIComponent(worst)}`,
    { agent: false, headers: { "x-api-key": key } },
    (response) => response.resume().on("end", () => (query.isAnswered = true)));
  query.request.on("error", () => {});
  return query;
}

const megabytes = (server) =>
  Number(readFileSync(`/proc/${server.process.pid}/status`, "utf8").match(/VmRSS:\s+(\d+) kB/)[1]) / 1024;

/** Makes requests one after another, and answers the longest time that one took, in milliseconds. */
async function longest(count, request) {
  let time = 0;
  for (let i = 0; i < count; ++i) {
    const start = performance.now();
    await request();
    time = Math.max(time, performance.now() - start);
  }
  return time.toFixed(1);
}

test("20 of the worst list queries delay no other user, end with their clients and leave no memory", async (t) => {
  const receiver = await Receiver.start(t);
  const storage = `sqlite:${temporaryDirectory(t)}/webhooks.db`;
  const server = await Server.start(t, { args: ["--storage", storage, "--event-type", "a=b"] });
  const aliceKey = (await run(["keys", "create", "--storage", storage, "--user", "alice"])).stdout.trim();
  // From different users, so that both threads for queries are busy.
  for (const key of [adminKey, aliceKey]) {
    const subscription = await server.subscribe({ url: receiver.url }, { key });
    assert.ok(subscription.id);
  }
  const payload = "a".repeat(100_000);
  for (let i = 0; i < 6; ++i) {
    const events = Array.from({ length: 50 }, () => ({ eventType: "a", payload }));
    assert.equal((await server.post("/events/batch", { events })).status, 202);
  }
  await until("all are delivered", async () =>
    (await server.get("/events?filter=isSuccess&take=0")).body.totalEventsCount === 600);
  const before = megabytes(server);

  const queries = Array.from({ length: 20 }, (_, i) => ask(server, i % 2 === 0 ? adminKey : aliceKey));
  const live = await longest(50, async () =>
    assert.equal((await server.get(`http://127.0.0.1:${server.port}/health/live`, { key: null })).status, 200));
  const published = await longest(20, () => server.publish("a", 1));
  assert.ok(queries.some((query) => !query.isAnswered), "all of that was answered while queries ran");
  t.diagnostic(`the longest: /health/live ${live} ms, publish ${published} ms`);

  for (const query of queries) query.request.destroy();
  for (const key of [adminKey, aliceKey]) {
    const list = await server.get("/events?filter=isSuccess%20eq%20false", { key });
    assert.equal(list.status, 200, "the next query does not wait for abandoned ones");
  }
  await until("the memory is released", () => megabytes(server) < before + 64);
  t.diagnostic(`resident: ${before.toFixed(0)} MB before, ${megabytes(server).toFixed(0)} MB after`);
});

test("a filter is tried on a payload and on events, and events are matched, over HTTP", async (t) => {
  const receiver = await Receiver.start(t);
  const server = await Server.start(t, { args: ["--storage", "memory:", "--event-type", "order.created=b"] });
  const filter = "payload/total ge 100 and payload/cur eq 'EUR'";
  const { id } = await server.subscribe({ eventType: "order.created", url: receiver.url, filter });
  const payload = { total: 150, cur: "EUR" };
  assert.equal((await server.publish("order.created", payload)).length, 1);
  assert.equal((await server.publish("order.created", { total: 99 })).length, 0);
  const tried = await server.post("/filters/test", { filter, payload: { total: 99.5, cur: "EUR" } });
  assert.equal(tried.status, 200, tried.text);
  assert.equal(tried.body.matches, false);
  assert.deepEqual(tried.body.conditions.map(({ value, result }) => [value, result]), [["99.5", "false"], ['"EUR"', "true"]]);
  const onEvents = await server.post("/filters/test", { filter: "payload/total gt 100", subscriptionId: id });
  assert.deepEqual([onEvents.body.matched, onEvents.body.of], [1, 1]);
  const match = async (event) => (await server.post("/events/match", { eventType: "order.created", payload: event })).body.matches;
  assert.deepEqual(await match(payload), [{ subscriptionId: id, isMatch: true, reason: "matched" }]);
  assert.deepEqual(await match({}), [{ subscriptionId: id, isMatch: false, reason: "filter" }]);
});
