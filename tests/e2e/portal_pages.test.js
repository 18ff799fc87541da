// Every page of the portal, and every dialog, in both themes and at the widths that people have.

import assert from "node:assert/strict";
import test from "node:test";
import { checkAccessibility, openBrowser, openPage, withoutBrowser } from "./support/browser.js";
import { heading, linkFor, startServer } from "./support/portal.js";
import { Receiver } from "./support/receiver.js";
import { until } from "./support/wait.js";

const themes = ["light", "dark"];

const go = (page, hash) => page.evaluate((to) => (location.hash = to), hash);

/** Opens a page of the portal, and waits until it is loaded: as a new document, in which nothing is left of the page before. */
async function visit(page, hash) {
  await go(page, hash);
  await page.reload();
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.locator(".skeleton").first().waitFor({ state: "detached" });
}

/** Checks what a page shows now; on narrow screens also that it scrolls down only, and has its tabs in a row. */
async function check(page, what) {
  await checkAccessibility(page);
  const { width, height } = page.viewportSize();
  for (const narrow of width === 360 ? [360, 320] : [width]) {
    await page.setViewportSize({ width: narrow, height });
    const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(beyond <= 0, `${what} is ${beyond} px wider than ${narrow}`);
    const rows = await page.evaluate(() => new Set([...document.querySelectorAll(".tabs a")].map((tab) => tab.getBoundingClientRect().top)).size);
    assert.ok(rows <= 1, `${what} has ${rows} rows of tabs at ${narrow} px`);
  }
  await page.setViewportSize({ width, height });
}

/** Three endpoints: one works, one fails, one is gone. */
async function prepare(t) {
  const server = await startServer(t, ["--portal.brand.name", "Acme", "--portal.brand.home-url", "https://acme.example/", "--portal.egress-addresses", "192.0.2.7"]);
  const receiver = await Receiver.start(t, ({ path }) =>
    path === "/ok" ? { status: 200, body: "thanks" } : path === "/gone" ? { status: 410 } : { status: 500, body: '{"error":"no"}' });
  const fine = await server.subscribe({ name: "Production", eventType: "*", url: receiver.url + "ok", headers: { "x-team": "shop" }, filter: "payload/id ge 0" });
  const failing = await server.subscribe({ name: "A name that is rather long, and goes on for longer than there is room", eventType: "order.*", url: receiver.url + "fail" });
  const gone = await server.subscribe({ name: "Old", eventType: "order.created", url: receiver.url + "gone" });
  const retired = await server.subscribe({ name: "Retired", eventType: "invoice.paid", url: receiver.url + "ok" });
  for (const eventType of ["order.created", "order.shipped", "invoice.paid"]) await server.publish(eventType, { id: 1, items: [{ n: 2 }] });
  assert.equal((await server.request("DELETE", "/event-types/invoice.paid?force=true")).status, 200);
  await until("an event has failed", async () => (await server.get(`/subscriptions/${failing.id}/events?filter=statusCode%20eq%20500`)).body.events.length > 0);
  await until("one is gone", async () => !(await server.get(`/subscriptions/${gone.id}`)).body.subscription.isActive);
  const [event] = (await server.get(`/subscriptions/${failing.id}/events?sort=id`)).body.events;
  return { server, fine, failing, gone, retired, event };
}

for (const [width, place] of [[1280, "wide"], [360, "narrow"]]) {
  test(`every page is accessible in both themes on a ${place} screen`, { skip: withoutBrowser }, async (t) => {
    const { server, fine, failing, gone, retired, event } = await prepare(t);
    const pages = ["endpoints", "endpoints/new", "endpoints/new/order.created", `endpoints/${fine.id}`, `endpoints/${failing.id}`, `endpoints/${gone.id}`, `endpoints/${retired.id}`,
      `endpoints/${fine.id}/edit`, `endpoints/${fine.id}/created`, `endpoints/${gone.id}/deliveries`, `endpoints/${failing.id}/deliveries`, `endpoints/${failing.id}/deliveries/${event.id}`,
      `endpoints/${fine.id}/feed`, `endpoints/${fine.id}/verify`, "event-types", "event-types/order.created", "event-types/order.created/edit", "new-event-type", "overview", "failing", "users",
      "users/admin", "users/nobody", "workers", "keys", "audit", "no-such-page"];
    const browser = await openBrowser(t);
    for (const colorScheme of themes) {
      const page = await openPage(browser, server.origin, { colorScheme, viewport: { width, height: 900 } });
      await page.goto((await linkFor(server, { userId: "admin", view: "operator" })).url);
      await heading(page, "Overview");
      for (const path of pages) {
        await visit(page, `#/${path}`);
        await check(page, path);
      }
      assert.deepEqual(page.faults, []);
      await page.context().close();
    }
  });
}

test("a customer's pages, dialogs, errors and empty places are accessible in both themes at both widths", { skip: withoutBrowser }, async (t) => {
  const { server, fine, failing } = await prepare(t);
  const browser = await openBrowser(t);
  for (const colorScheme of themes) {
    for (const width of [1280, 360]) {
      const page = await openPage(browser, server.origin, { colorScheme, viewport: { width, height: 900 }, expected: [400, 401, 404] });
      await page.goto((await linkFor(server, { userId: "admin" })).url);
      await heading(page, "Endpoints");
      await go(page, `#/endpoints/${failing.id}`);
      for (const action of ["Rotate secret", "Recover", "Deactivate", "Delete"]) {
        await page.getByRole("button", { name: action, exact: true }).click();
        await page.getByRole("dialog").getByRole("button", { name: action, exact: true }).waitFor();
        await check(page, `the dialog ${action}`);
        await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
        await page.locator("dialog").waitFor({ state: "detached" });
      }
      await page.getByRole("button", { name: "Reveal" }).click();
      await page.getByText("whsec_").waitFor();
      await check(page, "a secret");
      await go(page, `#/endpoints/${fine.id}/edit`);
      await page.getByLabel("URL").fill("http://10.0.0.1/");
      await page.getByRole("button", { name: "Save", exact: true }).click();
      const error = page.locator(".error");
      await error.waitFor();
      assert.match(await error.textContent(), /ask the operator of this service/);
      assert.doesNotMatch(await error.textContent(), /allowed_/, "a customer has no such setting");
      await check(page, "an error");
      await go(page, `#/endpoints/${failing.id}/deliveries`);
      await page.getByText("Find an event").click();
      await page.getByLabel("Event ID or webhook-id").fill("nothing");
      await page.getByRole("button", { name: "Open" }).click();
      await page.getByText("There is no such event.").waitFor();
      await check(page, "an event that is not found");
      await go(page, "#/endpoints/999999");
      await page.getByText("There is nothing here").waitFor();
      await check(page, "an endpoint that is not there");
      const nobody = await openPage(browser, server.origin, { colorScheme, viewport: { width, height: 900 }, expected: [401] });
      await nobody.goto((await linkFor(server, { userId: "nobody" })).url);
      await nobody.getByRole("heading", { name: "No endpoints yet" }).waitFor();
      await check(nobody, "no endpoints");
      await nobody.getByRole("button", { name: "Sign out" }).click();
      await heading(nobody, "This session has ended");
      await check(nobody, "a session that has ended");
      await nobody.goto(`${server.origin}/portal/`);
      await heading(nobody, "Sign in");
      await check(nobody, "signing in");
      assert.deepEqual([...page.faults, ...nobody.faults], []);
      await page.context().close();
      await nobody.context().close();
    }
  }
});
