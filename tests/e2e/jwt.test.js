// JSON Web Tokens that Node.js signs, with keys that it makes.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHmac, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { readFileSync, renameSync } from "node:fs";
import https from "node:https";
import { test } from "node:test";
import { Server, run, temporaryDirectory, writeConfig } from "./support/server.js";
import { until } from "./support/wait.js";

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A key of one algorithm: its public form, and what it signs. */
class Key {
  constructor(id, alg) {
    Object.assign(this, { id, alg });
    if (alg === "HS256") {
      this.secret = randomBytes(32);
      this.jwk = { kty: "oct", kid: id, k: this.secret.toString("base64url") };
      return;
    }
    const [type, options] = { RS256: ["rsa", { modulusLength: 2048 }], ES256: ["ec", { namedCurve: "P-256" }],
      EdDSA: ["ed25519", {}] }[alg];
    const pair = generateKeyPairSync(type, options);
    this.private = pair.privateKey;
    this.jwk = { ...pair.publicKey.export({ format: "jwk" }), kid: id };
  }

  /** A token of a user that expires in a minute. */
  token(claims = {}) {
    const exp = Math.floor(Date.now() / 1000) + 60;
    const text = `${encode({ alg: this.alg, kid: this.id })}.${encode({ sub: "alice", aud: "hooks", exp, ...claims })}`;
    const signature = this.secret
      ? createHmac("sha256", this.secret).update(text).digest()
      : sign(this.alg === "EdDSA" ? null : "sha256", text, { key: this.private, dsaEncoding: "ieee-p1363" });
    return `${text}.${signature.toString("base64url")}`;
  }
}

const get = (server, path, token) => server.get(path, { key: null, headers: { authorization: `Bearer ${token}` } });

test("tokens of each algorithm are accepted, until their key leaves the file", async (t) => {
  const directory = temporaryDirectory(t);
  const keys = ["HS256", "RS256", "ES256", "EdDSA"].map((alg, i) => new Key(`key-${i}`, alg));
  const file = writeConfig(`${directory}/jwks.json`, { keys: keys.map((key) => key.jwk) });
  const server = await Server.start(t, {
    args: ["--storage", "memory:", "--event-type", "a=b", "--jwt.jwks-file", file, "--jwt.audience", "hooks"] });
  for (const key of keys) {
    assert.equal((await get(server, "/event-types", key.token())).status, 200, key.alg);
    const answer = await get(server, "/event-types", key.token({ webhooks: ["events:publish"] }));
    assert.equal(answer.status, 403);
    assert.equal(answer.body.message, "this needs the permission subscriptions:read");
    assert.equal((await get(server, "/event-types", key.token({ aud: "others" }))).status, 401);
    assert.equal((await get(server, "/users", key.token({ webhooks: ["administrator"] }))).status, 200);
  }
  assert.equal((await get(server, "/event-types", new Key("key-2", "ES256").token())).status, 401);

  const stays = keys[3];
  writeConfig(`${file}.new`, { keys: [stays.jwk] });
  renameSync(`${file}.new`, file);
  await until("the file is read again", async () => (await get(server, "/event-types", keys[0].token())).status === 401);
  assert.equal((await get(server, "/event-types", stays.token())).status, 200);
});

test("a start with an unusable file of keys names it", async (t) => {
  const file = writeConfig(`${temporaryDirectory(t)}/jwks.json`, { keys: [] });
  const wrong = await run(["--storage", "memory:", "--jwt.jwks-file", file]);
  assert.equal(wrong.code, 2);
  assert.ok(wrong.stderr.includes(`--jwt.jwks-file: ${file}`), wrong.stderr);
  const without = await run(["--storage", "memory:", "--jwt.issuer", "https://id.example.com"]);
  assert.match(without.stderr, /--jwt\.jwks-file: is needed/);
});

/** A site over TLS that answers every request in this way. @return its URL, its certificate and the requests */
async function publish(t, directory, answer) {
  const [key, certificate] = [`${directory}/site.key`, `${directory}/site.crt`];
  execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=site",
    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate], { stdio: "ignore" });
  const requests = [];
  const site = https.createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    answer(response);
  });
  await new Promise((resolve) => site.listen(0, "127.0.0.1", resolve));
  t.after(() => site.close());
  return { url: `https://127.0.0.1:${site.address().port}/keys.json`, certificate, requests };
}

const startWithUrl = (t, { url, certificate }) => Server.start(t, {
  args: ["--storage", "memory:", "--event-type", "a=b", "--jwt.jwks-url", url, "--jwt.audience", "hooks",
    "--transport.ca-file", certificate] });

test("keys that are published at a URL verify tokens", async (t) => {
  const key = new Key("published", "ES256");
  // Larger than what is kept of a response to a delivery.
  const others = Array.from({ length: 40 }, (_, i) => ({ ...new Key(`other-${i}`, "ES256").jwk }));
  const site = await publish(t, temporaryDirectory(t), (response) => response.end(JSON.stringify({ keys: [...others, key.jwk] })));
  const server = await startWithUrl(t, site);
  await until("the keys are read", async () => (await get(server, "/event-types", key.token())).status === 200);
  assert.deepEqual(site.requests, ["GET /keys.json"]);
  assert.equal((await get(server, "/event-types", new Key("unknown", "ES256").token())).status, 401);
  assert.equal((await get(server, "/event-types", new Key("published", "ES256").token())).status, 401);
});

test("a redirect of published keys is not followed, and other credentials stay valid", async (t) => {
  const site = await publish(t, temporaryDirectory(t), (response) => {
    response.writeHead(302, { location: "http://169.254.169.254/latest/meta-data" }).end();
  });
  const server = await startWithUrl(t, site);
  await until("it is logged", () => /cannot be read from \S+; .*redirect/.test(server.stdout + server.stderr));
  const answer = await get(server, "/event-types", new Key("published", "ES256").token());
  assert.equal(answer.status, 503);
  assert.ok(answer.headers["retry-after"]);
  assert.equal((await server.get("/event-types")).status, 200);
});
