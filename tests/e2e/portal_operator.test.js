// The portal as operators meet it: in a browser, on a real server.

import assert from "node:assert/strict";
import test from "node:test";
import { checkAccessibility, openBrowser, openPage, withoutBrowser } from "./support/browser.js";
import { heading, linkFor, startServer } from "./support/portal.js";
import { Receiver } from "./support/receiver.js";
import { adminKey } from "./support/server.js";
import { until } from "./support/wait.js";

test("an operator creates and revokes a key, opens a user's portal, and finds all of it in the audit log", { skip: withoutBrowser }, async (t) => {
  const server = await startServer(t);
  const browser = await openBrowser(t);
  const page = await openPage(browser, server.origin);
  await page.goto(`${server.origin}/portal/`);
  await page.getByLabel("API key").fill(adminKey);
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("link", { name: "Keys" }).click();
  await page.getByRole("button", { name: "Create key" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("<b>checkout");
  await dialog.getByLabel("User").fill("shop");
  await dialog.getByLabel("Permissions").selectOption("Publish");
  await dialog.getByLabel("Expires").selectOption("In 30 days");
  await checkAccessibility(page);
  await dialog.getByRole("button", { name: "Create key" }).click();
  await page.locator("dialog").waitFor({ state: "detached" });
  const key = await page.locator(".banner code").textContent();
  const publish = () => server.request("POST", "/events", { key, body: { eventType: "order.created", payload: 1 } });
  assert.equal((await publish()).status, 202);
  assert.equal((await server.request("GET", "/subscriptions", { key })).status, 403);
  const row = page.getByRole("row").filter({ hasText: "<b>checkout" });
  assert.match(await row.textContent(), /shopPublish.*in 30 days/);

  await page.getByLabel("User", { exact: true }).fill("shop");
  await page.getByRole("button", { name: "Create link" }).click();
  const url = await page.locator("form .secret code").textContent();
  const customer = await openPage(browser, server.origin, { expected: [401] });
  await customer.goto(url.replace("http://portal.invalid", server.origin));
  await heading(customer, "Endpoints");
  assert.equal(await customer.getByRole("link", { name: "Keys" }).count(), 0);
  await page.getByRole("button", { name: "End sessions" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "End sessions" }).click();
  await page.getByText("The sessions were ended.").waitFor();
  await customer.reload();
  await heading(customer, "This session has ended");

  await row.getByRole("button", { name: "Revoke <b>checkout" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke", exact: true }).click();
  await row.waitFor({ state: "detached" });
  assert.equal((await publish()).status, 401);

  await page.getByRole("link", { name: "Audit" }).click();
  await heading(page, "Audit");
  await page.getByLabel("Owner or actor").fill("shop");
  await page.getByLabel("Action").selectOption("api_key.created");
  const record = page.getByRole("row").filter({ hasText: "api_key.created" });
  await record.getByText(/change/).click();
  assert.match(await record.textContent(), /<b>checkout was nothing/);
  await page.getByLabel("Action").selectOption("portal_session.ended");
  await page.getByRole("row").filter({ hasText: "portal_session.ended" }).first().waitFor();
  assert.deepEqual([...page.faults, ...customer.faults], []);
});

test("every page of an operator counts the states of endpoints alike, and says whose they are", { skip: withoutBrowser }, async (t) => {
  const server = await startServer(t);
  const receiver = await Receiver.start(t, ({ path }) => ({ status: { "/ok": 204, "/gone": 410 }[path] ?? 503, headers: { "retry-after": "600" } }));
  const made = {};
  for (const [user, name, path] of [["shop", "Fine", "ok"], ["shop", "Broken", "fail"], ["bank", "Also broken", "fail"], ["bank", "Gone", "gone"]]) {
    const { key } = (await server.post("/api-keys", { apiKey: { userId: user, name } })).body.apiKey;
    made[name] = await server.subscribe({ name, eventType: "order.created", url: receiver.url + path }, { key });
  }
  await server.publish("order.created", {});
  const counts = async () => (await server.get("/overview")).body.overview.subscriptions;
  // Two are failing and paused at once: they count as failing.
  const expected = { active: 1, inactive: 1, failing: 2, paused: 0 };
  await until("all have answered", async () => JSON.stringify(await counts()) === JSON.stringify(expected));
  const page = await openPage(await openBrowser(t), server.origin);
  await page.goto((await linkFor(server, { userId: "admin", view: "operator" })).url);
  await heading(page, "Overview");
  await page.getByText("2 endpoints fail, of 3 that are not deactivated.").waitFor();
  const failing = page.getByRole("table", { name: "Failing" }).getByRole("row");
  const rowOf = (name) => page.getByRole("row").filter({ has: page.getByRole("link", { name, exact: true }) });
  assert.match(await rowOf("Broken").innerText(), /shop/);
  const card = page.locator(".card").filter({ has: page.getByRole("heading", { name: "Endpoints" }) });
  assert.equal((await card.innerText()).replace(/\s+/g, " "), "Endpoints Active 1 Deactivated 1 Failing 2 Paused 0");
  await page.getByRole("link", { name: "See all that fail" }).click();
  await heading(page, "Failing");
  await failing.nth(2).waitFor();
  assert.equal(await failing.count(), 3, "a head and two");
  assert.match(await rowOf("Also broken").innerText(), /bank/);
  await page.getByRole("link", { name: "Users", exact: true }).click();
  await heading(page, "Users");
  await rowOf("shop").waitFor();
  assert.deepEqual((await rowOf("shop").getByRole("cell").allInnerTexts()).slice(0, 4), ["shop", "2", "1", "1"]);
  assert.deepEqual((await rowOf("bank").getByRole("cell").allInnerTexts()).slice(0, 4), ["bank", "2", "0", "1"]);
  await page.getByRole("link", { name: "Endpoints", exact: true }).click();
  const list = page.getByRole("table", { name: "Endpoints" }).getByRole("row");
  for (const [state, names] of Object.entries({ Active: ["Fine"], Failing: ["Also broken", "Broken"], Paused: [], Deactivated: ["Gone"] })) {
    await page.getByLabel("State").selectOption(state);
    await until(`those that are ${state} are listed`, async () => (await list.count()) === (names.length ? names.length + 1 : 0));
    for (const name of names) assert.match(await rowOf(name).innerText(), new RegExp(state));
  }
  await page.getByLabel("State").selectOption("All");
  await page.getByLabel("Search").fill("BANK");
  await until("the search finds users", async () => (await list.count()) === 3);
  await rowOf("Gone").getByRole("link", { name: "bank" }).click();
  await heading(page, "Endpoints of bank");
  await page.getByRole("link", { name: "Workers" }).click();
  await page.getByRole("row").filter({ hasText: "live" }).waitFor();
  assert.deepEqual(page.faults, []);
});

test("an operator whose endpoint's address is not allowed is told which setting allows it", { skip: withoutBrowser }, async (t) => {
  const server = await startServer(t);
  const page = await openPage(await openBrowser(t), server.origin, { expected: [400] });
  await page.goto((await linkFor(server, { userId: "admin", view: "operator" })).url);
  await page.getByRole("link", { name: "Endpoints", exact: true }).click();
  await page.getByRole("button", { name: "Add endpoint" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Inside");
  await page.getByLabel("URL").fill("http://10.0.0.1/");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.locator(".error").filter({ hasText: "allowed_networks" }).waitFor();
  assert.deepEqual(page.faults, []);
});

test("an operator adds an endpoint for a user, and one that hears of workers, and is told what that means", { skip: withoutBrowser }, async (t) => {
  const server = await startServer(t);
  const page = await openPage(await openBrowser(t), server.origin, { expected: [400] });
  await page.goto((await linkFor(server, { userId: "admin", view: "operator" })).url);
  await heading(page, "Overview");
  const save = page.getByRole("button", { name: "Save", exact: true });
  await page.evaluate(() => (location.hash = "#/endpoints/new"));
  await heading(page, "Add endpoint");
  await save.click();
  await page.getByText("Enter a name of 1 to 256 characters.").waitFor();
  await page.getByText("Enter the URL that receives the events.").waitFor();
  await page.getByLabel("Name", { exact: true }).fill("For the shop");
  await page.getByLabel("URL", { exact: true }).fill("https://hooks.example.com/");
  await page.getByLabel("User", { exact: true }).fill("shop");
  await save.click();
  await heading(page, "For the shop is ready");
  await page.getByRole("status").filter({ hasText: "For the shop was saved." }).waitFor();
  assert.equal((await server.get("/subscriptions")).body.subscriptions[0].userId, "shop");
  await page.evaluate(() => (location.hash = "#/users/shop"));
  await heading(page, "Endpoints of shop");
  assert.equal(await page.locator(".toast").innerText(), "", "what was said is about the page before");
  await page.getByRole("button", { name: "Add endpoint" }).first().click();
  await heading(page, "Add endpoint");
  assert.equal(await page.getByLabel("User", { exact: true }).inputValue(), "shop");

  await page.getByLabel("Event type", { exact: true }).selectOption("webhook.worker.lost");
  const scope = page.getByLabel("Events about everyone");
  assert.ok(await scope.isChecked() && await scope.isDisabled());
  await page.getByText("Events about workers are only for operators").waitFor();
  assert.equal(await page.getByLabel("User", { exact: true }).count(), 0, "it is the operator's own");
  await checkAccessibility(page);
  await page.getByLabel("Name", { exact: true }).fill("Lost workers");
  await page.getByLabel("URL", { exact: true }).fill("https://hooks.example.com/");
  await save.click();
  await heading(page, "Lost workers is ready");
  const made = (await server.get("/subscriptions")).body.subscriptions.find(({ name }) => name === "Lost workers");
  assert.equal(made.operatorScope, true);
  assert.equal(made.userId, "admin");
  assert.deepEqual(page.faults, []);
});

test("from one page to another nothing is drawn that belongs to neither", { skip: withoutBrowser }, async (t) => {
  const server = await startServer(t);
  const page = await openPage(await openBrowser(t), server.origin);
  await page.goto((await linkFor(server, { userId: "admin", view: "operator" })).url);
  await heading(page, "Overview");
  await page.evaluate(() => {
    globalThis.drawn = [];
    const main = document.querySelector("main");
    new MutationObserver(() => drawn.push(main.textContent)).observe(main, { childList: true, subtree: true, characterData: true });
  });
  for (const name of ["Event types", "Users", "Event types", "Audit"]) {
    await page.getByRole("link", { name, exact: true }).click();
    await heading(page, name);
  }
  const drawn = await page.evaluate(() => globalThis.drawn);
  assert.ok(drawn.length > 0);
  assert.deepEqual(drawn.filter((text) => text.includes("[object")), []);
  assert.deepEqual(page.faults, []);
});

test("an operator sees which keys read a feed, and begins to create one for it", { skip: withoutBrowser }, async (t) => {
  const server = await startServer(t);
  const apiKey = async (given) => (await server.post("/api-keys", { apiKey: given })).body.apiKey;
  const { key } = await apiKey({ userId: "shop", name: "setup" });
  const { id } = await server.subscribe({ name: "Archive", eventType: "order.created", delivery: "pull", url: undefined }, { key });
  await apiKey({ userId: "shop", name: "reader", permissions: ["feed:read"], subscriptionId: id });
  await apiKey({ userId: "bank", name: "another user's", permissions: ["feed:read"] });
  await apiKey({ userId: "shop", name: "publisher", permissions: ["events:publish"] });
  const page = await openPage(await openBrowser(t), server.origin);
  await page.goto(`${server.origin}/portal/`);
  await page.getByLabel("API key").fill(adminKey);
  await page.getByRole("button", { name: "Continue" }).click();
  await heading(page, "Overview");
  await page.evaluate((hash) => (location.hash = hash), `#/endpoints/${id}/feed`);
  await page.getByText("Readers of shop get").waitFor();
  const keys = page.getByRole("table", { name: "Keys that read it" }).getByRole("row");
  await keys.nth(2).waitFor();
  assert.deepEqual((await keys.getByRole("strong").allInnerTexts()).sort(), ["reader", "setup"]);
  await checkAccessibility(page);
  await page.getByRole("link", { name: "Create key" }).click();
  const dialog = page.getByRole("dialog");
  assert.equal(await dialog.getByLabel("User").inputValue(), "shop");
  assert.equal(await dialog.getByLabel("Endpoint ID").inputValue(), String(id));
  assert.equal(await dialog.getByLabel("Permissions").inputValue(), "feed");
  assert.deepEqual(page.faults, []);
});
