// The OpenAPI document of the event types: linters accept it, and typed receivers are generated from it.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Server, temporaryDirectory } from "./support/server.js";

const modules = fileURLToPath(new URL("node_modules", import.meta.url));
const exec = promisify(execFile);
const node = (script, ...args) => exec(process.execPath, [join(modules, script), ...args], {
  env: { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" } });

const order = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  $id: "https://shop.example/order",
  type: "object",
  required: ["id", "items"],
  properties: {
    id: { type: "integer" },
    items: { type: "array", items: { $ref: "#/$defs/item" } },
    previous: { $ref: "#" },
  },
  $defs: { item: { type: "object", required: ["name"], properties: { name: { type: "string" }, price: { $ref: "#/$defs/money" } } },
    money: { type: "string", pattern: "^[0-9]+[.][0-9]{2}$" } },
};

async function startServer(t) {
  const server = await Server.start(t, { args: ["--storage", "memory:", "--event-type", "order.shipped=It left",
    "--service.catalog.title", "Webhooks of the shop", "--service.catalog.version", "2.1.0"] });
  const register = async (eventType) => {
    const answer = await server.post("/event-types", { eventType });
    assert.equal(answer.status, 200, answer.text);
  };
  await register({ name: "order.created", description: "An order was placed.", group: "Orders", schema: order,
    example: { id: 17, items: [{ name: "tea", price: "3.50" }] } });
  await register({ name: "order.placed", description: "As order.created.", group: "Orders",
    deprecation: { successor: "order.created", note: "It ends in May." }, schema: { type: "object" } });
  await register({ name: "order.retired" });
  assert.equal((await server.request("DELETE", "/event-types/order.retired")).status, 200);
  return server;
}

test("linters accept the document, and TypeScript that is generated from it compiles", async (t) => {
  const server = await startServer(t);
  const folder = temporaryDirectory(t);
  const answer = await server.get("/event-types/openapi.json");
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.body.info, { title: "Webhooks of the shop", version: "2.1.0" });
  assert.equal(answer.body.webhooks["order.retired"], undefined);
  assert.equal(answer.body.webhooks["order.placed"].post.deprecated, true);
  const document = join(folder, "openapi.json");
  writeFileSync(document, answer.text);
  writeFileSync(join(folder, "redocly.yaml"), "extends: [spec, recommended]\n");
  await node("@redocly/cli/bin/cli.js", "lint", document, "--config", join(folder, "redocly.yaml"))
    .catch(({ stdout, stderr }) => assert.fail(stdout + stderr));

  await node("openapi-typescript/bin/cli.js", document, "-o", join(folder, "events.ts"));
  const receiver = join(folder, "receiver.ts");
  writeFileSync(receiver, `
    import type { components, operations } from "./events";
    type Order = components["schemas"]["order.created"];
    type Body = operations["order.created"]["requestBody"]["content"]["application/json"];
    export const names = (body: Body): string[] => body.items.map((item) => item.name);
    type Item = components["schemas"]["order.created.item"];
    export const price = (item: Item): string | undefined => item.price;
    export const items = (order: Order): Item[] => order.items;
    export const previous = (order: Order): string | undefined => order.previous?.items[0]?.price;
    // @ts-expect-error: a name is a text
    export const wrong = (order: Order): number[] => order.items.map((item) => item.name);`);
  await node("typescript/bin/tsc", "--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--module", "nodenext", receiver)
    .catch(({ stdout, stderr }) => assert.fail(stdout + stderr));
});

test("who has the document is told that it is the same", async (t) => {
  const server = await startServer(t);
  const { headers } = await server.get("/event-types/openapi.json");
  const again = () => server.get("/event-types/openapi.json", { headers: { "if-none-match": headers.etag } });
  const same = await again();
  assert.equal(same.status, 304);
  assert.equal(same.text, "");
  assert.equal(same.headers["content-length"], undefined);
  assert.equal(same.headers.etag, headers.etag);
  assert.equal((await again()).status, 304);
  await server.request("DELETE", "/event-types/order.placed");
  assert.equal((await again()).status, 200);
});
