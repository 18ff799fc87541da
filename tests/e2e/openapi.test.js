// The served document is openapi.yaml, and its links refer to operations.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { parse } from "yaml";
import { Server } from "./support/server.js";

const source = parse(readFileSync(new URL("../../adapters/http/openapi.yaml", import.meta.url), "utf8"));

test("GET /openapi.json serves openapi.yaml", async (t) => {
  const server = await Server.start(t, { args: ["--storage", "memory:"] });
  const answer = await server.get(`http://127.0.0.1:${server.port}/openapi.json`, { key: null });
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.body, source, "run ./dev openapi after a change of openapi.yaml");
});

test("links lead to operations", () => {
  const known = new Set(Object.values(source.paths).flatMap((path) =>
    Object.values(path).map((operation) => operation.operationId)));
  const linked = new Set(JSON.stringify(source).match(/"operationId":"\w+","parameters":\{"/g)
    .map((link) => link.split('"')[3]));
  assert.ok(linked.size >= 8);
  for (const operation of linked) assert.ok(known.has(operation), operation);
});
