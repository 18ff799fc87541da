// Debian's Chromium, driven by Playwright, with what no page of the portal may do.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";

export const chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((path) => existsSync(path));
/** For tests: why they are skipped, or false. */
export const withoutBrowser = chromium ? false : "needs Debian's package chromium";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** A browser that ends with its test. @param args more flags of Chromium */
export async function openBrowser(t, args = []) {
  const playwright = await import("playwright-core");
  const browser = await playwright.chromium.launch({
    executablePath: chromium, args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", ...args] });
  t.after(() => browser.close());
  return browser;
}

/**
 * A page that notes in `page.faults` what must not happen: dialogs, errors, violations of the content
 * security policy, and requests to another origin. Responses that a test expects are listed by status.
 */
export async function openPage(browser, origin, { expected = [], ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.faults = [];
  page.on("dialog", (dialog) => {
    page.faults.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on("pageerror", (error) => page.faults.push(`error: ${error.message}`));
  page.on("console", (message) => {
    const isExpected = expected.some((status) => message.text().includes(`status of ${status}`));
    if (message.type() === "error" && !isExpected) page.faults.push(`console: ${message.text()} ${message.location().url}`);
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol !== "blob:" && url.origin !== origin) page.faults.push(`request to ${url.origin}`);
  });
  page.on("crash", () => page.faults.push("crash"));
  return page;
}

/** Checks a page by axe's rules for WCAG 2.2 AA. Through the debugger: the page's own policy stays on. */
export async function checkAccessibility(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: axe });
  const expression = `axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }).then((result) =>
    JSON.stringify(result.violations.map((each) => [each.id, each.nodes.map((node) => node.html.slice(0, 200))])))`;
  const { result } = await session.send("Runtime.evaluate", { expression, awaitPromise: true });
  await session.detach();
  assert.deepEqual(JSON.parse(result.value), [], `axe on ${page.url()}`);
}
