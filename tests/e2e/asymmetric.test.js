// Ed25519 signatures (`v1a`), verified by Node's own cryptography: the JavaScript library
// standardwebhooks supports only `v1`.

import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { Receiver } from "./support/receiver.js";
import { Server } from "./support/server.js";
import { until } from "./support/wait.js";

const startServer = (t) => Server.start(t, {
  args: ["--storage", "memory:", "--event-type", "order.created=An order", "--service.retry-schedule", "1s"],
});

/** A new pair as the specification writes keys: {seed, keyPair (both whsk_), publicKey (whpk_)}. */
function makeKeys() {
  const { d, x } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  const [seed, point] = [d, x].map((text) => Buffer.from(text, "base64url"));
  return {
    seed: `whsk_${seed.toString("base64")}`,
    keyPair: `whsk_${Buffer.concat([seed, point]).toString("base64")}`,
    publicKey: `whpk_${point.toString("base64")}`,
  };
}

/** Whether a `v1a` signature of the request is one by the key. */
function isSignedBy(publicKey, { headers, body }) {
  // RFC 8410: the prefix of the 32 bytes in an Ed25519 SubjectPublicKeyInfo.
  const prefix = Buffer.from("302a300506032b6570032100", "hex");
  const point = Buffer.from(publicKey.slice("whpk_".length), "base64");
  const key = createPublicKey({ key: Buffer.concat([prefix, point]), format: "der", type: "spki" });
  const content = Buffer.concat([Buffer.from(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.`), body]);
  return headers["webhook-signature"].split(" ").some((one) => {
    const [version, signature] = one.split(",");
    return version === "v1a" && verify(null, content, key, Buffer.from(signature, "base64"));
  });
}

for (const form of ["keyPair", "seed"]) {
  test(`what a whsk_ secret (${form}) signs verifies with its public key, on a retry too`, async (t) => {
    const keys = makeKeys();
    const receiver = await Receiver.start(t, (_, { requests }) => ({ status: requests.length === 1 ? 503 : 204 }));
    const server = await startServer(t);
    const subscription = await server.subscribe({ url: receiver.url, secret: keys[form] });
    assert.equal(subscription.secret, keys[form]);
    await server.publish("order.created", { order: 42, name: "Zoë" });
    await until("it was resent", () => receiver.requests.length === 2);
    for (const request of receiver.requests) {
      assert.match(request.headers["webhook-signature"], /^v1a,[A-Za-z0-9+/]{86}==$/);
      assert.ok(isSignedBy(keys.publicKey, request));
      assert.ok(!isSignedBy(makeKeys().publicKey, request));
      assert.ok(!isSignedBy(keys.publicKey, { ...request, body: Buffer.from("{}") }));
    }
  });
}

test("a secret is changed from one kind to the other", async (t) => {
  const keys = makeKeys();
  const receiver = await Receiver.start(t);
  const server = await startServer(t);
  const subscription = await server.subscribe({ url: receiver.url });
  for (const [secret, version] of [[keys.keyPair, "v1a,"], ["plain", "v1,"]]) {
    const body = { subscription: { secret } };
    const put = await server.request("PUT", `/subscriptions/${subscription.id}`, { body });
    assert.equal(put.status, 200, put.text);
    await server.publish("order.created", 1);
    const request = await until("it has arrived", () => receiver.requests.shift());
    assert.ok(request.headers["webhook-signature"].startsWith(version));
    assert.equal(isSignedBy(keys.publicKey, request), version === "v1a,");
  }
});

test("a key that cannot sign is a 400 that does not quote it", async (t) => {
  const server = await startServer(t);
  const [one, other] = [makeKeys(), makeKeys()];
  for (const [secret, expected] of [
    ["whsk_canary", /must have padded base64 of 64 or 32 bytes after whsk_/],
    [one.publicKey, /must be a private key \(whsk_\); a public one \(whpk_\) cannot sign/],
    [one.keyPair.slice(0, 50) + other.keyPair.slice(50), /must have its own public key after its 32-byte seed/],
  ]) {
    const answer = await server.post("/subscriptions",
      { subscription: { name: "x", eventType: "*", url: "https://example.com/", secret } });
    assert.equal(answer.status, 400, answer.text);
    assert.match(answer.text, expected);
    assert.ok(!answer.text.includes(secret.slice(5, 11)));
  }
});

test("the example receiver verifies with the public key", async (t) => {
  const keys = makeKeys();
  const binary = join(process.env.WEBHOOKS_BIN ?? "build/release/bin", "webhooks-receiver");
  const receiver = spawn(binary, ["--listen", "127.0.0.1:0", "--secret", keys.publicKey],
    { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => receiver.kill());
  let output = "";
  receiver.stdout.on("data", (data) => (output += data));
  const [, url] = await until("it listens", () => output.match(/listening on (\S+)\n/));

  const server = await startServer(t);
  await server.subscribe({ url, secret: keys.keyPair });
  await server.publish("order.created", { order: 42 });
  await until("it is printed", () => output.includes('signature verified  application/json\n{"order":42}\n'));

  await server.subscribe({ url, secret: makeKeys().keyPair, maxRetryCount: 0 });
  await server.publish("order.created", { order: 43 });
  await until("the other is printed", () => output.includes("NOT VERIFIED: no signature matches"));
});
