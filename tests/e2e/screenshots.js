// usage: WEBHOOKS_BIN=BUILD/bin node screenshots.js FOLDER [PAGE…]. Draws the main pages of the portal, or those of these
// names, for docs/portal.md: on a real server, with receivers that answer, fail and are gone.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openBrowser } from "./support/browser.js";
import { Receiver } from "./support/receiver.js";
import { adminKey, Server } from "./support/server.js";
import { until } from "./support/wait.js";

const [folder, ...wanted] = process.argv.slice(2);
if (!folder) throw new Error("usage: node screenshots.js FOLDER [PAGE…]");
const endings = [];
const t = { after: (end) => endings.unshift(end) };

const answers = {
  "/webhooks": { status: 200, headers: { "content-type": "application/json" }, body: '{"received":true}' },
  "/staging": { status: 500, headers: { "content-type": "application/json", "retry-after": "1800" },
    body: '{"error":"the database is down"}' },
  "/old": { status: 410 },
};
const payload = (number) => ({ id: `ord_${1000 + number}`, total: 12.5 * number, currency: "EUR",
  customer: { name: "Zoë Example", country: "DE" }, items: [{ sku: "mug", quantity: 2 }, { sku: "lamp", quantity: 1 }] });

const orderSchema = { type: "object", required: ["id", "total", "currency"], properties: {
  id: { type: "string", description: "The number of the order." }, total: { type: "number" }, currency: { enum: ["EUR", "USD"] },
  items: { type: "array", items: { $ref: "#/$defs/item" } } },
  $defs: { item: { type: "object", properties: { sku: { type: "string" }, quantity: { type: "integer", minimum: 1 } } } } };
const eventTypes = [
  { name: "order.created", description: "An order was placed.", group: "Orders", schema: orderSchema, example: payload(1) },
  { name: "order.shipped", description: "An order left the warehouse.", group: "Orders", example: { id: "ord_1001", carrier: "DHL" } },
  { name: "order.cancelled", description: "An order was cancelled, by the customer or by the shop.", group: "Orders" },
  { name: "order.placed", description: "An order was placed.", group: "Orders", isDeprecated: true,
    deprecation: { successor: "order.created", note: "It is published until the end of March." } },
  { name: "invoice.paid", description: "An invoice was paid.", group: "Invoices", example: { id: "inv_7", total: 12.5 } },
  { name: "invoice.overdue", description: "An invoice was not paid in time.", group: "Invoices" },
];

/** A server whose customer has three endpoints with a few deliveries, and one that is only read. */
async function prepare() {
  const server = await Server.start(t, {
    args: ["--storage", "memory:", "--portal.public-url", "http://portal.invalid/", "--portal.brand.name", "Acme"],
  });
  for (const eventType of eventTypes) await server.post("/event-types", { eventType });
  const receiver = await Receiver.start(t, ({ path }) => answers[path]);
  const key = (await server.post("/api-keys", { apiKey: { userId: "acme", name: "setup" } })).body.apiKey.key;
  for (const [name, eventType, path] of [["Production", "*", "webhooks"], ["Staging", "order.*", "staging"],
    ["Old shop", "order.shipped", "old"]]) {
    await server.subscribe({ name, eventType, url: receiver.url + path }, { key });
  }
  await server.subscribe({ name: "Archive", eventType: "order.*", delivery: "pull", filter: "payload/total ge 25" }, { key });
  await server.post("/api-keys", { apiKey: { userId: "acme", name: "archive", permissions: ["feed:read"], subscriptionId: 4 } });
  const types = ["order.created", "order.shipped", "invoice.paid"];
  for (let number = 1; number <= 24; ++number) await server.publish(types[number % 3], payload(number), { key });
  await until("the deliveries are there", () => receiver.requests.length >= 26);
  // What is counted is written every 10 s.
  await new Promise((resolve) => setTimeout(resolve, 12_000));
  const session = { userId: "acme", permissions: ["subscriptions:read", "subscriptions:write", "secrets:read",
    "events:read", "events:send", "feed:read"] };
  const open = async () =>
    (await server.post("/portal-sessions", session)).body.session.url.replace("http://portal.invalid", new URL(server.base).origin);
  return { server, open };
}

const pages = {
  endpoints: "#/endpoints",
  endpoint: "#/endpoints/2",
  deliveries: "#/endpoints/2/deliveries",
  feed: "#/endpoints/1/feed",
  verify: "#/endpoints/1/verify",
  "event-types": "#/event-types",
  "event-type": "#/event-types/order.created",
  form: "#/endpoints/new/order.placed",
  pull: "#/endpoints/4",
  "pull-events": "#/endpoints/4/deliveries",
};

const operatorPages = { overview: "#/overview", failing: "#/failing", users: "#/users", workers: "#/workers", "all-endpoints": "#/endpoints", "operator-feed": "#/endpoints/4/feed", keys: "#/keys", audit: "#/audit", "event-type-edit": "#/event-types/order.placed/edit" };

async function draw(page, name, theme, width) {
  if (wanted.length > 0 && !wanted.includes(name)) return;
  await page.waitForLoadState("networkidle");
  await page.locator("h1").first().waitFor();
  await page.waitForTimeout(500);
  await page.screenshot({ path: join(folder, `${name}-${width}-${theme}.png`) });
}

async function drawAll({ server, open }, browser, theme, width) {
  const context = await browser.newContext({ viewport: { width, height: width === 360 ? 740 : 800 }, colorScheme: theme });
  const page = await context.newPage();
  await page.goto(await open());
  await page.getByRole("heading", { name: "Endpoints", level: 1 }).waitFor();
  for (const [name, hash] of Object.entries(pages)) {
    await page.evaluate((to) => (location.hash = to), hash);
    await draw(page, name, theme, width);
  }
  await page.evaluate((to) => (location.hash = to), pages.deliveries);
  await page.locator("tbody a").last().click();
  await page.getByRole("heading", { name: /^Event \d+$/ }).waitFor();
  await draw(page, "delivery", theme, width);
  await page.evaluate((to) => (location.hash = to), pages["pull-events"]);
  await page.locator("tbody a").first().click();
  await page.getByRole("heading", { name: "In the feed" }).waitFor();
  await draw(page, "pull-event", theme, width);
  await context.close();
  const operator = await browser.newContext({ viewport: { width, height: width === 360 ? 740 : 800 }, colorScheme: theme });
  const overview = await operator.newPage();
  await overview.goto(`${new URL(server.base).origin}/portal/`);
  await overview.getByLabel("API key").fill(adminKey);
  await overview.getByRole("button", { name: "Continue" }).click();
  await overview.getByRole("heading", { level: 1 }).waitFor();
  for (const [name, hash] of Object.entries(operatorPages)) {
    await overview.evaluate((to) => (location.hash = to), hash);
    await draw(overview, name, theme, width);
  }
  await operator.close();
}

try {
  mkdirSync(folder, { recursive: true });
  const place = await prepare();
  const browser = await openBrowser(t);
  for (const theme of ["light", "dark"]) {
    for (const width of [1280, 360]) await drawAll(place, browser, theme, width);
  }
} finally {
  for (const end of endings) await end();
}
