// A server with the portal, and links to it.

import assert from "node:assert/strict";
import { Server } from "./server.js";

/** A server with three event types, in memory. */
export async function startServer(t, args = []) {
  const server = await Server.start(t, {
    args: ["--storage", "memory:", "--portal.public-url", "http://portal.invalid/",
      "--event-type", "order.created=An order was placed", "--event-type", "order.shipped=An order left the warehouse",
      "--event-type", "invoice.paid=An invoice was paid", ...args],
  });
  server.origin = new URL(server.base).origin;
  return server;
}

/** A new link, on the address that this machine reaches. */
export async function linkFor(server, session) {
  const made = await server.post("/portal-sessions", session);
  assert.equal(made.status, 200, made.text);
  return { ...made.body.session, url: made.body.session.url.replace("http://portal.invalid", server.origin) };
}

/** Waits for the page with exactly this heading: "Edit X" is another one than "X". */
export const heading = (page, name) => page.getByRole("heading", { name, exact: true, level: 1 }).waitFor();
