// The listener's TLS, tested with OpenSSL's client, Node's https and a browser.

import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { copyFileSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import https from "node:https";
import net from "node:net";
import { join } from "node:path";
import test from "node:test";
import { Server, adminKey, run, temporaryDirectory } from "./support/server.js";
import { until } from "./support/wait.js";

/** Makes a certificate of its own issuer. @return its files */
function makeCertificate(directory, name, keyKind = ["rsa:2048"]) {
  const certificate = join(directory, `${name}.crt`);
  const key = join(directory, `${name}.key`);
  execFileSync("openssl", ["req", "-x509", "-newkey", ...keyKind, "-nodes", "-days", "2", "-subj", `/CN=${name}`,
    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate], { stdio: "ignore" });
  return { certificate, key };
}

function start(t, { certificate, key }, args = []) {
  return Server.start(t, {
    args: ["--storage", "memory:", "--server.certificate-file", certificate, "--server.key-file", key,
      "--event-type", "order.created=An order", ...args],
  });
}

/** @return {status, body, subject} */
function request(server, path, { ca, body, method = body === undefined ? "GET" : "POST" }) {
  return new Promise((resolve, reject) => {
    const headers = { "x-api-key": adminKey, "content-type": "application/json" };
    const sent = https.request(server.base + path, { method, headers, ca, agent: false }, (response) => {
      const subject = response.socket.getPeerCertificate().subject.CN;
      let text = "";
      response.on("data", (data) => (text += data));
      response.on("end", () => resolve({ status: response.statusCode, body: JSON.parse(text), subject }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** What openssl s_client says with these arguments. */
function handshake(server, args) {
  return new Promise((resolve) => {
    const child = execFile("openssl", ["s_client", "-connect", `127.0.0.1:${server.port}`, ...args],
      { timeout: 20_000 }, (error, stdout, stderr) => resolve({ ok: !error, text: stdout + stderr }));
    child.stdin.end();
  });
}

test("the API is served over TLS, bodies and answers of any size", async (t) => {
  const files = makeCertificate(temporaryDirectory(t), "first");
  const server = await start(t, files);
  assert.match(server.base, /^https:/);
  const ca = readFileSync(files.certificate);
  assert.equal((await request(server, "/event-types", { ca })).status, 200);
  const subscription = { name: "n", eventType: "*", url: "http://127.0.0.1:9999/", isActive: true };
  const created = await request(server, "/subscriptions", { ca, body: JSON.stringify({ subscription }) });
  assert.equal(created.status, 200);
  const payload = "x".repeat(200_000);
  for (let i = 0; i < 10; i++) {
    const event = JSON.stringify({ eventType: "order.created", payload });
    assert.equal((await request(server, "/events", { ca, body: event })).status, 202);
  }
  const page = await request(server, `/subscriptions/${created.body.subscription.id}/events`, { ca });
  assert.equal(page.body.events.length, 10);
  for (const event of page.body.events) assert.equal(event.payload, JSON.stringify(payload));
});

test("only TLS 1.2 and 1.3 with forward secrecy are spoken", async (t) => {
  const server = await start(t, makeCertificate(temporaryDirectory(t), "first"));
  assert.match((await handshake(server, ["-tls1_3"])).text, /New, TLSv1\.3/);
  assert.match((await handshake(server, ["-tls1_2"])).text, /New, TLSv1\.2, Cipher is ECDHE-/);
  const old = await handshake(server, ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]);
  assert.match(old.text, /New, \(NONE\), Cipher is \(NONE\)/);
  for (const cipher of ["AES128-GCM-SHA256", "AES256-SHA", "DHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA"]) {
    const answer = await handshake(server, ["-tls1_2", "-cipher", `${cipher}:@SECLEVEL=0`]);
    assert.match(answer.text, /New, \(NONE\), Cipher is \(NONE\)/, cipher);
  }
});

test("changed files are reloaded, and unusable ones change nothing", async (t) => {
  const directory = temporaryDirectory(t);
  const first = makeCertificate(directory, "first");
  const second = makeCertificate(directory, "second", ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]);
  const used = { certificate: join(directory, "used.crt"), key: join(directory, "used.key") };
  const use = ({ certificate, key }) => {
    for (const [from, to] of [[certificate, used.certificate], [key, used.key]]) {
      copyFileSync(from, `${to}.new`);
      renameSync(`${to}.new`, to);
    }
  };
  use(first);
  const server = await start(t, used);
  const ca = [readFileSync(first.certificate), readFileSync(second.certificate)];
  assert.equal((await request(server, "/event-types", { ca })).subject, "first");
  use(second);
  await until("the second is there", async () =>
    (await request(server, "/event-types", { ca })).subject === "second");
  const third = makeCertificate(directory, "third");
  for (const [what, file] of [["not a certificate", undefined], ["the certificate of another kind of key", third.certificate]]) {
    const reported = server.stderr.split("previous certificate").length;
    writeFileSync(used.certificate, file ? readFileSync(file) : what);
    await until("the log reports it", async () => {
      assert.equal((await request(server, "/event-types", { ca })).subject, "second", what);
      return server.stderr.split("previous certificate").length > reported;
    });
  }
});

test("a connection without a finished handshake, or without TLS, is closed", async (t) => {
  const server = await start(t, makeCertificate(temporaryDirectory(t), "first"), ["--server.header-timeout", "500ms"]);
  for (const bytes of ["", "\x16\x03\x01\x02\x00\x01\x00", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"]) {
    const socket = net.connect(server.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.resume();
    if (bytes) socket.write(bytes, "latin1");
    await new Promise((resolve) => socket.on("close", resolve));
  }
});

test("files that cannot be used are named at start", async (t) => {
  const directory = temporaryDirectory(t);
  const { certificate } = makeCertificate(directory, "first");
  const arguments_ = ["--storage", "memory:", "--server.certificate-file", certificate];
  const alone = await run(arguments_);
  assert.match(alone.stderr, /key_file|key-file/);
  const wrong = await run([...arguments_, "--server.key-file", certificate]);
  assert.notEqual(wrong.code, 0);
  assert.match(wrong.stderr, /first\.crt has no usable key/);
  const other = makeCertificate(directory, "other", ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]);
  const unlike = await run([...arguments_, "--server.key-file", other.key]);
  assert.match(unlike.stderr, /other\.key has no usable key for the certificate/);
  const absent = await run([...arguments_, "--server.key-file", "absent.key"]);
  assert.match(absent.stderr, /absent\.key: No such file or directory/);
});

test("a key with a passphrase, or a path that is not a regular file, is rejected without waiting", async (t) => {
  const directory = temporaryDirectory(t);
  const { certificate, key } = makeCertificate(directory, "first");
  const locked = join(directory, "locked.key");
  execFileSync("openssl", ["pkey", "-aes256", "-passout", "pass:secret", "-in", key, "-out", locked]);
  const pipe = join(directory, "pipe");
  execFileSync("mkfifo", [pipe]);
  const rejected = async (file, reason) => {
    const { code, stderr } = await run(["--storage", "memory:", "--server.certificate-file", certificate,
      "--server.key-file", file]);
    assert.notEqual(code, 0);
    assert.match(stderr, reason);
    assert.doesNotMatch(stderr, /Enter PEM pass phrase/);
  };
  await rejected(locked, /locked\.key has no usable key for the certificate \(without a passphrase\)/);
  await rejected(pipe, /pipe is not a regular file/);
});

const chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((path) => existsSync(path));

test("a browser reads the API over TLS", { skip: chromium ? false : "needs Debian's package chromium" }, async (t) => {
  const directory = temporaryDirectory(t);
  const files = makeCertificate(directory, "browser");
  const server = await start(t, files);
  const page = (args) => execFileSync(chromium, ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
    `--user-data-dir=${join(directory, "profile")}`, ...args, "--dump-dom", `https://127.0.0.1:${server.port}/health/live`],
    { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], timeout: 60_000 });
  // The browser does not know the certificate's issuer, until it is told the key.
  assert.doesNotMatch(page([]), /"success":true/);
  const publicKey = new X509Certificate(readFileSync(files.certificate)).publicKey.export({ type: "spki", format: "der" });
  const pin = createHash("sha256").update(publicKey).digest("base64");
  assert.match(page([`--ignore-certificate-errors-spki-list=${pin}`]), /"success":true/);
});
