// The portal as its users meet it: in a browser, on a real server, with a receiver of theirs.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { checkAccessibility, openBrowser, openPage, withoutBrowser } from "./support/browser.js";
import { heading, linkFor, startServer } from "./support/portal.js";
import { Receiver } from "./support/receiver.js";
import { temporaryDirectory } from "./support/server.js";
import { until } from "./support/wait.js";

/** Presses Tab until what has the focus is named so. */
async function tabTo(page, name, key = "Tab") {
  for (let i = 0; i < 60; ++i) {
    await page.keyboard.press(key);
    const focused = await page.evaluate(() => {
      const element = document.activeElement;
      return element.labels?.[0]?.textContent ?? element.textContent;
    });
    if (focused.trim() === name) return;
  }
  assert.fail(`Tab does not reach ${name}`);
}

test("a new customer gets from a link to a delivery, with the keyboard alone", { skip: withoutBrowser }, async (t) => {
  const server = await startServer(t);
  const receiver = await Receiver.start(t);
  const link = await linkFor(server, { userId: "customer" });
  const page = await openPage(await openBrowser(t), server.origin);
  const began = Date.now();
  await page.goto(link.url);
  await heading(page, "Endpoints");
  assert.doesNotMatch(page.url(), /code/, "the code is taken out of the address");
  await tabTo(page, "Add endpoint");
  await page.keyboard.press("Enter");
  await heading(page, "Add endpoint");
  await tabTo(page, "Name");
  await page.keyboard.type("Production");
  await tabTo(page, "URL");
  await page.keyboard.type(receiver.url);
  await tabTo(page, "Save");
  await page.keyboard.press("Enter");
  await heading(page, "Production is ready");
  await tabTo(page, "Reveal");
  await page.keyboard.press("Enter");
  const secret = page.locator(".secret code").filter({ hasText: "whsec_" });
  await secret.waitFor();
  await tabTo(page, "Send test");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: /^Event \d+$/ }).waitFor();
  await page.locator(".facts").getByText("Delivered").waitFor();
  t.diagnostic(`from the link to a delivery: ${Date.now() - began} ms`);
  await tabTo(page, "Resend");
  await page.keyboard.press("Enter");
  await until("the event is sent a second time", () => receiver.requests.length === 2);
  await tabTo(page, "Overview", "Shift+Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Settings" }).waitFor();
  await tabTo(page, "Rotate secret");
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  await tabTo(page, "Rotate secret");
  await page.keyboard.press("Enter");
  await page.getByRole("status").filter({ hasText: "rotated" }).waitFor();
  await dialog.waitFor({ state: "detached" });
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Rotate secret", "the focus returns");
  assert.deepEqual(page.faults, []);
});

test("a new customer gets from a link to a verified delivery by six clicks", { skip: withoutBrowser }, async (t) => {
  const server = await startServer(t);
  const receiver = await Receiver.start(t);
  const link = await linkFor(server, { userId: "customer" });
  const page = await openPage(await openBrowser(t), server.origin);
  const began = Date.now();
  let clicks = 0;
  const click = (locator) => (++clicks, locator.click());
  await page.goto(link.url);
  await click(page.getByRole("button", { name: "Add endpoint" }));
  await page.getByLabel("Name", { exact: true }).fill("Production");
  await page.getByLabel("URL").fill(receiver.url);
  await click(page.getByRole("button", { name: "Save", exact: true }));
  await click(page.getByRole("button", { name: "Reveal" }));
  const secret = await page.locator(".secret code").filter({ hasText: "whsec_" }).textContent();
  const snippet = await page.locator("pre[aria-label=Example]").textContent();
  // The secret and the snippet are copied, each by a click.
  clicks += 2;
  const file = join(temporaryDirectory(t), "snippet.mjs");
  writeFileSync(file, snippet);
  const { verify } = await import(file);
  await click(page.getByRole("button", { name: "Send test" }));
  await page.locator(".facts").getByText("Delivered").waitFor();
  const [{ headers, body, id }] = receiver.requests;
  assert.equal(verify(secret, headers, body), true);
  t.diagnostic(`from the link to a verified delivery: ${Date.now() - began} ms`);
  assert.equal(clicks, 6);
  // What the page says was sent is what was sent.
  const request = await page.locator("pre[aria-label=Request]").textContent();
  assert.deepEqual(request.split("\n"), [`POST ${receiver.url}`, "content-type: application/json", `webhook-id: ${id}`,
    `webhook-timestamp: ${headers["webhook-timestamp"]}`, "webhook-signature: (not kept)"]);
  assert.deepEqual(page.faults, []);
});

test("a payload is shown as it was sent: no number, name or escape changes", { skip: withoutBrowser }, async (t) => {
  const server = await startServer(t);
  const receiver = await Receiver.start(t);
  const subscription = await server.subscribe({ name: "n", eventType: "order.created", url: receiver.url });
  const payload = '{"id":9007199254740993,"big":1e400,"a":1,"a":2,"text":"\\u0041 \\" {[,]}","empty":[ ],"none":{}}';
  const sent = await server.request("POST", "/events", { body: `{"eventType":"order.created","payload":${payload}}` });
  assert.equal(sent.status, 202, sent.text);
  // With its quotes it is as long as a payload may be.
  const large = await server.post("/events", { eventType: "order.created", payload: "x".repeat((1 << 20) - 2) });
  assert.equal(large.status, 202, large.text);
  const page = await openPage(await openBrowser(t), server.origin);
  await page.goto((await linkFor(server, { userId: "admin" })).url);
  await heading(page, "Endpoints");
  const show = async (id) => {
    await page.evaluate(([one, event]) => (location.hash = `#/endpoints/${one}/deliveries/${event}`), [subscription.id, id]);
    await page.getByRole("heading", { name: `Event ${id}` }).waitFor();
    return page.locator("pre[aria-label=Payload]").textContent();
  };
  assert.equal((await show(sent.body.eventIds[0])).replace(/\n\s*/g, "").replaceAll(": ", ":"), payload.replace("[ ]", "[]"));
  await page.getByRole("button", { name: "Raw" }).click();
  assert.equal(await page.locator("pre[aria-label=Payload]").textContent(), payload);
  const began = Date.now();
  assert.ok((await show(large.body.eventIds[0])).length <= 65_600);
  t.diagnostic(`a payload of 1 MiB is shown after ${Date.now() - began} ms`);
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download" }).click()]);
  const chunks = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk);
  assert.equal(Buffer.concat(chunks).length, 1 << 20);
  assert.deepEqual(page.faults, []);
});

test("a filter is written, tried on an example and on events, and saved", { skip: withoutBrowser }, async (t) => {
  const server = await startServer(t);
  const receiver = await Receiver.start(t);
  const endpoint = await server.subscribe({ name: "Large orders", eventType: "order.created", url: receiver.url });
  for (const total of [50, 150, 250]) {
    assert.equal((await server.post("/events", { eventType: "order.created", payload: { total } })).status, 202);
  }
  const page = await openPage(await openBrowser(t), server.origin, { expected: [400] });
  await page.goto((await linkFor(server, { userId: endpoint.userId })).url);
  await heading(page, "Endpoints");
  await page.goto(`${server.origin}/portal/#/endpoints/${endpoint.id}/edit`);
  const filter = page.getByLabel("Filter", { exact: true });
  await filter.fill("payload/total gt 100 and payload/cur eq 'EUR'");
  await page.getByText("Try the filter").click();
  const example = page.getByLabel("Example payload");
  await example.fill("{");
  await page.getByRole("button", { name: "Try the example" }).click();
  await page.getByText("This is not JSON.").waitFor();
  await example.fill('{"total": 9007199254740993, "cur": null}');
  await page.getByRole("button", { name: "Try the example" }).click();
  await page.getByText("It does not let the example through.").waitFor();
  assert.deepEqual(await page.locator(".trial li").allInnerTexts().then((all) => all.map((text) => text.replace(/\s+/g, " "))),
    ["payload/total gt 100 holds 9007199254740993", "payload/cur eq 'EUR' does not hold null"]);
  await checkAccessibility(page);
  await filter.fill("payload/total gt 100");
  await page.getByRole("button", { name: "Try the last 100 events" }).click();
  await page.getByText("It lets 2 of the last 3 events through.").waitFor();
  await filter.fill("total gt 100");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.locator(".error").filter({ hasText: "unknown name 'total' at character 1" }).waitFor();
  await filter.fill("payload/total gt 100");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.locator(".settings").getByText("payload/total gt 100").waitFor();
  assert.equal((await server.get(`/subscriptions/${endpoint.id}`)).body.subscription.filter, "payload/total gt 100");
  assert.deepEqual(page.faults, []);
});

test("of many endpoints, those that fail are found from the first page", { skip: withoutBrowser }, async (t) => {
  const server = await startServer(t);
  const receiver = await Receiver.start(t, ({ path }) => ({ status: path === "/fail" ? 500 : 204 }));
  await server.subscribe({ name: "Broken", eventType: "order.created", url: `${receiver.url}fail` });
  for (let i = 0; i < 30; ++i) await server.subscribe({ name: `Fine ${i}`, eventType: "order.shipped", url: receiver.url });
  await server.publish("order.created", {});
  await until("it fails", async () => (await server.get("/subscriptions?filter=failingSince%20ne%20null")).body.subscriptions.length === 1);
  const page = await openPage(await openBrowser(t), server.origin);
  await page.goto((await linkFor(server, { userId: "admin" })).url);
  await heading(page, "Endpoints");
  await page.getByText("1 endpoint fails.").waitFor();
  assert.equal(await page.getByRole("link", { name: "Broken" }).count(), 0, "it is not on the first page");
  await checkAccessibility(page);
  await page.getByRole("button", { name: "Show what fails" }).click();
  await page.getByRole("link", { name: "Broken" }).waitFor();
  assert.deepEqual(page.faults, []);
});

test("the page is small, and its first paint needs four requests", { skip: withoutBrowser }, async (t) => {
  const server = await startServer(t);
  const page = await openPage(await openBrowser(t), server.origin);
  await page.goto((await linkFor(server, { userId: "customer" })).url);
  await heading(page, "Endpoints");
  const { bytes, before } = await page.evaluate(() => {
    const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
      .filter((each) => each.name.includes("/portal"));
    return { bytes: all.reduce((sum, each) => sum + each.encodedBodySize, 0), before: all.filter((each) => each.initiatorType !== "fetch" && !each.name.endsWith("/logo")).length };
  });
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
  t.diagnostic(`${bytes} bytes, ${before} requests for the first paint, which was after ${Math.round(paint)} ms`);
  assert.ok(bytes > 50_000 && bytes <= 120 * 1024, `${bytes} bytes`);
  assert.ok(before <= 4, `${before} requests`);
});

const languages = {
  "Node.js": { file: "verify.mjs", program: `
    const { verify } = await import("./snippet.mjs");
    const { secret, headers, body } = JSON.parse(process.argv[2]);
    console.log(verify(secret, headers, Buffer.from(body, "base64")));`, snippet: "snippet.mjs", command: (file, input) => ["node", [file, input]] },
  "Python": { file: "run.py", program: `
import base64, json, sys
from snippet import verify
given = json.loads(sys.argv[1])
print(str(verify(given["secret"], given["headers"], base64.b64decode(given["body"]))).lower())`, snippet: "snippet.py", command: (file, input) => ["python3", [file, input]] },
  "Go": { file: "main.go", program: `package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"

	"example.com/run/webhook"
)

func main() {
	var given struct {
		Secret, Body string
		Headers map[string]string
	}
	if err := json.Unmarshal([]byte(os.Args[1]), &given); err != nil {
		panic(err)
	}
	header := http.Header{}
	for name, value := range given.Headers {
		header.Set(name, value)
	}
	body, _ := base64.StdEncoding.DecodeString(given.Body)
	fmt.Println(webhook.Verify(given.Secret, header, body))
}`, snippet: "webhook/webhook.go", more: { "go.mod": "module example.com/run\n\ngo 1.19\n" }, command: (_, input) => ["go", ["run", ".", input]] },
};

const runs = (command, cwd) => new Promise((resolve) => execFile(...command, { cwd, timeout: 120_000 },
  (error, stdout, stderr) => resolve(error?.code === "ENOENT" ? null : stdout.trim() || stderr)));

test("the snippets verify a delivery, and nothing else", { skip: withoutBrowser }, async (t) => {
  const server = await startServer(t);
  const receiver = await Receiver.start(t);
  const subscription = await server.subscribe({ name: "Mine", eventType: "*", url: receiver.url });
  await server.post(`/subscriptions/${subscription.id}/test`, {});
  await until("it arrives", () => receiver.requests.length === 1);
  const [{ headers, body }] = receiver.requests;
  const page = await openPage(await openBrowser(t), server.origin);
  await page.goto((await linkFor(server, { userId: "admin" })).url);
  await heading(page, "Endpoints");
  await page.evaluate((id) => (location.hash = `#/endpoints/${id}/verify`), subscription.id);
  for (const [language, { file, program, snippet, more, command }] of Object.entries(languages)) {
    await page.getByLabel("Language").selectOption(language);
    const directory = temporaryDirectory(t);
    mkdirSync(join(directory, "webhook"));
    for (const [name, text] of Object.entries({ ...more, [file]: program, [snippet]: await page.locator("pre[aria-label=Example]").textContent() })) {
      writeFileSync(join(directory, name), text);
    }
    const judge = (given) => runs(command(file, JSON.stringify(given)), directory);
    const given = { secret: subscription.secret, headers, body: body.toString("base64") };
    const verdict = await judge(given);
    if (verdict === null) {
      t.diagnostic(`${language} is not installed`);
      continue;
    }
    assert.equal(verdict, "true", language);
    assert.equal(await judge({ ...given, body: Buffer.from(body + " ").toString("base64") }), "false", `${language}: another body`);
    const old = { ...headers, "webhook-timestamp": String(Number(headers["webhook-timestamp"]) - 301) };
    assert.equal(await judge({ ...given, headers: old }), "false", `${language}: another time`);
    assert.equal(await judge({ ...given, headers: {} }), "false", `${language}: no headers`);
  }
  assert.deepEqual(page.faults, []);
});
