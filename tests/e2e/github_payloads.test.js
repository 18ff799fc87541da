// The main use case, end to end: every payload that GitHub publishes as an example is published over
// REST, arrives byte for byte, verifies with the specification's own library, and is in the log.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { Webhook } from "standardwebhooks";
import { Receiver } from "./support/receiver.js";
import { Server, temporaryDirectory, writeConfig } from "./support/server.js";
import { until } from "./support/wait.js";

// A JSON file, which Node 18 can only import with `require`.
const definitions = createRequire(import.meta.url)("@octokit/webhooks-examples");
const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/** Every payload with its type and the exact text that is sent, in spellings of all sorts. */
function publications() {
  const all = definitions.flatMap(({ name, examples }) => examples.map((example) => ({ name, example })));
  return all.map(({ name, example }, index) => ({ type: name, text: spell(example, index) }));
}

/** The same document, but not as a JSON writer would write it: its bytes must survive. */
function spell(document, index) {
  switch (index % 4) {
    case 0: return JSON.stringify(document);
    case 1: return ` \t${JSON.stringify(document, null, "\t").replaceAll("\n", "\r\n")}\n `.trim();
    case 2: return `{ "odd" : [1.0, 1E+2, -0, 1e400, 0.10, "\\u00e9\\/é"] ,"odd":null, "document"  :${JSON.stringify(document, null, 3)}}`;
    default: return JSON.stringify(document, null, 2).replaceAll("/", "\\/");
  }
}

function config() {
  return {
    event_type: Object.fromEntries(definitions.map(({ name, description }) => [name, String(description ?? name).slice(0, 200)])),
  };
}

function publish(server, { type, text }, index) {
  // Every other one as a raw body, whose bytes are the payload.
  return index % 2
    ? server.post(`/events?eventType=${type}`, text)
    : server.post("/events", `{"eventType": ${JSON.stringify(type)},\n "payload":${text} }`);
}

function verify(request, key) {
  new Webhook(key).verify(request.body, request.headers, { jsonParse: false });
}

test("all GitHub examples arrive byte for byte, signed, and the log agrees", async (t) => {
  const directory = temporaryDirectory(t);
  const file = writeConfig(`${directory}/config.json`, config());
  const args = ["--config", file, "--storage", `sqlite:${directory}/webhooks.db`];
  const server = await Server.start(t, { args });
  const receiver = await Receiver.start(t);
  const published = publications();
  assert.equal(published.length, 329);
  assert.equal((await server.eventTypes()).length, 58);

  // One subscription to everything, and one to each type.
  const everything = await server.subscribe({ url: `${receiver.url}all`, secret });
  const byType = new Map();
  for (const { name } of definitions) {
    byType.set(name, await server.subscribe({ eventType: name, url: `${receiver.url}type/${name}`, secret }));
  }

  const ids = new Map(); // of an event to its publication
  await Promise.all(published.map(async (publication, index) => {
    const answer = await publish(server, publication, index);
    assert.equal(answer.status, 202, answer.text);
    assert.equal(answer.body.eventIds.length, 2);
    for (const id of answer.body.eventIds) ids.set(id, publication);
  }));
  assert.equal(ids.size, 2 * published.length);

  await until("all have arrived", () => receiver.requests.length >= 2 * published.length);
  assert.equal(receiver.requests.length, 2 * published.length, "none arrives twice");
  assert.equal(new Set(receiver.requests.map(({ id }) => id)).size, 2 * published.length);
  for (const request of receiver.requests) {
    const publication = ids.get(Number(request.id.split("_").at(-1)));
    verifyRequest(request, publication);
  }

  await logAgrees(server, everything, ids, published);
  for (const [type, subscription] of byType) {
    await logAgrees(server, subscription, ids, published.filter((one) => one.type === type));
  }
});

function verifyRequest(request, publication) {
  assert.equal(request.method, "POST");
  assert.ok(publication, `what arrives was published: ${request.id}`);
  assert.equal(request.body.toString("utf8"), publication.text);
  assert.ok(["/all", `/type/${publication.type}`].includes(request.path));
  assert.equal(request.headers["content-type"], "application/json");
  assert.match(request.headers["user-agent"], /^webhooks\//);
  verify(request, secret);
  assert.throws(() => verify({ ...request, body: `${request.body} ` }, secret), /No matching signature/);
}

async function logAgrees(server, subscription, ids, expected) {
  const events = await until("the log says that all succeeded", async () => {
    const log = await server.events(subscription, 37);
    return log.every(({ isSuccess }) => isSuccess) && log;
  });
  assert.equal(events.length, expected.length);
  assert.deepEqual(events.map(({ id }) => id), events.map(({ id }) => id).sort((a, b) => a - b));
  for (const event of events) {
    const { type, text } = ids.get(event.id);
    assert.equal(event.webhookSubscriptionId, subscription.id);
    assert.equal(event.eventType, type);
    assert.equal(event.payload, text);
    assert.equal(event.statusCode, 204);
    assert.equal(event.errorMessage, null);
    assert.equal(event.retryCount, 0);
    assert.equal(event.nextRetryAt, null);
  }
  const count = await server.get(`/subscriptions/${subscription.id}/events?take=0`);
  assert.deepEqual(count.body.events, []);
  assert.equal(count.body.totalEventsCount, expected.length);
}
