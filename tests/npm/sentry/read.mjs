// Reads envelopes with the parser of Sentry's own client; they come as base64 on standard input, what was read goes to standard output.
import { readFileSync } from "node:fs";
import { parseEnvelope } from "@sentry/core";

const envelopes = JSON.parse(readFileSync(0, "utf8")).map((text) => {
  const [header, items] = parseEnvelope(new Uint8Array(Buffer.from(text, "base64")));
  // An item with a length is given as bytes, cut by that length.
  return { header, items: items.map(([{ type }, payload]) => ({ type, payload: JSON.parse(Buffer.from(payload).toString("utf8")) })) };
});
process.stdout.write(JSON.stringify(envelopes));
