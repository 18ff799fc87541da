// A reader of a feed that waits for events, while servers are killed and others publish.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Cluster, programs } from "./support/postgresql.js";
import { Receiver } from "./support/receiver.js";
import { Server, run, temporaryDirectory } from "./support/server.js";
import { until } from "./support/wait.js";

const ofPostgresql = programs ? {} : { skip: "there is no PostgreSQL server: apt-get install postgresql" };
const eventType = ["--event-type", "order.created=An order"];

/**
 * Reads a feed until `isOver()` and nothing is left. While no server answers, it asks again with the cursor
 * that it has.
 * @param current answers the server to ask
 */
async function readFeed(subscription, current, isOver) {
  const read = [];
  let cursor = "";
  for (;;) {
    const mayEnd = isOver();
    const from = cursor && `&cursor=${cursor}`;
    const page = await current().get(`/subscriptions/${subscription.id}/feed?wait=${mayEnd ? 0 : 5}${from}`)
      .catch(() => null);
    if (!page || page.status === 503) {
      await until("a server answers", () => current().get("/subscriptions?take=1").then(() => true, () => false));
      continue;
    }
    assert.equal(page.status, 200, page.text);
    read.push(...page.body.events);
    ({ cursor } = page.body);
    if (mayEnd && !page.body.hasMore) return read;
  }
}

/** Publishes until `isOver()`. @return the ids of what was acknowledged */
async function publish(name, current, isOver) {
  const acknowledged = [];
  for (let number = 0; !isOver(); number++) {
    const ids = await current().publish("order.created", { name, number }).catch(() => null);
    if (ids) acknowledged.push(...ids);
    else await until("a server answers", () => current().get("/subscriptions?take=1").then(() => true, () => false));
  }
  return acknowledged;
}

/** Each exactly once, in order, and everything that was acknowledged. */
function check(read, acknowledged) {
  const ids = read.map(({ id }) => id);
  assert.deepEqual(ids, [...new Set(ids)].sort((a, b) => a - b), "in order, without repetition");
  const known = new Set(ids);
  assert.deepEqual(acknowledged.filter((id) => !known.has(id)), [], "nothing is missing");
}

/** Three publishers and a reader on servers of which one is killed three times. */
async function killWhileReading(t, start, publishersServer) {
  let server = await start();
  const others = await publishersServer?.() ?? null;
  const { url } = await Receiver.start(t);
  const subscription = await server.subscribe({ url });
  let isOver = false;
  let written = 0;
  const counted = (list) => list.then((ids) => ((written += ids.length), ids));
  const reading = readFeed(subscription, () => server, () => isOver && allWritten);
  let allWritten = false;
  const publishing = ["one", "two", "three"].map((name, index) =>
    counted(publish(name, () => (index > 0 && others) || server, () => isOver)));
  for (let kills = 0; kills < 3; kills++) {
    const { totalEventsCount: before } = (await server.get(`/subscriptions/${subscription.id}/events?take=1`)).body;
    await until("some more are published", async () =>
      (await server.get(`/subscriptions/${subscription.id}/events?take=1`)).body.totalEventsCount >= before + 50);
    const killed = server;
    await killed.stop("SIGKILL");
    server = await start();
  }
  isOver = true;
  const acknowledged = (await Promise.all(publishing)).flat();
  allWritten = true;
  const read = await reading;
  assert.ok(written >= 150);
  t.diagnostic(`${read.length} events were read, of which ${acknowledged.length} were acknowledged`);
  check(read, acknowledged);
}

test("a reader that waits misses and repeats nothing under three publishers and kill -9", async (t) => {
  const directory = temporaryDirectory(t);
  const args = ["--storage", `sqlite:${directory}/webhooks.db`, ...eventType];
  await killWhileReading(t, () => Server.start(t, { args }));
});

test("the same on PostgreSQL, where two of them publish by another server", ofPostgresql, async (t) => {
  const cluster = await Cluster.start(t);
  const args = ["--storage", cluster.uri, ...eventType, "--service.lease", "1500ms", "--service.heartbeat-interval", "300ms"];
  assert.equal((await run(["migrate", "--storage", cluster.uri])).code, 0);
  const start = () => Server.start(t, { args });
  await killWhileReading(t, start, start);
});
