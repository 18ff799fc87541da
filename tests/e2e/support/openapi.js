// Prints openapi.yaml as JSON, for the server to serve: see ./dev openapi.

import { readFileSync } from "node:fs";
import { parse } from "yaml";

const source = readFileSync(new URL("../../../adapters/http/openapi.yaml", import.meta.url), "utf8");
process.stdout.write(`${JSON.stringify(parse(source))}\n`);
