// Endpoints that are only read: nothing on their pages offers what cannot be done.

import assert from "node:assert/strict";
import test from "node:test";
import { checkAccessibility, openBrowser, openPage, withoutBrowser } from "./support/browser.js";
import { heading, linkFor, startServer } from "./support/portal.js";

test("a customer adds an endpoint that is only read, and gets its events and its feed instead of deliveries", { skip: withoutBrowser }, async (t) => {
  const server = await startServer(t);
  const key = (await server.post("/api-keys", { apiKey: { userId: "customer", name: "publisher" } })).body.apiKey.key;
  const browser = await openBrowser(t);
  const page = await openPage(browser, server.origin);
  await page.goto((await linkFor(server, { userId: "customer" })).url);
  await heading(page, "Endpoints");
  const button = (name) => page.getByRole("button", { name, exact: true });
  const link = (name) => page.getByRole("link", { name, exact: true });

  await page.getByRole("button", { name: "Add endpoint" }).first().click();
  await heading(page, "Add endpoint");
  await page.getByLabel("Name", { exact: true }).fill("Behind the firewall");
  await page.getByLabel("URL", { exact: true }).waitFor();
  await page.getByLabel("Delivery", { exact: true }).selectOption({ label: "Read from the feed" });
  await page.getByLabel("URL", { exact: true }).waitFor({ state: "detached" });
  assert.equal(await page.getByText("Headers, retries and limits").count(), 0, "settings of requests");
  await checkAccessibility(page);
  await button("Save").click();
  await heading(page, "Behind the firewall is ready");
  await page.getByRole("heading", { name: "First page" }).waitFor();
  assert.equal(await button("Reveal").count() + await button("Send test").count(), 0, "a secret, or a test");
  await checkAccessibility(page);

  await link("Go to the endpoint").or(button("Go to the endpoint")).click();
  await button("Deactivate").waitFor();
  await checkAccessibility(page);
  for (const name of ["Send test", "Recover", "Rotate secret", "Reveal"]) assert.equal(await button(name).count(), 0, name);
  for (const name of ["Deliveries", "Verify"]) assert.equal(await link(name).count(), 0, name);
  await page.getByText("Read from the feed").waitFor();
  await page.getByText("Newest event").waitFor();
  await link("Events").click();
  await page.getByText("No events yet").waitFor();
  await checkAccessibility(page);
  const id = Number(/endpoints\/(\d+)/.exec(page.url())[1]);

  const [event] = await server.publish("order.created", { number: 1 }, { key });
  await link("Feed").click();
  await page.getByText(`${event}, `).waitFor();
  const path = `/subscriptions/${id}`;
  assert.deepEqual((await server.get(`${path}/feed`, { key })).body.events.map((each) => each.id), [event]);
  assert.equal((await server.post(`${path}/test`, {}, { key })).status, 409);
  await page.evaluate((hash) => (location.hash = hash), `#/endpoints/${id}/verify`);
  await heading(page, "There is nothing here: it was deleted, or it is not yours.");
  await page.evaluate((hash) => (location.hash = hash), `#/endpoints/${id}/deliveries`);
  const row = page.getByRole("row").filter({ hasText: "order.created" });
  await row.getByRole("link", { name: String(event) }).click();
  await page.getByRole("heading", { name: `Event ${event}` }).waitFor();
  await page.getByRole("heading", { name: "In the feed" }).waitFor();
  await page.getByText("Available", { exact: true }).waitFor();
  await page.getByText('"number": 1').waitFor();
  for (const name of ["Attempts", "Request"]) assert.equal(await page.getByRole("heading", { name }).count(), 0, name);
  assert.equal(await button("Resend").count(), 0, "nothing is sent");
  await checkAccessibility(page);

  // Found from any endpoint, it leads to its page.
  const { id: other } = await server.subscribe({ name: "Sent", eventType: "invoice.paid", url: "https://hooks.example.com/" }, { key });
  await page.evaluate((hash) => (location.hash = hash), `#/endpoints/${other}/deliveries`);
  await page.getByText("Find an event").click();
  await page.getByLabel("Event ID or webhook-id").fill(String(event));
  await button("Open").click();
  await page.getByRole("heading", { name: `Event ${event}` }).waitFor();
  await heading(page, "Behind the firewall");

  await page.evaluate((hash) => (location.hash = hash), `#/endpoints/${id}`);
  await page.getByRole("button", { name: "Edit" }).or(link("Edit")).click();
  await heading(page, "Edit Behind the firewall");
  assert.equal(await page.getByLabel("URL", { exact: true }).count() + await page.getByLabel("Delivery", { exact: true }).count(), 0);
  await page.getByLabel("Name", { exact: true }).fill("In the cellar");
  await button("Save").click();
  await heading(page, "In the cellar");
  await button("Deactivate").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("is not in its feed").waitFor();
  await dialog.getByRole("button", { name: "Deactivate" }).click();
  await page.getByText("Deactivated by a user.").waitFor();
  assert.equal((await server.get(path, { key })).body.subscription.isActive, false);

  await page.evaluate(() => (location.hash = "#/endpoints"));
  await heading(page, "Endpoints");
  await page.getByRole("row", { name: /In the cellar Read from the feed/ }).waitFor();
  await checkAccessibility(page);
  assert.deepEqual(page.faults, []);
});
