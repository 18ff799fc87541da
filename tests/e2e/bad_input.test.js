// Invalid input is rejected with the documented status and an envelope that names the error.

import assert from "node:assert/strict";
import net from "node:net";
import { test } from "node:test";
import { Server, adminKey } from "./support/server.js";

const subscription = { name: "n", eventType: "order.created", url: "https://example.com/" };
const draft = (members) => ({ subscription: { ...subscription, ...members } });
const nul = "a\u0000b";

// [what, method, path, options, status, the path in `errors`, if any]
const table = [
  ["broken JSON", "POST", "/subscriptions", { body: '{"subscription":' }, 400],
  ["an empty body", "POST", "/subscriptions", { body: "" }, 400],
  ["an array for a body", "POST", "/subscriptions", { body: [] }, 400],
  ["text after the JSON", "POST", "/subscriptions", { body: `${JSON.stringify(draft())} x` }, 400],
  ["invalid UTF-8", "POST", "/subscriptions", { body: Buffer.from('{"a":"\xff"}', "latin1") }, 400],
  ["no subscription", "POST", "/subscriptions", { body: {} }, 400, "subscription"],
  ["a subscription that is a number", "POST", "/subscriptions", { body: { subscription: 1 } }, 400, "subscription"],
  ["no name", "POST", "/subscriptions", { body: draft({ name: undefined }) }, 400, "subscription.name"],
  ["an empty name", "POST", "/subscriptions", { body: draft({ name: "" }) }, 400, "subscription.name"],
  ["a name that is a number", "POST", "/subscriptions", { body: draft({ name: 1 }) }, 400, "subscription.name"],
  ["U+0000 in a name", "POST", "/subscriptions", { body: draft({ name: nul }) }, 400],
  ["no url", "POST", "/subscriptions", { body: draft({ url: undefined }) }, 400, "subscription.url"],
  ["a url that is none", "POST", "/subscriptions", { body: draft({ url: "nowhere" }) }, 400, "subscription.url"],
  ["a url of an inner network", "POST", "/subscriptions", { body: draft({ url: "http://10.0.0.1/" }) }, 400, "subscription.url"],
  ["a url of the metadata service", "POST", "/subscriptions", { body: draft({ url: "http://169.254.169.254/" }) }, 400, "subscription.url"],
  ["no event type", "POST", "/subscriptions", { body: draft({ eventType: undefined }) }, 400, "subscription.eventType"],
  ["an unknown event type", "POST", "/subscriptions", { body: draft({ eventType: "order.creatd" }) }, 400, "subscription.eventType"],
  ["a malformed secret", "POST", "/subscriptions", { body: draft({ secret: "whsec_x" }) }, 400, "subscription.secret"],
  ["headers that are an array", "POST", "/subscriptions", { body: draft({ headers: [] }) }, 400, "subscription.headers"],
  ["a reserved header", "POST", "/subscriptions", { body: draft({ headers: { Host: "x" } }) }, 400, "subscription.headers.Host"],
  ["a header with a line break", "POST", "/subscriptions", { body: draft({ headers: { "x-a": "b\r\nc: d" } }) }, 400, "subscription.headers.x-a"],
  ["too many retries", "POST", "/subscriptions", { body: draft({ maxRetryCount: 101 }) }, 400, "subscription.maxRetryCount"],
  ["retries that wrap", "POST", "/subscriptions", { body: draft({ maxRetryCount: 4294967297 }) }, 400, "subscription.maxRetryCount"],
  ["retries that are text", "POST", "/subscriptions", { body: draft({ maxRetryCount: "3" }) }, 400, "subscription.maxRetryCount"],
  ["isActive that is text", "POST", "/subscriptions", { body: draft({ isActive: "yes" }) }, 400, "subscription.isActive"],
  ["a PUT with a bad url", "PUT", "/subscriptions/1", { body: { subscription: { url: "x" } } }, 400, "subscription.url"],

  ["an event without a type", "POST", "/events", { body: { payload: {} } }, 400, "eventType"],
  ["an event without a payload", "POST", "/events", { body: { eventType: "order.created" } }, 400, "payload"],
  ["an event of an unknown type", "POST", "/events", { body: { eventType: "nope", payload: 1 } }, 400, "eventType"],
  ["an event of a pattern", "POST", "/events", { body: { eventType: "*", payload: 1 } }, 400, "eventType"],
  ["a payload that is broken", "POST", "/events", { body: '{"eventType":"order.created","payload":{"a":}}' }, 400],
  ["a raw body with U+0000", "POST", "/events?eventType=order.created", { body: nul, headers: { "content-type": "text/plain" } }, 400],
  ["U+0000 as a byte", "POST", "/events", { body: `{"eventType":"order.created","payload":"${nul}"}` }, 400],
  ["a filter that does not fit", "GET", "/subscriptions?filter=id%20eq%20true", {}, 400],
  ["take that is not a number", "GET", "/subscriptions?take=x", {}, 400],
  ["take given twice", "GET", "/subscriptions?take=1&take=2", {}, 400],

  ["no key", "GET", "/subscriptions", { key: null }, 401],
  ["a wrong key", "GET", "/subscriptions", { key: "x".repeat(43) }, 401],
  ["a wrong bearer", "GET", "/subscriptions", { key: null, headers: { authorization: "Bearer nobody" } }, 401],
  ["a key in the query", "GET", `/subscriptions?x-api-key=${adminKey}`, { key: null }, 401],
  ["no key at an unknown path", "GET", "/nothing", { key: null }, 401],

  ["an unknown path", "GET", "/nothing", {}, 404],
  ["an unknown subscription", "GET", "/subscriptions/999999", {}, 404],
  ["an id that is not a number", "GET", "/subscriptions/x", {}, 404],
  ["an id with a sign", "GET", "/subscriptions/+1", {}, 404],
  ["an id past 64 bits", "GET", "/subscriptions/99999999999999999999", {}, 404],
  ["the log of an unknown subscription", "GET", "/subscriptions/999999/events", {}, 404],
  ["a test of an unknown subscription", "POST", "/subscriptions/999999/test", {}, 404],
  ["deleting an unknown subscription", "DELETE", "/subscriptions/999999", {}, 404],
  ["deleting an unknown event", "DELETE", "/subscriptions/1/events/999999", {}, 404],

  ["PATCH", "PATCH", "/subscriptions/1", { body: {} }, 405],
  ["DELETE of a list", "DELETE", "/subscriptions", {}, 405],
  ["OPTIONS", "OPTIONS", "/subscriptions", {}, 405],
  ["GET of what is posted", "GET", "/events/batch", {}, 405],

  ["a body over 1 MiB and 64 KiB", "POST", "/subscriptions", { body: draft({ name: "x".repeat(1114112) }) }, 413],
  ["no type of content", "POST", "/subscriptions", { body: draft(), headers: { "content-type": "" } }, 415],
  ["no body and no type of content", "POST", "/subscriptions", {}, 415],
  ["XML", "POST", "/subscriptions", { body: "<a/>", headers: { "content-type": "application/xml" } }, 415],
  ["a foreign charset", "POST", "/subscriptions", { body: draft(), headers: { "content-type": "application/json; charset=latin1" } }, 415],
];

test("bad input", async (t) => {
  const server = await Server.start(t, { args: ["--storage", "memory:", "--event-type", "order.created=An order"] });
  await server.subscribe({ ...subscription });
  for (const [what, method, path, options, status, member] of table) {
    await t.test(what, async () => {
      const answer = await server.request(method, path, options);
      assert.equal(answer.status, status, answer.text);
      assert.match(answer.headers["content-type"], /^application\/json/);
      assert.equal(answer.body.success, false);
      assert.equal(typeof answer.body.message, "string");
      assert.notEqual(answer.body.message, "");
      if (status === 401) assert.ok(answer.headers["www-authenticate"]);
      if (status === 405) assert.ok(answer.headers.allow);
      if (member) {
        assert.ok(Object.keys(answer.body.errors).includes(member), answer.text);
        assert.ok(answer.body.errors[member].every((message) => typeof message === "string"));
      }
    });
  }

  await t.test("all errors of a body are reported together", async () => {
    const answer = await server.post("/subscriptions", draft({ name: "", url: "x", maxRetryCount: -1 }));
    assert.equal(answer.status, 400);
    assert.deepEqual(Object.keys(answer.body.errors).sort(),
      ["subscription.maxRetryCount", "subscription.name", "subscription.url"]);
  });

  await t.test("an unknown event type names the nearest one", async () => {
    const answer = await server.post("/subscriptions", draft({ eventType: "order.creatd" }));
    assert.match(answer.body.errors["subscription.eventType"][0], /order\.created/);
  });

  await t.test("bytes that are not HTTP get a 400", async () => {
    assert.match(await exchange(server.port, "hello\r\n\r\n"), /^HTTP\/1\.1 400 /);
  });

  await t.test("it still serves", async () => {
    assert.equal((await server.get("/subscriptions")).body.totalSubscriptionsCount, 1);
  });
});

/** Sends bytes and answers all that comes until the connection ends. */
function exchange(port, bytes) {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = net.connect(port, "127.0.0.1", () => socket.write(bytes));
    socket.on("data", (data) => (answer += data));
    socket.on("error", reject);
    socket.on("close", () => resolve(answer));
  });
}
