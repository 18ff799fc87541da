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

async function open(t, server, userId) {
  const page = await openPage(await openBrowser(t), server.origin);
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
