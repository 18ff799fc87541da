// The portal as operators meet it: in a browser, on a real server.

import assert from "node:assert/strict";
import test from "node:test";
import { checkAccessibility, openBrowser, openPage, withoutBrowser } from "./support/browser.js";
import { heading, linkFor, startServer } from "./support/portal.js";
import { adminKey } from "./support/server.js";

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
