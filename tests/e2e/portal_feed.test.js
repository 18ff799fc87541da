// The page of a feed: what it tells a customer to do works.

import assert from "node:assert/strict";
import test from "node:test";
import { checkAccessibility, openBrowser, openPage, withoutBrowser } from "./support/browser.js";
import { heading, linkFor, startServer } from "./support/portal.js";
import { Receiver } from "./support/receiver.js";

test("a feed is read as its page says, and the page says where a reader is", { skip: withoutBrowser }, async (t) => {
  const server = await startServer(t);
  const receiver = await Receiver.start(t);
  const key = (await server.post("/api-keys", { apiKey: { userId: "customer", name: "reader" } })).body.apiKey.key;
  const subscription = await server.subscribe({ name: "Production", url: receiver.url }, { key });
  const [first] = await server.publish("order.created", { number: 1 }, { key });

  const browser = await openBrowser(t);
  const page = await openPage(browser, server.origin);
  await page.goto((await linkFor(server, { userId: "customer" })).url);
  await heading(page, "Endpoints");
  await page.getByRole("link", { name: "Production" }).click();
  await page.getByRole("link", { name: "Feed", exact: true }).click();
  await page.getByText(`${first}, `).waitFor();
  await checkAccessibility(page);

  const asked = page.locator("pre[aria-label='API key']");
  assert.equal(await asked.textContent(), `Please issue an API key for reading the webhook feed of our endpoint ${subscription.id} (Production): ` +
    `user customer, permission feed:read, limited to endpoint ${subscription.id}.`);

  /** What the request of this section returns. */
  const request = async (name, cursor) => {
    const command = await page.locator("section").filter({ has: page.getByRole("heading", { name, exact: true }) }).locator("pre").innerText();
    const [, url] = command.match(/^curl -H "x-api-key: \$KEY" "([^"]+)"$/);
    const path = url.replace("http://portal.invalid", server.origin).replace("$CURSOR", cursor);
    return (await server.get(new URL(path).href, { key })).body;
  };
  const begin = await request("First page");
  assert.deepEqual(begin.events.map(({ id }) => id), [first]);

  const position = async () => {
    await page.getByLabel("Cursor", { exact: true }).fill(begin.cursor);
    await page.getByRole("button", { name: "Look" }).click();
  };
  await position();
  await page.getByText("It has read everything.").waitFor();
  const [second] = await server.publish("order.created", { number: 2 }, { key });
  await position();
  await page.getByText(`The next event that it reads is ${second}`).waitFor();
  assert.deepEqual((await request("Next page", begin.cursor)).events.map(({ id }) => id), [second]);
  await page.getByLabel("Cursor", { exact: true }).fill("no cursor");
  await page.getByRole("button", { name: "Look" }).click();
  await page.getByText("is not one that the feed has returned").waitFor();

  const other = await openPage(browser, server.origin);
  await other.goto((await linkFor(server, { userId: "customer", permissions: ["subscriptions:read"] })).url);
  await heading(other, "Endpoints");
  await other.getByRole("link", { name: "Production" }).click();
  await heading(other, "Production");
  assert.equal(await other.getByRole("link", { name: "Feed", exact: true }).count(), 0, "without feed:read there is no tab");
});
