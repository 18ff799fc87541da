-- As on SQLite: migrations/sqlite/0023_pull.sql.

ALTER TABLE webhooks_subscription ADD COLUMN delivery TEXT COLLATE "C" NOT NULL DEFAULT 'push';

ALTER TABLE webhooks_message ADD COLUMN deliver_at BIGINT;

-- As before. Events that are only read from feeds have no worker, and nothing more.
CREATE OR REPLACE FUNCTION webhooks_append(
    first_id bigint, subscriptions bigint[], event_type text, content_type text, payload text,
    expires_at bigint, due_at bigint, created_at bigint, ordering_key text, key_id bigint) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
#variable_conflict use_variable
DECLARE
    tag bigint = hashtextextended(gen_random_uuid()::text, 0);
    pushed bigint[] = array(SELECT s.id FROM webhooks_subscription s
                            WHERE s.id = ANY (subscriptions) AND s.delivery = 'push');
BEGIN
    INSERT INTO webhooks_message
        (id, event_count, event_type, content_type, payload, expires_at, ordering_key, key_id,
         deliver_at)
    VALUES (first_id, cardinality(subscriptions), event_type, content_type, payload, expires_at,
            ordering_key, key_id, CASE WHEN due_at > created_at THEN due_at END);
    INSERT INTO webhooks_event
        (id, subscription_id, message_id, worker_id, worker_tag, created_at)
    SELECT first_id + s.place - 1, s.id, first_id, 0, tag, created_at
    FROM unnest(subscriptions) WITH ORDINALITY AS s(id, place);
    INSERT INTO webhooks_undelivered (subscription_id, event_id, due_at, attempts, tries,
                                      claimed_by, claim_number, is_deferred)
    SELECT s.id, first_id + s.place - 1, due_at, 0, 0, 0, 0, 0
    FROM unnest(subscriptions) WITH ORDINALITY AS s(id, place) WHERE s.id = ANY (pushed);
    IF ordering_key IS NOT NULL THEN
        -- Workers find out what waits for what.
        INSERT INTO webhooks_ordered (event_id, subscription_id, ordering_key, worker_id)
        SELECT first_id + s.place - 1, s.id, ordering_key, 0
        FROM unnest(subscriptions) WITH ORDINALITY AS s(id, place) WHERE s.id = ANY (pushed);
    END IF;
END
$$;
