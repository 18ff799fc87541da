-- Publishing inside a host's own transaction. Why ids are taken and shown as they are:
-- docs/decisions/0012-ids-from-a-sequence.md.

-- Not a row, which whoever takes an id would hold until its transaction ends.
CREATE SEQUENCE webhooks_event_id MINVALUE 0 START 0 MAXVALUE 9007199254740991;

SELECT setval('webhooks_event_id', (SELECT last_event_id FROM webhooks_state));

ALTER TABLE webhooks_state DROP COLUMN last_event_id;

CREATE INDEX webhooks_subscription_pattern ON webhooks_subscription (event_type)
    WHERE deletion = 0 AND is_active = 1;

-- The advisory locks of this database that are held, as those who take them name them.
CREATE VIEW webhooks_advisory_lock AS
SELECT l.classid::bigint << 32 | l.objid::bigint AS key, l.mode
FROM pg_locks l JOIN pg_database d ON d.oid = l.database
WHERE d.datname = current_database() AND l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted;

-- The upper 11 bits of the advisory locks by which transactions of this schema announce their ids.
-- Negative, away from small numbers that a host may use.
CREATE FUNCTION webhooks_announcements() RETURNS bigint
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT 'webhooks_event_id'::regclass::oid::bigint % 1024 - 1024
$$;

-- Takes consecutive ids, which lie in one partition. @return the first.
CREATE FUNCTION webhooks_take_ids(how_many bigint) RETURNS bigint
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    setting text = 'webhooks.announced_' || 'webhooks_event_id'::regclass::oid;
    width bigint = webhooks_partition_width();
    newest bigint;
    first_id bigint;
BEGIN
    -- Tells others that the ids are above this one. Once is enough until the transaction ends.
    IF current_setting(setting, true) IS DISTINCT FROM 'yes' THEN
        newest = (SELECT s.last_value FROM webhooks_event_id s);
        PERFORM pg_advisory_xact_lock_shared(webhooks_announcements() << 53 | newest);
        PERFORM set_config(setting, 'yes', true);
    END IF;
    -- The block is rolled back in order that its lock ends here, whatever happens, and not with the
    -- transaction. What was done to a sequence stays done.
    BEGIN
        PERFORM pg_advisory_xact_lock('webhooks_event_id'::regclass::bigint);
        first_id = nextval('webhooks_event_id');
        IF first_id / width < (first_id + how_many - 1) / width THEN
            first_id = (first_id / width + 1) * width;
        END IF;
        PERFORM setval('webhooks_event_id', first_id + how_many - 1);
        RAISE EXCEPTION USING ERRCODE = 'WH000';
    EXCEPTION WHEN SQLSTATE 'WH000' THEN
        NULL;
    END;
    IF to_regclass('webhooks_event_' || first_id / width) IS NULL THEN
        PERFORM webhooks_make_partition(first_id / width);
    END IF;
    -- Whoever makes a partition is waited for until all sessions are told of it, which is a moment
    -- after its commit. This one listens when it takes a lock of a table that it does not hold.
    BEGIN
        PERFORM pg_advisory_xact_lock_shared('webhooks_message'::regclass::bigint);
        LOCK TABLE webhooks_schema IN ROW SHARE MODE;
        RAISE EXCEPTION USING ERRCODE = 'WH000';
    EXCEPTION WHEN SQLSTATE 'WH000' THEN
        NULL;
    END;
    RETURN first_id;
END
$$;

-- No transaction that is not over yet has taken an id up to this one. A reader asks before its
-- snapshot is taken.
CREATE FUNCTION webhooks_settled_id() RETURNS bigint
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    -- Before the locks are read.
    newest bigint = (SELECT s.last_value FROM webhooks_event_id s);
    mask bigint = (1::bigint << 53) - 1;
BEGIN
    RETURN least(newest, (
        SELECT min(l.key & mask) FROM webhooks_advisory_lock l
        WHERE l.mode = 'ShareLock' AND l.key >> 53 = webhooks_announcements()));
END
$$;

-- The advisory lock of an idempotency key: a host's transaction that has published with the key
-- holds it until it ends. Workers look at it, because they must not wait that long.
CREATE FUNCTION webhooks_key_lock(scope text, key text) RETURNS bigint
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT hashtextextended((length(scope) || ' ' || scope || key) COLLATE "C",
                            'webhooks_idempotency_key'::regclass::oid::bigint)
$$;

-- Publishes as WebhookService::publish does, in the transaction that it is called in. Whatever else
-- that does, the events exist once it is committed. It runs with the rights of the owner of the
-- schema, so that who publishes needs none on the tables.
CREATE FUNCTION webhooks_publish_receipt(
    event_type text, payload text, user_id text, idempotency_key text, content_type text,
    deliver_at timestamptz, expires_at timestamptz, OUT event_ids bigint[], OUT is_replay boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
#variable_conflict use_variable
DECLARE
    present bigint = (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
    due bigint = (extract(epoch FROM deliver_at) * 1000000)::bigint;
    expiry bigint = (extract(epoch FROM expires_at) * 1000000)::bigint;
    owner text = coalesce(user_id, '');
    fault record;
    subscriptions bigint[];
    content text;
    earlier text;
    first_id bigint = 0;
    how_many bigint;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM webhooks_event_type t WHERE t.name = event_type) THEN
        RAISE EXCEPTION 'event_type is not a registered event type' USING
            ERRCODE = 'invalid_parameter_value', COLUMN = 'event_type',
            HINT = 'The table webhooks_event_type lists those that are; '
                'the service registers more.';
    END IF;
    SELECT f.field, f.message INTO fault FROM (VALUES
        ('payload', 'must be at most 16777216 bytes', octet_length(payload) <= 16777216),
        ('content_type', 'must be 1 to 128 printable ASCII characters',
            content_type ~ '^[ -~]{1,128}$'),
        ('user_id', 'must be 1 to 256 bytes of UTF-8',
            user_id IS NULL OR octet_length(user_id) BETWEEN 1 AND 256),
        ('idempotency_key', 'must be 1 to 256 printable ASCII characters',
            idempotency_key IS NULL
            OR length(idempotency_key) <= 256 AND idempotency_key ~ '^[ -~]+$'),
        ('deliver_at', 'must be at most 366 days ahead',
            due IS NULL OR due <= present + 366 * 86400000000),
        ('expires_at', 'must be later than now and than deliver_at',
            expiry IS NULL OR expiry > greatest(present, due))
        ) AS f(field, message, is_right) WHERE f.is_right IS NOT TRUE LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '% %', fault.field, fault.message USING
            ERRCODE = 'invalid_parameter_value', COLUMN = fault.field;
    END IF;

    IF idempotency_key IS NOT NULL THEN
        -- Each part with its length before it, so that none runs into the next.
        content = encode(sha256(convert_to((
            SELECT string_agg(octet_length(p.part) || ':' || p.part, '' ORDER BY p.place)
            FROM unnest(ARRAY[event_type, content_type, owner, coalesce(due::text, ''),
                              coalesce(expiry::text, ''), payload])
            WITH ORDINALITY AS p(part, place)), 'UTF8')), 'hex');
        PERFORM pg_advisory_xact_lock(webhooks_key_lock(owner, idempotency_key));
    END IF;

    subscriptions = array(
        SELECT s.id FROM webhooks_subscription s
        WHERE s.deletion = 0 AND s.is_active = 1 AND (user_id IS NULL OR s.user_id = user_id)
        AND s.event_type = ANY (ARRAY[event_type, '*'] || array(
            SELECT left(event_type, n) || '*' FROM generate_series(1, length(event_type)) n
            WHERE substr(event_type, n, 1) = '.'))
        ORDER BY s.id);
    how_many = cardinality(subscriptions);
    IF how_many > 0 THEN
        first_id = webhooks_take_ids(how_many);
    END IF;

    is_replay = false;
    IF idempotency_key IS NOT NULL THEN
        -- Waits for a transaction that has published with this key.
        INSERT INTO webhooks_idempotency_key AS k
            (scope, key, digest, first_event_id, event_count, created_at)
        VALUES (owner, idempotency_key, content, first_id, how_many, present)
        ON CONFLICT ON CONSTRAINT webhooks_idempotency_key_pkey DO UPDATE SET
            digest = excluded.digest, first_event_id = excluded.first_event_id,
            event_count = excluded.event_count, created_at = excluded.created_at
            WHERE k.created_at <= present - 86400000000;
        IF NOT FOUND THEN
            is_replay = true;
            SELECT k.digest, k.first_event_id, k.event_count INTO earlier, first_id, how_many
            FROM webhooks_idempotency_key k WHERE k.scope = owner AND k.key = idempotency_key;
            IF earlier IS DISTINCT FROM content THEN
                RAISE EXCEPTION 'the idempotency key was used for other content within 24 hours'
                    USING ERRCODE = 'unique_violation';
            END IF;
        END IF;
    END IF;

    event_ids = array(SELECT generate_series(first_id, first_id + how_many - 1));
    IF how_many > 0 AND NOT is_replay THEN
        INSERT INTO webhooks_message
            (id, event_count, event_type, content_type, payload, expires_at)
        VALUES (first_id, how_many, event_type, content_type, payload, expiry);
        -- Of no worker, under a tag of its own. Free and due, for whichever worker is first.
        INSERT INTO webhooks_event
            (id, subscription_id, message_id, worker_id, worker_tag, created_at)
        SELECT e.id, e.subscription, first_id, 0, t.tag, present
        FROM unnest(event_ids, subscriptions) AS e(id, subscription),
             (SELECT hashtextextended(gen_random_uuid()::text, 0) AS tag) t;
        INSERT INTO webhooks_undelivered (subscription_id, event_id, due_at, attempts, tries,
                                          claimed_by, claim_number, is_deferred)
        SELECT e.subscription, e.id, greatest(present, due), 0, 0, 0, 0, 0
        FROM unnest(event_ids, subscriptions) AS e(id, subscription);
        PERFORM pg_notify(current_schema(), '');
    END IF;
END
$$;

-- As above, for hands: @return the ids of the events, one for each subscription that matched.
CREATE FUNCTION webhooks_publish(
    event_type text, payload text, user_id text DEFAULT NULL, idempotency_key text DEFAULT NULL,
    content_type text DEFAULT 'application/json', deliver_at timestamptz DEFAULT NULL,
    expires_at timestamptz DEFAULT NULL) RETURNS bigint[]
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT r.event_ids FROM webhooks_publish_receipt(
        event_type, payload, user_id, idempotency_key, content_type, deliver_at, expires_at) r
$$;

-- Who may publish is granted it by name.
REVOKE ALL ON FUNCTION webhooks_announcements, webhooks_take_ids, webhooks_settled_id,
    webhooks_key_lock, webhooks_publish_receipt, webhooks_publish FROM PUBLIC;
