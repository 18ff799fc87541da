// The portal in a frame of a host's page, in a browser. The host's page is a document that the browser is given
// for its address; the portal in it comes from a real server.

import assert from "node:assert/strict";
import test from "node:test";
import { openBrowser, withoutBrowser } from "./support/browser.js";
import { Server } from "./support/server.js";
import { until } from "./support/wait.js";

const host = "https://app.example.com";
/** A page from the network may not ask this machine: in life the portal is in the network, too. */
const openBrowserInNetwork = (t) => openBrowser(t, ["--disable-features=LocalNetworkAccessChecks"]);

async function startServer(t) {
  const server = await Server.start(t, {
    args: ["--storage", "memory:", "--portal.public-url", "http://portal.invalid/", "--portal.frame-ancestors", host] });
  server.origin = new URL(server.base).origin;
  return server;
}

async function linkFor(server) {
  const { session } = (await server.post("/portal-sessions", { userId: "customer" })).body;
  return { ...session, url: session.url.replace("http://portal.invalid", server.origin) };
}

/** A page of that origin with the portal in a frame. It keeps what the frame tells it in `messages`. */
async function embed(browser, origin, url) {
  const page = await (await browser.newContext()).newPage();
  page.blocked = [];
  page.on("console", (message) => /frame-ancestors/.test(message.text()) && page.blocked.push(message.text()));
  await page.route(`${origin}/`, (route) => route.fulfill({ contentType: "text/html",
    body: "<!doctype html><title>Host</title><iframe title='Webhooks' width=900 height=600></iframe>" }));
  await page.goto(`${origin}/`);
  await page.evaluate((to) => {
    globalThis.messages = [];
    addEventListener("message", ({ data, origin }) => messages.push({ ...data, origin }));
    document.querySelector("iframe").src = to;
  }, url);
  return page;
}

const headingIn = (page, name) => page.frameLocator("iframe").getByRole("heading", { name, level: 1 }).waitFor();
const messagesOf = (page, type) => page.evaluate((wanted) => messages.filter((message) => message.type === wanted), type);

test("a page of an allowed origin shows the portal, and hears of its height and of the session's end", { skip: withoutBrowser }, async (t) => {
  const server = await startServer(t);
  const link = await linkFor(server);
  const page = await embed(await openBrowserInNetwork(t), host, link.url);
  await headingIn(page, "Endpoints");
  await until("the height is told", async () => (await messagesOf(page, "webhooks.resize")).length > 0);
  const [told] = await messagesOf(page, "webhooks.resize");
  assert.equal(told.origin, server.origin);
  assert.ok(told.height > 100, `${told.height} px`);
  assert.deepEqual(await messagesOf(page, "webhooks.sessionEnded"), []);
  assert.equal((await server.request("DELETE", `/portal-sessions/${link.id}`)).status, 200);
  // Once: a page that is loaded after it has told the end has no session that could end.
  await page.frames()[1].evaluate(() => location.reload());
  await headingIn(page, "This session has ended");
  await until("the end is told", async () => (await messagesOf(page, "webhooks.sessionEnded")).length > 0);
});

test("a page of another origin does not get to show the portal", { skip: withoutBrowser }, async (t) => {
  const server = await startServer(t);
  const page = await embed(await openBrowserInNetwork(t), "https://evil.example.com", (await linkFor(server)).url);
  await until("the browser blocks it", () => page.blocked.length > 0);
  assert.equal(await page.frameLocator("iframe").getByRole("heading", { level: 1 }).count(), 0);
  assert.deepEqual(await page.evaluate(() => messages), []);
});

test("where the browser denies storage, a session lives as long as its page", { skip: withoutBrowser }, async (t) => {
  const server = await startServer(t);
  const browser = await openBrowser(t);
  const link = await linkFor(server);
  const page = await (await browser.newContext()).newPage();
  await page.addInitScript(() => Object.defineProperty(globalThis, "sessionStorage", {
    get() { throw new DOMException("The operation is insecure.", "SecurityError"); } }));
  await page.goto(link.url);
  await page.getByRole("heading", { name: "Endpoints", level: 1 }).waitFor();
  await page.getByRole("link", { name: "Event types" }).click();
  await page.getByRole("heading", { name: "Event types", level: 1 }).waitFor();
  await page.reload();
  await page.getByRole("heading", { level: 1 }).waitFor();
  assert.equal(await page.getByRole("heading", { name: "Event types", level: 1 }).count(), 0);
});
