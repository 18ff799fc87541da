// The JSON Schemas that GitHub's own webhooks have, as a corpus: all of them are registered, come back as they were
// written, and make one OpenAPI document from which TypeScript that compiles is generated.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Server, temporaryDirectory } from "./support/server.js";

const require = createRequire(import.meta.url);
const { definitions } = require("@octokit/webhooks-schemas");
const modules = fileURLToPath(new URL("node_modules", import.meta.url));
const node = (script, ...args) => promisify(execFile)(process.execPath, [join(modules, script), ...args])
  .catch(({ stdout, stderr }) => assert.fail(stdout + stderr));

/** The names of the definitions that a value refers to. */
function references(value) {
  const names = new Set();
  JSON.stringify(value, (key, inner) => {
    if (key === "$ref") names.add(inner.replace("#/definitions/", ""));
    return inner;
  });
  return names;
}

/** A definition as a schema of its own, in the words of 2020-12: with all that it refers to, however far. */
function schemaOf(name) {
  const needed = references(definitions[name]);
  for (const each of needed) for (const next of references(definitions[each])) needed.add(next);
  const all = { ...definitions[name], $defs: Object.fromEntries([...needed].map((each) => [each, definitions[each]])) };
  const text = JSON.stringify(all, (key, value) => (key === "$schema" ? undefined : value));
  return text.replaceAll('"#/definitions/', '"#/$defs/');
}

/** Those of events, such as `issues$opened`. */
const types = Object.keys(definitions).filter((name) => name.includes("$"))
  .map((name) => ({ name: name.replace("$", "."), group: name.split("$")[0], schema: schemaOf(name) }));

function at(document, pointer) {
  return pointer.slice(2).split("/").reduce((value, part) => value?.[part.replaceAll("~1", "/").replaceAll("~0", "~")], document);
}

test("the schemas of GitHub's webhooks are registered, and their document generates TypeScript that compiles", async (t) => {
  assert.ok(types.length > 200, `${types.length} schemas`);
  const server = await Server.start(t, { args: ["--storage", "memory:"] });
  for (const { name, group, schema } of types) {
    const answer = await server.request("POST", "/event-types", { body: `{"eventType":{"name":"${name}","group":"${group}","schema":${schema}}}` });
    assert.equal(answer.status, 200, `${name}: ${answer.text}`);
    assert.ok((await server.get(`/event-types/${name}`)).text.includes(`"schema":${schema}`), name);
  }

  const { status, text, body } = await server.get("/event-types/openapi.json");
  assert.equal(status, 200);
  let resolved = 0;
  JSON.stringify(body, (key, value) => {
    if (key === "$ref") {
      assert.ok(at(body, value), value);
      ++resolved;
    }
    return value;
  });
  t.diagnostic(`${types.length} schemas, ${text.length} bytes, ${resolved} references`);
  assert.ok(resolved > types.length);

  const folder = temporaryDirectory(t);
  writeFileSync(join(folder, "openapi.json"), text);
  await node("openapi-typescript/bin/cli.js", join(folder, "openapi.json"), "-o", join(folder, "events.ts"));
  writeFileSync(join(folder, "receiver.ts"), `
    import type { components } from "./events";
    type Opened = components["schemas"]["issues.opened"];
    export const login = (event: Opened): string => event.issue.user.login;
    export const action: Opened["action"] = "opened";
    // @ts-expect-error: a title is a text
    export const wrong = (event: Opened): number => event.issue.title;`);
  await node("typescript/bin/tsc", "--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--module", "nodenext", join(folder, "receiver.ts"));
});
