-- A trace context (webhooks/trace.hpp): its two headers, each on a line; null without one.
ALTER TABLE webhooks_message ADD COLUMN trace TEXT;
