// Sessions of the portal: how they begin, what they may do, and how they end.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import test from "node:test";
import { checkAccessibility, openBrowser, openPage, withoutBrowser } from "./support/browser.js";
import { heading, linkFor, startServer } from "./support/portal.js";
import { Receiver } from "./support/receiver.js";
import { temporaryDirectory } from "./support/server.js";
import { until } from "./support/wait.js";

test("a link works once, and a session that is revoked has ended", { skip: withoutBrowser }, async (t) => {
  const server = await startServer(t);
  const browser = await openBrowser(t);
  const link = await linkFor(server, { userId: "customer" });
  const page = await openPage(browser, server.origin, { expected: [401] });
  await page.goto(link.url);
  await heading(page, "Endpoints");
  // The same tab goes on; another one does not get in.
  await page.goto("about:blank");
  await page.goto(link.url);
  await heading(page, "Endpoints");
  const other = await openPage(browser, server.origin, { expected: [401] });
  await other.goto(link.url);
  await heading(other, "This link no longer works");
  await other.getByText("works once, and within five minutes").waitFor();
  await checkAccessibility(other);
  assert.equal((await server.request("DELETE", `/portal-sessions/${link.id}`)).status, 200);
  await until("the session has ended", async () => {
    await page.reload();
    return (await page.getByRole("heading", { level: 1 }).textContent()) === "This session has ended";
  });
  assert.deepEqual([...page.faults, ...other.faults], []);
});

test("two tabs with links of their own are two sessions, and signing out of one leaves the other", { skip: withoutBrowser }, async (t) => {
  const server = await startServer(t);
  const first = await openPage(await openBrowser(t), server.origin, { expected: [401] });
  await first.goto((await linkFor(server, { userId: "customer" })).url);
  await heading(first, "Endpoints");
  const second = await first.context().newPage();
  await second.goto((await linkFor(server, { userId: "customer" })).url);
  await heading(second, "Endpoints");
  await first.getByRole("button", { name: "Sign out" }).click();
  await heading(first, "This session has ended");
  await second.reload();
  await heading(second, "Endpoints");
  assert.deepEqual(first.faults, []);
});

test("a session whose time is over ends with the next thing that its user does", { skip: withoutBrowser }, async (t) => {
  const file = `${temporaryDirectory(t)}/webhooks.db`;
  const server = await startServer(t, ["--storage", `sqlite:${file}`]);
  const page = await openPage(await openBrowser(t), server.origin, { expected: [401] });
  await page.goto((await linkFor(server, { userId: "customer" })).url);
  await heading(page, "Endpoints");
  await page.getByRole("button", { name: "Add endpoint" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Shop");
  // Nothing shorter than five minutes can be asked for.
  execFileSync("python3", ["-c", "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], timeout=20); " +
    "c.execute('UPDATE webhooks_portal_session SET expires_at = 1'); c.commit()", file]);
  await until("the session has ended", async () => {
    await page.evaluate(() => (location.hash = location.hash === "#/endpoints" ? "#/endpoints/new" : "#/endpoints"));
    await page.getByRole("heading", { level: 1 }).waitFor();
    return (await page.getByRole("heading", { level: 1 }).textContent()) === "This session has ended";
  });
  assert.deepEqual(page.faults, []);
});

/** What each permission is for: controls on the page of an endpoint, and a request. */
const permissions = {
  "subscriptions:write": { controls: ["Edit", "Rotate secret", "Deactivate", "Delete"], request: ["DELETE", (id) => `subscriptions/${id}`] },
  "secrets:read": { controls: ["Rotate secret", "Reveal"], request: ["POST", (id) => `subscriptions/${id}/rotate-secret`] },
  "events:read": { controls: ["Deliveries"], request: ["GET", (id) => `subscriptions/${id}/events`] },
  "events:send": { controls: ["Send test", "Recover"], request: ["POST", (id) => `subscriptions/${id}/test`] },
  "feed:read": { controls: ["Feed"], request: ["GET", (id) => `subscriptions/${id}/feed`] },
};
const all = ["subscriptions:read", ...Object.keys(permissions)];

test("what a session may not do is not offered, and is refused", { skip: withoutBrowser }, async (t) => {
  const server = await startServer(t);
  const receiver = await Receiver.start(t);
  const { id } = await server.subscribe({ name: "Mine", eventType: "*", url: receiver.url });
  const browser = await openBrowser(t);
  const open = async (granted) => {
    const page = await openPage(browser, server.origin, { expected: [403] });
    await page.goto((await linkFor(server, { userId: "admin", permissions: granted })).url);
    await heading(page, "Endpoints");
    await page.getByRole("link", { name: "Mine" }).click();
    await heading(page, "Mine");
    await page.getByRole("heading", { name: "Settings" }).waitFor();
    return { page, offers: await page.locator("button, a.button, nav.tabs a").allTextContents() };
  };
  const { page: full, offers: everything } = await open(all);
  await full.context().close();
  for (const [permission, { controls, request: [method, path] }] of Object.entries(permissions)) {
    const { page, offers } = await open(all.filter((each) => each !== permission));
    for (const control of controls) {
      assert.ok(everything.includes(control), `${control} is offered with all permissions`);
      assert.ok(!offers.includes(control), `${control} is not offered without ${permission}`);
    }
    const answer = await page.evaluate(async ([verb, to]) => {
      const headers = { authorization: `Bearer ${sessionStorage.getItem("webhooks.portal.token")}`, "content-type": "application/json" };
      const response = await fetch(`../v1/webhooks/${to}`, { method: verb, headers, body: verb === "POST" ? "{}" : undefined });
      return [response.status, await response.text()];
    }, [method, path(id)]);
    assert.equal(answer[0], 403, permission);
    assert.match(answer[1], new RegExp(permission), "the answer names the permission");
    assert.deepEqual(page.faults, []);
    await page.context().close();
  }
  // Without subscriptions:read there is nothing to look at, and the page says why.
  const page = await openPage(browser, server.origin, { expected: [403] });
  await page.goto((await linkFor(server, { userId: "admin", permissions: ["events:send"] })).url);
  await page.getByText("subscriptions:read").waitFor();
  assert.deepEqual(page.faults, []);
});
