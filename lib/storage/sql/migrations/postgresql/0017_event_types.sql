-- Event types that explain themselves: docs/event-types.md.

ALTER TABLE webhooks_event_type ADD COLUMN type_group TEXT COLLATE "C" NOT NULL DEFAULT '';

-- A JSON Schema of its payloads, and one of them; empty: none.
ALTER TABLE webhooks_event_type ADD COLUMN json_schema TEXT COLLATE "C" NOT NULL DEFAULT '';

ALTER TABLE webhooks_event_type ADD COLUMN example TEXT COLLATE "C" NOT NULL DEFAULT '';

-- Null: it is not deprecated.
ALTER TABLE webhooks_event_type ADD COLUMN deprecated_at BIGINT;

ALTER TABLE webhooks_event_type ADD COLUMN successor TEXT COLLATE "C" NOT NULL DEFAULT '';

ALTER TABLE webhooks_event_type ADD COLUMN note TEXT COLLATE "C" NOT NULL DEFAULT '';

-- Set: it is neither published nor newly subscribed to.
ALTER TABLE webhooks_event_type ADD COLUMN retired_at BIGINT;

-- 0: it was registered before this was recorded.
ALTER TABLE webhooks_event_type ADD COLUMN created_at BIGINT NOT NULL DEFAULT 0;

ALTER TABLE webhooks_event_type ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;

-- Of its latest change.
ALTER TABLE webhooks_event_type ADD COLUMN revision BIGINT NOT NULL DEFAULT 1;

-- Raises an error unless events of this type may be published.
CREATE FUNCTION webhooks_check_event_type(event_type text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
#variable_conflict use_variable
DECLARE
    found_type record;
BEGIN
    SELECT t.retired_at, t.successor INTO found_type
    FROM webhooks_event_type t WHERE t.name = event_type;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'event_type is not a registered event type' USING
            ERRCODE = 'invalid_parameter_value', COLUMN = 'event_type',
            HINT = 'The table webhooks_event_type lists those that are; '
                'the service registers more.';
    END IF;
    IF found_type.retired_at IS NOT NULL THEN
        RAISE EXCEPTION 'event_type was retired%', CASE WHEN found_type.successor <> ''
            THEN '; use ''' || found_type.successor || ''' instead' ELSE '' END USING
            ERRCODE = 'invalid_parameter_value', COLUMN = 'event_type',
            HINT = 'Registering it again by the service revives it.';
    END IF;
END
$$;

REVOKE ALL ON FUNCTION webhooks_check_event_type FROM PUBLIC;

-- Publishes as WebhookService::publish does, in the transaction that it is called in. Whatever else
-- that does, the events exist once it is committed. It runs with the rights of the owner of the
-- schema, so that who publishes needs none on the tables.
CREATE OR REPLACE FUNCTION webhooks_publish_receipt(
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
    filtering bigint[];
    content text;
    earlier text;
    first_id bigint = 0;
    how_many bigint;
BEGIN
    IF (SELECT s.encrypts_payloads FROM webhooks_state s) = 1 THEN
        RAISE EXCEPTION 'the payloads in this database are encrypted, and SQL has no keys' USING
            ERRCODE = 'feature_not_supported', HINT = 'Publish by the service.';
    END IF;
    PERFORM webhooks_check_event_type(event_type);
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

    SELECT coalesce(array_agg(s.id ORDER BY s.id) FILTER (WHERE s.filter = ''), '{}'),
        coalesce(array_agg(s.id) FILTER (WHERE s.filter <> ''), '{}')
        INTO subscriptions, filtering
        FROM webhooks_subscription s
        WHERE s.deletion = 0 AND s.is_active = 1 AND (user_id IS NULL OR s.user_id = user_id)
        AND s.event_type = ANY (ARRAY[event_type, '*'] || array(
            SELECT left(event_type, n) || '*' FROM generate_series(1, length(event_type)) n
            WHERE substr(event_type, n, 1) = '.'));
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
    IF is_replay THEN
        RETURN;
    END IF;
    IF how_many > 0 THEN
        PERFORM webhooks_append(first_id, subscriptions, event_type, content_type, payload, expiry,
                                greatest(present, due), present);
    END IF;
    IF cardinality(filtering) > 0 THEN
        INSERT INTO webhooks_unmatched (event_type, content_type, payload, expires_at, due_at,
                                        created_at, subscriptions)
        VALUES (event_type, content_type, payload, expiry, greatest(present, due), present,
                filtering);
    END IF;
    IF how_many > 0 OR cardinality(filtering) > 0 THEN
        PERFORM pg_notify(current_schema(), '');
    END IF;
END
$$;
