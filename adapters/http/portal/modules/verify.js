// How a receiver checks signatures: the Standard Webhooks scheme in ten languages. The tests run the ones
// for Node.js, Python and Go.

const snippets = {
    "Node.js": `import { createHmac, timingSafeEqual } from "node:crypto";

// body: the bytes as received, before any JSON parser has seen them.
export function verify(secret, headers, body) {
  const id = headers["webhook-id"];
  const timestamp = headers["webhook-timestamp"];
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > 300) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const expected = createHmac("sha256", key).update(\`\${id}.\${timestamp}.\`).update(body).digest();
  return (headers["webhook-signature"] ?? "").split(" ").some((each) => {
    const [version, text] = each.split(",");
    const given = Buffer.from(text ?? "", "base64");
    return version === "v1" && given.length === expected.length && timingSafeEqual(given, expected);
  });
}`,
    "Python": `import base64, hashlib, hmac, time

# body: the bytes as received, before any JSON parser has seen them.
def verify(secret: str, headers: dict, body: bytes) -> bool:
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > 300:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(each, expected) for each in headers.get("webhook-signature", "").split(" "))`,
    "Go": `package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Verify takes the body as received, before any JSON parser has seen it.
func Verify(secret string, header http.Header, body []byte) bool {
	id, timestamp := header.Get("webhook-id"), header.Get("webhook-timestamp")
	sent, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || time.Since(time.Unix(sent, 0)).Abs() > 5*time.Minute {
		return false
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	expected := []byte("v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	for _, each := range strings.Split(header.Get("webhook-signature"), " ") {
		if hmac.Equal([]byte(each), expected) {
			return true
		}
	}
	return false
}`,
    "curl + OpenSSL": `# The signature that a request with this id, timestamp and body must have:
key=$(printf %s "\${SECRET#whsec_}" | base64 -d | od -An -v -tx1 | tr -d ' \\n')
printf '%s.%s.%s' "$WEBHOOK_ID" "$WEBHOOK_TIMESTAMP" "$BODY" |
  openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | base64`,
    "Java": `import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

class Webhooks {
  // body: the bytes as received.
  static boolean verify(String secret, String id, String timestamp, String signatures, byte[] body) throws Exception {
    if (Math.abs(Instant.now().getEpochSecond() - Long.parseLong(timestamp)) > 300) return false;
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(Base64.getDecoder().decode(secret.replaceFirst("^whsec_", "")), "HmacSHA256"));
    mac.update((id + "." + timestamp + ".").getBytes(StandardCharsets.UTF_8));
    byte[] expected = ("v1," + Base64.getEncoder().encodeToString(mac.doFinal(body))).getBytes();
    return Arrays.stream(signatures.split(" ")).anyMatch(each -> MessageDigest.isEqual(each.getBytes(), expected));
  }
}`,
    "C#": `using System.Security.Cryptography;
using System.Text;

static class Webhooks {
    // body: the bytes as received.
    public static bool Verify(string secret, string id, string timestamp, string signatures, byte[] body) {
        if (Math.Abs(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - long.Parse(timestamp)) > 300) return false;
        var key = Convert.FromBase64String(secret.StartsWith("whsec_") ? secret[6..] : secret);
        byte[] message = [.. Encoding.UTF8.GetBytes($"{id}.{timestamp}."), .. body];
        var expected = Encoding.UTF8.GetBytes("v1," + Convert.ToBase64String(HMACSHA256.HashData(key, message)));
        return signatures.Split(' ').Any(each => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(each), expected));
    }
}`,
    "Ruby": `require "base64"
require "openssl"

# body: the bytes as received.
def verify(secret, headers, body)
  id, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
  return false if (Time.now.to_i - timestamp.to_i).abs > 300
  key = Base64.decode64(secret.delete_prefix("whsec_"))
  expected = "v1," + Base64.strict_encode64(OpenSSL::HMAC.digest("SHA256", key, "#{id}.#{timestamp}.#{body}"))
  headers["webhook-signature"].split(" ").any? { |each| OpenSSL.secure_compare(each, expected) }
end`,
    "PHP": `<?php
// $body: file_get_contents('php://input')
function verify(string $secret, string $id, string $timestamp, string $signatures, string $body): bool {
    if (abs(time() - (int) $timestamp) > 300) return false;
    $key = base64_decode(preg_replace('/^whsec_/', '', $secret));
    $expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$timestamp.$body", $key, true));
    foreach (explode(' ', $signatures) as $each) {
        if (hash_equals($expected, $each)) return true;
    }
    return false;
}`,
    "Rust": `// Cargo.toml: base64 = "0.22", hmac = "0.12", sha2 = "0.10"
use base64::{engine::general_purpose::STANDARD, Engine};
use hmac::{Hmac, Mac};
use std::time::{SystemTime, UNIX_EPOCH};

/// body: the bytes as received.
pub fn verify(secret: &str, id: &str, timestamp: &str, signatures: &str, body: &[u8]) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let Ok(sent) = timestamp.parse::<u64>() else { return false };
    if now.abs_diff(sent) > 300 { return false; }
    let Ok(key) = STANDARD.decode(secret.trim_start_matches("whsec_")) else { return false };
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    signatures.split(' ').filter_map(|each| each.strip_prefix("v1,"))
        .filter_map(|text| STANDARD.decode(text).ok())
        .any(|given| mac.clone().verify_slice(&given).is_ok())
}`,
    "C++": `#include <webhooks/webhooks.hpp>

// body: the bytes as received.
bool is_ours(const webhooks::Secret& secret, std::string id, std::string timestamp,
             std::string signature, std::string body) {
    return webhooks::verify(secret, {.id = id, .timestamp = timestamp, .signature = signature, .body = body},
                            std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now())).has_value();
}`,
};

/** @param shared what scripts/70-modules.js shares. @return the parts by name */
export default function verifyPages(shared) {
    const { html, useState, api, t, config, seconds, subscriptionPath, Code, Secret, Select } = shared;

    function Snippets() {
        const v = t.verify;
        const [language, setLanguage] = useState("Node.js");
        return html`<${Select} label=${v.language} value=${language} onInput=${setLanguage} options=${Object.keys(snippets).map((name) => [name, name])} />
            <${Code} label=${v.snippet} text=${snippets[language]} />`;
    }

    function Verify({ subscription }) {
        const v = t.verify;
        const schedule = config().retrySchedule ?? [];
        return html`<p class="lead">${v.lead}</p>
            <section><h2>${v.secret}</h2><${Secret} load=${async () => (await api.get(subscriptionPath(subscription.id))).subscription.secret} /></section>
            <section><h2>${v.snippet}</h2><${Snippets} /></section>
            <section><h2>${v.answers}</h2><dl class="settings">${v.codes.map(([code, meaning]) => html`<div><dt>${code}</dt><dd>${meaning}</dd></div>`)}</dl></section>
            ${schedule.length > 0 && html`<section><h2>${v.retries}</h2><p>${v.retriesHint} ${schedule.map(seconds).join(", ")}. ${v.retriesMore(seconds(schedule.at(-1)))}</p></section>`}
            ${config().egressAddresses?.length > 0 && html`<section><h2>${v.egress}</h2><p>${v.egressHint}</p><${Code} label=${v.egress} text=${config().egressAddresses.join("\n")} /></section>`}`;
    }

    return { Snippets, Verify };
}
