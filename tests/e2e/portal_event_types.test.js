// Event types in the portal: as customers read and choose them, and as operators keep them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { checkAccessibility, openBrowser, openPage, withoutBrowser } from "./support/browser.js";
import { heading, linkFor, startServer } from "./support/portal.js";
import { until } from "./support/wait.js";

const example = '{"id": 9007199254740993, "total": 12.50, "huge": 1e400, "a": 1, "a": 2}';
const schema = '{"type":"object","required":["id"],"properties":{"id":{"type":"integer","maximum":9007199254740993}}}';

async function register(server, eventType) {
  const answer = await server.request("POST", "/event-types", { body: typeof eventType === "string" ? `{"eventType":${eventType}}` : { eventType } });
  assert.equal(answer.status, 200, answer.text);
}

/** With types in groups, of which one is deprecated and one retired. */
async function startWithTypes(t) {
  const server = await startServer(t);
  await register(server, `{"name":"order.created","description":"An order was placed","group":"Orders","schema":${schema},"example":${example}}`);
  await register(server, { name: "order.placed", description: "As order.created", group: "Orders",
    deprecation: { successor: "order.created", note: "It ends in May. <b>" }, isDeprecated: true });
  await register(server, { name: "order.lost", description: "An order is lost", group: "Orders", isDeprecated: true, deprecation: { successor: "order.shipped" } });
  return server;
}

const retire = (server, name) => server.request("DELETE", `/event-types/${name}?force=true`);

async function open(t, server, session, expected = []) {
  const page = await openPage(await openBrowser(t), server.origin, { expected, acceptDownloads: true });
  await page.goto((await linkFor(server, session)).url);
  await page.getByRole("heading", { level: 1 }).waitFor();
  return page;
}

const go = (page, hash) => page.evaluate((to) => (location.hash = to), hash);
const code = (page, label) => page.locator(`pre[aria-label=${label}]`).textContent();

test("a customer finds an event type by its group or by a word, and reads it as it was registered", { skip: withoutBrowser }, async (t) => {
  const server = await startWithTypes(t);
  await retire(server, "order.lost");
  const page = await open(t, server, { userId: "customer" }, [404]);
  await page.getByRole("link", { name: "Event types" }).click();
  await heading(page, "Event types");
  await page.getByRole("heading", { name: "Orders", level: 2 }).waitFor();
  assert.deepEqual(await page.getByRole("heading", { level: 2 }).allTextContents(), ["Orders", "Other", "Operational events"]);
  assert.equal(await page.getByRole("link", { name: "order.lost" }).count(), 0, "retired types are not listed");
  await page.getByLabel("Search event types").fill("PLACED order");
  await page.getByText(/^2 of \d+ event types$/).waitFor({ state: "attached" });
  assert.deepEqual(await page.locator(".rows a").allTextContents(), ["order.created", "order.placed"]);
  assert.match(await page.getByRole("listitem").filter({ hasText: "order.placed" }).textContent(), /Deprecated/);

  await page.getByRole("link", { name: "order.created" }).click();
  await heading(page, "order.created");
  await page.getByText("An order was placed").waitFor();
  assert.equal((await code(page, "Example")).replace(/\n\s*/g, ""), example.replaceAll(", ", ","));
  assert.equal((await code(page, "Schema")).replace(/\s/g, ""), schema);
  assert.equal(await page.getByRole("button", { name: "Edit" }).count(), 0, "only operators change types");

  await go(page, "#/event-types/order.placed");
  await heading(page, "order.placed");
  await page.getByText("It ends in May. <b>").waitFor();
  await checkAccessibility(page);
  await page.locator("main").getByRole("link", { name: "order.created" }).click();
  await heading(page, "order.created");

  await go(page, "#/event-types/order.lost");
  await page.getByText("This event type was retired; use 'order.shipped' instead.").waitFor();
  assert.deepEqual(page.faults, []);
});

test("the OpenAPI document that is downloaded is the server's, without what only operators see", { skip: withoutBrowser }, async (t) => {
  const server = await startWithTypes(t);
  const page = await open(t, server, { userId: "customer" });
  await go(page, "#/event-types");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download OpenAPI" }).click()]);
  assert.equal(download.suggestedFilename(), "event-types.openapi.json");
  const { body } = await server.get("/event-types/openapi.json");
  assert.ok(delete body.webhooks["webhook.worker.lost"] && delete body.components.schemas["webhook.worker.lost"]);
  assert.deepEqual(JSON.parse(readFileSync(await download.path(), "utf8")), body);
  assert.deepEqual(page.faults, []);
});

test("the form offers event types by group, with what they mean, and no retired one", { skip: withoutBrowser }, async (t) => {
  const server = await startWithTypes(t);
  await retire(server, "order.lost");
  const page = await open(t, server, { userId: "customer" });
  await go(page, "#/event-types/order.created");
  await heading(page, "order.created");
  await page.getByRole("button", { name: "Add endpoint" }).click();
  await heading(page, "Add endpoint");
  const choice = page.getByLabel("Event type");
  assert.equal(await choice.inputValue(), "order.created");
  assert.deepEqual(await page.locator("optgroup").evaluateAll((all) => all.map((group) => group.label)), ["Several types", "Orders", "Other", "Operational events"]);
  assert.deepEqual(await page.locator("optgroup[label=Orders] option").allTextContents(),
    ["order.created · An order was placed", "order.placed (deprecated) · As order.created"]);
  assert.equal(await page.locator('option[value="order.lost"]').count(), 0);

  await page.getByText("Example and schema").click();
  await page.locator("pre[aria-label=Example]").waitFor();
  await checkAccessibility(page);
  await choice.selectOption("order.*");
  await page.getByText("Matches 3 event types").click();
  await page.getByRole("listitem").filter({ hasText: "order.placed" }).filter({ hasText: "Deprecated" }).waitFor();
  await choice.selectOption("order.placed");
  await page.getByText("It ends in May.").waitFor();
  await checkAccessibility(page);
  await page.getByRole("button", { name: "Choose order.created" }).click();
  assert.equal(await choice.inputValue(), "order.created");

  // The example is what a filter is tried on at first, with its numbers as they are.
  await page.getByLabel("Filter", { exact: true }).fill("payload/id eq 9007199254740993");
  await page.getByText("Try the filter").click();
  await until("the example is there", async () => (await page.getByLabel("Example payload").inputValue()).includes("9007199254740993"));
  await page.getByRole("button", { name: "Try the example" }).click();
  await page.getByText("It lets the example through.").waitFor();
  assert.deepEqual(page.faults, []);
});

test("an endpoint keeps a type that was retired, and says so", { skip: withoutBrowser }, async (t) => {
  const server = await startWithTypes(t);
  const endpoint = await server.subscribe({ name: "Shop", eventType: "order.lost", url: "http://127.0.0.1:8099/" });
  await server.subscribe({ name: "Old shop", eventType: "order.placed", url: "http://127.0.0.1:8099/" });
  await retire(server, "order.lost");
  const page = await open(t, server, { userId: endpoint.userId }, [404]);
  assert.match(await page.getByRole("row").filter({ hasText: "Old shop" }).filter({ hasText: "Deprecated" }).textContent(), /order\.placed/);
  await page.getByRole("row").filter({ hasText: "order.lost" }).filter({ hasText: "Retired" }).waitFor();
  await go(page, `#/endpoints/${endpoint.id}/edit`);
  const choice = page.getByLabel("Event type");
  await page.getByText("This event type was retired; use 'order.shipped' instead.").waitFor();
  assert.equal(await choice.inputValue(), "order.lost");
  assert.equal(await choice.locator("option:checked").textContent(), "order.lost (retired)");
  await checkAccessibility(page);
  await page.getByLabel("Name", { exact: true }).fill("Our shop");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await heading(page, "Our shop");
  await page.locator(".settings").getByText("Retired").waitFor();
  assert.equal((await server.get(`/subscriptions/${endpoint.id}`)).body.subscription.eventType, "order.lost");
  assert.deepEqual(page.faults, []);
});

test("an operator adds, changes, deprecates, retires and revives a type", { skip: withoutBrowser }, async (t) => {
  const server = await startWithTypes(t);
  const page = await open(t, server, { userId: "admin", view: "operator" }, [400, 404, 409]);
  const stored = async (name) => (await server.get(`/event-types/${name}?retired=true`)).text;
  const save = () => page.getByRole("button", { name: "Save", exact: true }).click();
  const error = (text) => page.locator(".error").filter({ hasText: text }).waitFor();
  await page.getByRole("link", { name: "Event types" }).click();
  await page.getByRole("button", { name: "Add event type" }).click();
  await heading(page, "Add event type");

  // What is wrong is said at its field.
  await page.getByLabel("Name", { exact: true }).fill("order.created");
  await page.getByLabel("Schema", { exact: true }).fill('{} , "group": "x"');
  await save();
  await error("This is not JSON");
  await error("An event type of this name exists.");
  await page.getByLabel("Name", { exact: true }).fill("order paid");
  await page.getByLabel("Schema", { exact: true }).fill('{"properties":{"id":{"type":"int"}}}');
  await save();
  await error("/properties/id/type must be array, boolean");
  await error("must be 1 to 128 characters");
  await page.locator("input:focus").and(page.getByLabel("Name", { exact: true })).waitFor();
  await checkAccessibility(page);

  await page.getByLabel("Name", { exact: true }).fill("order.paid");
  await page.getByLabel("Description").fill("An order was paid");
  await page.getByLabel("Group").fill("Orders");
  await page.getByLabel("Schema", { exact: true }).fill(schema);
  await page.getByLabel("Example", { exact: true }).fill(example);
  await page.getByRole("button", { name: "Format Example" }).click();
  await save();
  await heading(page, "order.paid");
  assert.match(await stored("order.paid"), /"id": 9007199254740993,\n\s*"total": 12\.50,\n\s*"huge": 1e400,\n\s*"a": 1,\n\s*"a": 2/);

  await page.getByRole("button", { name: "Edit" }).click();
  await heading(page, "Edit order.paid");
  assert.equal(await page.getByLabel("Schema", { exact: true }).inputValue(), schema);
  await page.getByLabel("Deprecated").check();
  await page.getByLabel("Successor").fill("order.paid");
  await save();
  await error("must");
  await page.getByLabel("Successor").fill("order.shipped");
  await page.getByLabel("Note").fill("It ends in May.");
  await save();
  await page.getByText("It ends in May.").waitFor();
  assert.ok((await stored("order.paid")).includes(`"schema":${schema}`));
  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByLabel("Deprecated").uncheck();
  await save();
  await heading(page, "order.paid");
  assert.equal(JSON.parse(await stored("order.paid")).eventType.deprecation, undefined);

  await server.subscribe({ eventType: "order.paid", url: "http://127.0.0.1:8099/" });
  const dialog = page.getByRole("dialog");
  await page.getByRole("button", { name: "Retire" }).click();
  await dialog.getByRole("button", { name: "Retire" }).click();
  await dialog.getByText("1 active subscription has exactly this event type").waitFor();
  await checkAccessibility(page);
  await dialog.getByLabel("Force").check();
  await dialog.getByRole("button", { name: "Retire" }).click();
  await page.getByText("Retired since").waitFor();
  await dialog.waitFor({ state: "detached" });
  await go(page, "#/event-types");
  await page.getByRole("link", { name: "order.created" }).waitFor();
  assert.equal(await page.getByRole("link", { name: "order.paid" }).count(), 0);
  await page.getByLabel("Show").selectOption("Retired too");
  await page.getByRole("link", { name: "order.paid" }).click();
  await page.getByRole("button", { name: "Revive" }).click();
  await dialog.getByRole("button", { name: "Revive" }).click();
  await page.getByRole("button", { name: "Edit" }).waitFor();
  assert.equal(JSON.parse(await stored("order.paid")).eventType.retiredAt, undefined);
  assert.ok((await stored("order.paid")).includes("9007199254740993,"));

  await go(page, "#/event-types/webhook.worker.lost");
  await heading(page, "webhook.worker.lost");
  assert.equal(await page.getByRole("button", { name: "Edit" }).count(), 0, "the service's own cannot be changed");
  assert.deepEqual(page.faults, []);
});

test("customers load none of the operator's scripts", { skip: withoutBrowser }, async (t) => {
  const server = await startWithTypes(t);
  const page = await open(t, server, { userId: "customer" });
  for (const [hash, name] of [["#/event-types", "Event types"], ["#/event-types/order.created", "order.created"], ["#/endpoints/new", "Add endpoint"]]) {
    await go(page, hash);
    await heading(page, name);
  }
  const scripts = await page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name.split("/").at(-1)).filter((name) => name.endsWith(".js")));
  assert.deepEqual(scripts.sort(), ["endpoint_form.js", "event_types.js", "portal.js"]);
});
