// The served document is openapi.yaml, and its links refer to operations.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parse } from "yaml";
import { Server, temporaryDirectory } from "./support/server.js";

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

test("Redocly finds no error in the document, and TypeScript that is generated from it compiles", async (t) => {
  const document = fileURLToPath(new URL("../../adapters/http/openapi.json", import.meta.url));
  const run = (script, ...args) => promisify(execFile)(process.execPath,
    [fileURLToPath(new URL(`node_modules/${script}`, import.meta.url)), ...args],
    { env: { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" } })
    .catch(({ stdout, stderr }) => assert.fail(stdout + stderr));
  await run("@redocly/cli/bin/cli.js", "lint", document);
  const types = join(temporaryDirectory(t), "api.ts");
  await run("openapi-typescript/bin/cli.js", document, "-o", types);
  await run("typescript/bin/tsc", "--noEmit", "--strict", "--target", "es2022", "--module", "nodenext", types);
});
