// What the portal says of deliveries in rarer cases: a payload that is gone, an endpoint that was changed since.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import test from "node:test";
import { checkAccessibility, openBrowser, openPage, withoutBrowser } from "./support/browser.js";
import { heading, linkFor, startServer } from "./support/portal.js";
import { Receiver } from "./support/receiver.js";
import { run, Server, temporaryDirectory } from "./support/server.js";
import { until } from "./support/wait.js";

async function open(t, server, userId, expected = []) {
  const page = await openPage(await openBrowser(t), server.origin, { expected });
  await page.goto((await linkFor(server, { userId })).url);
  await heading(page, "Endpoints");
  return page;
}

async function show(page, endpoint, event) {
  await page.evaluate(([id, number]) => (location.hash = `#/endpoints/${id}/deliveries/${number}`), [endpoint.id, event]);
  await page.getByRole("heading", { name: `Event ${event}` }).waitFor();
}

test("a payload whose key was destroyed is said to be gone", { skip: withoutBrowser }, async (t) => {
  const folder = temporaryDirectory(t);
  const keys = `${temporaryDirectory(t)}/keys`;
  writeFileSync(keys, `one ${randomBytes(32).toString("base64")}\n`, { mode: 0o600 });
  const storage = ["--storage", `sqlite:${folder}/webhooks.db`, "--encryption.keys-file", keys];
  const server = await Server.start(t, { args: [...storage, "--encryption.payloads", "--event-type", "a=b", "--portal.public-url", "http://portal.invalid/"] });
  server.origin = new URL(server.base).origin;
  const receiver = await Receiver.start(t);
  const key = (await run(["keys", "create", ...storage, "--user", "alice"])).stdout.trim();
  const endpoint = await server.subscribe({ name: "Shop", url: receiver.url }, { key });
  const [event] = await server.publish("a", { secret: 1 }, { key });
  const page = await open(t, server, "alice");
  await show(page, endpoint, event);
  assert.match(await page.locator("pre[aria-label=Payload]").textContent(), /"secret": 1/);
  assert.equal((await run(["shred-user", "alice", ...storage])).code, 0);
  const stored = async () => (await server.get(`/events/${event}`, { key })).body.event;
  await until("the worker has heard of it", async () => (await stored()).isPayloadGone);
  await page.reload();
  await page.getByText("The payload can no longer be read").waitFor();
  assert.equal(await page.locator("pre[aria-label=Payload]").count(), 0);
  await checkAccessibility(page);
  assert.deepEqual(page.faults, []);
});

test("a delivery tells that its endpoint was changed since, and the page on verifying tells the schedule", { skip: withoutBrowser }, async (t) => {
  const server = await startServer(t, ["5s", "5min", "2h"].flatMap((delay) => ["--service.retry-schedule", delay]));
  const receiver = await Receiver.start(t);
  const endpoint = await server.subscribe({ name: "Shop", eventType: "*", url: receiver.url });
  const [event] = await server.publish("order.created", {});
  const page = await open(t, server, "admin");
  await show(page, endpoint, event);
  assert.equal(await page.getByText("The endpoint was changed").count(), 0);
  assert.equal((await server.request("PUT", `/subscriptions/${endpoint.id}`, { body: { subscription: { url: `${receiver.url}elsewhere` } } })).status, 200);
  await page.reload();
  await page.getByText("The endpoint was changed").waitFor();
  await page.getByRole("link", { name: "Verify" }).click();
  await page.getByText("follow after about 5 s, 5 min, 2 h. Later ones follow after 2 h each").waitFor();
  await checkAccessibility(page);
  assert.deepEqual(page.faults, []);
});

test("the list of deliveries says which event another one with its ordering key waits for", { skip: withoutBrowser }, async (t) => {
  const server = await startServer(t, ["--service.retry-schedule", "1h"]);
  const receiver = await Receiver.start(t, () => ({ status: 500 }));
  await server.subscribe({ name: "Shop", eventType: "*", url: receiver.url });
  const publish = async () => (await server.post("/events", { eventType: "order.created", payload: {}, orderingKey: "K" })).body.eventIds[0];
  const [first, second] = [await publish(), await publish()];
  await until("the first attempt failed", () => receiver.requests.length === 1);
  const page = await open(t, server, "admin");
  await page.getByRole("link", { name: "Shop" }).click();
  await page.getByRole("link", { name: "Deliveries" }).click();
  const row = page.getByRole("row").filter({ has: page.getByRole("link", { name: String(second), exact: true }) });
  await row.getByRole("link", { name: String(first), exact: true }).waitFor();
  await checkAccessibility(page);
  assert.deepEqual(page.faults, []);
});

test("a test event of the portal is the example of the endpoint's type", { skip: withoutBrowser }, async (t) => {
  const server = await startServer(t);
  await server.request("POST", "/event-types", { body: '{"eventType":{"name":"order.paid","example":{"id":9007199254740993}}}' });
  const receiver = await Receiver.start(t);
  await server.subscribe({ name: "Shop", eventType: "order.paid", url: receiver.url });
  const page = await open(t, server, "admin");
  await page.getByRole("link", { name: "Shop" }).click();
  await page.getByRole("button", { name: "Send test" }).click();
  await page.getByRole("heading", { name: /^Event \d+$/ }).waitFor();
  await until("it arrives", () => receiver.requests.length === 1);
  assert.equal(receiver.requests[0].body.toString(), '{"id":9007199254740993}');
  assert.deepEqual(page.faults, []);
});

test("another user's endpoint and delivery are nothing, at any address", { skip: withoutBrowser }, async (t) => {
  const server = await startServer(t);
  const receiver = await Receiver.start(t);
  const endpoint = await server.subscribe({ name: "Secret name", eventType: "*", url: receiver.url });
  const [event] = await server.publish("order.created", { canary: 1 });
  const page = await openPage(await openBrowser(t), server.origin, { expected: [404] });
  await page.goto((await linkFor(server, { userId: "stranger" })).url);
  await heading(page, "Endpoints");
  for (const path of ["", "/edit", "/created", "/deliveries", `/deliveries/${event}`, "/verify"]) {
    await page.evaluate((to) => (location.hash = to), `#/endpoints/${endpoint.id}${path}`);
    await page.reload();  // The page before says the same.
    await page.getByText("There is nothing here").first().waitFor();
    assert.doesNotMatch(await page.locator("body").innerText(), /Secret name|canary/, path);
  }
  assert.deepEqual(page.faults, []);
});

test("a session that is revoked ends with the next thing that its user does", { skip: withoutBrowser }, async (t) => {
  const server = await startServer(t);
  const link = await linkFor(server, { userId: "customer" });
  const page = await openPage(await openBrowser(t), server.origin, { expected: [401] });
  await page.goto(link.url);
  await heading(page, "Endpoints");
  await page.getByRole("button", { name: "Add endpoint" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Shop");
  assert.equal((await server.request("DELETE", `/portal-sessions/${link.id}`)).status, 200);
  await page.getByLabel("URL").fill("https://example.com/");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await heading(page, "This session has ended");
  assert.deepEqual(page.faults, []);
});

test("the types that deliveries are filtered by are those that the endpoint has", { skip: withoutBrowser }, async (t) => {
  const server = await startServer(t);
  const receiver = await Receiver.start(t);
  const endpoint = await server.subscribe({ name: "Shop", eventType: "order.*", url: receiver.url });
  const page = await open(t, server, "admin");
  await page.evaluate((id) => (location.hash = `#/endpoints/${id}/deliveries`), endpoint.id);
  await page.getByRole("heading", { name: "No deliveries yet" }).waitFor();
  const offers = (expected) => until(`the types are ${expected}`, async () =>
    (await page.getByLabel("Event type").locator("option").allTextContents()).join() === expected);
  await offers("All types,order.created,order.shipped");
  await page.getByRole("button", { name: "Send test" }).click();
  await page.getByRole("heading", { name: /^Event \d+$/ }).waitFor();
  await page.getByRole("link", { name: "Deliveries", exact: true }).click();
  await page.getByRole("row").filter({ hasText: "webhook.test" }).waitFor();
  await offers("All types,order.created,order.shipped,webhook.test");
  assert.deepEqual(page.faults, []);
});

test("an event is found by its id and by the webhook-id that a server received, whichever endpoint it was for", { skip: withoutBrowser }, async (t) => {
  const server = await startServer(t);
  const receiver = await Receiver.start(t);
  const one = await server.subscribe({ name: "One", eventType: "order.created", url: receiver.url });
  const other = await server.subscribe({ name: "Other", eventType: "order.shipped", url: receiver.url });
  const [event] = await server.publish("order.shipped", {});
  await until("it arrives", () => receiver.requests.length === 1);
  const page = await open(t, server, "admin");
  for (const text of [String(event), receiver.requests[0].id]) {
    await page.evaluate((id) => (location.hash = `#/endpoints/${id}/deliveries`), one.id);
    await heading(page, "One");
    await page.getByText("Find an event").click();
    await page.getByLabel("Event ID or webhook-id").fill(` ${text} `);
    await page.getByRole("button", { name: "Open" }).click();
    await page.getByRole("heading", { name: `Event ${event}` }).waitFor();
    await heading(page, "Other");
    assert.match(page.url(), new RegExp(`endpoints/${other.id}/`));
  }
  assert.deepEqual(page.faults, []);
});

test("recovering says how many events it resends before it does", { skip: withoutBrowser }, async (t) => {
  const server = await startServer(t);
  let status = 400;
  const receiver = await Receiver.start(t, () => ({ status }));
  const endpoint = await server.subscribe({ name: "Shop", eventType: "*", url: receiver.url, maxRetryCount: 0 });
  await server.publish("order.created", {});
  await until("it has failed", async () => (await server.get(`/subscriptions/${endpoint.id}/events?filter=statusCode%20eq%20400`)).body.events.length === 1);
  const page = await open(t, server, "admin");
  await page.getByRole("link", { name: "Shop" }).click();
  const recover = page.getByRole("button", { name: "Recover", exact: true });
  await recover.click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("1 event will be resent.").waitFor();
  status = 200;
  await dialog.getByRole("button", { name: "Recover" }).click();
  await page.getByRole("status").filter({ hasText: "1 event is being resent." }).waitFor();
  await until("it arrives", () => receiver.requests.length === 2);
  await until("it is delivered", async () => (await server.get(`/subscriptions/${endpoint.id}/events/${(await server.events(endpoint))[0].id}`)).body.event.isSuccess);
  await recover.click();
  await dialog.getByText("Nothing is missing").waitFor();
  assert.deepEqual(page.faults, []);
});

test("an endpoint whose event type was retired says what that means", { skip: withoutBrowser }, async (t) => {
  const server = await startServer(t);
  const receiver = await Receiver.start(t);
  await server.subscribe({ name: "Shop", eventType: "order.created", url: receiver.url });
  assert.equal((await server.request("DELETE", "/event-types/order.created?force=true")).status, 200);
  const page = await open(t, server, "admin", [404]);
  assert.equal(await page.getByText("Retired", { exact: true }).getAttribute("title"), "No event of this type is published any more.");
  await page.getByRole("link", { name: "Shop" }).click();
  const banner = page.locator(".banner").filter({ hasText: "The event type order.created is retired." });
  await banner.getByRole("link", { name: "Edit" }).click();
  await heading(page, "Edit Shop");
  assert.deepEqual(page.faults, []);
});

test("a search that takes the server too long asks for a time", { skip: withoutBrowser }, async (t) => {
  const server = await startServer(t);
  const receiver = await Receiver.start(t);
  const endpoint = await server.subscribe({ name: "Shop", eventType: "*", url: receiver.url });
  await server.publish("order.created", {});
  const page = await open(t, server, "admin", [503]);
  await page.evaluate((id) => (location.hash = `#/endpoints/${id}/deliveries`), endpoint.id);
  const rows = page.getByRole("table", { name: "Deliveries" }).getByRole("row");
  await rows.nth(1).waitFor();
  // What a server with millions of events answers.
  await page.route(/events\?filter=%28isSuccess/, (route) => route.fulfill({ status: 503, json: { success: false, message: "The query took too long." } }));
  await page.getByLabel("Status").selectOption("Failed");
  await page.getByRole("alert").filter({ hasText: "Choose when they were created" }).waitFor();
  assert.equal(await rows.count(), 0, "rows of another status are not shown");
  await page.unroute(/events\?filter=%28isSuccess/);
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByText("No delivery matches.").waitFor();
  assert.deepEqual(page.faults, []);
});
