// usage: WEBHOOKS_BIN=BUILD/bin node first_paint.js STORAGE SUBSCRIPTION. Measures how long the page of deliveries of
// this subscription takes from a reload until its rows are shown, for docs/performance.md.

import { openBrowser, openPage } from "./support/browser.js";
import { linkFor } from "./support/portal.js";
import { Server } from "./support/server.js";

const [storage, subscription] = process.argv.slice(2);
if (!subscription) throw new Error("usage: node first_paint.js STORAGE SUBSCRIPTION");
const endings = [];
const t = { after: (end) => endings.unshift(end) };
const runs = 9;

try {
  const server = await Server.start(t, { args: ["--storage", storage, "--portal.public-url", "http://portal.invalid/"] });
  server.origin = new URL(server.base).origin;
  const page = await openPage(await openBrowser(t), server.origin);
  await page.goto((await linkFor(server, { userId: "admin", view: "operator" })).url);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.evaluate((id) => (location.hash = `#/endpoints/${id}/deliveries`), subscription);
  const rows = page.locator("table[aria-label=Deliveries] tbody tr");
  await rows.first().waitFor();
  const all = [];
  for (let run = 0; run < runs; ++run) {
    await page.reload();
    await rows.first().waitFor();
    all.push(await page.evaluate(() => [performance.getEntriesByName("first-contentful-paint")[0].startTime, performance.now()]));
  }
  const median = (which) => Math.round(all.map((each) => each[which]).sort((a, b) => a - b)[Math.floor(runs / 2)]);
  console.log(`${await rows.count()} rows: first paint after ${median(0)} ms, rows after ${median(1)} ms (slowest ${Math.round(Math.max(...all.map(([, last]) => last)))} ms)`);
} finally {
  for (const end of endings) await end();
}
