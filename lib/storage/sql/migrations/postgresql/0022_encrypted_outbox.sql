-- Publishing in a host's own transaction where payloads are encrypted: docs/encryption.md.

-- The data key that encrypts the payload; 0: it is plain.
ALTER TABLE webhooks_unmatched ADD COLUMN key_id BIGINT NOT NULL DEFAULT 0;

-- As before, with a data key.
CREATE FUNCTION webhooks_append(
    first_id bigint, subscriptions bigint[], event_type text, content_type text, payload text,
    expires_at bigint, due_at bigint, created_at bigint, ordering_key text, key_id bigint) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
#variable_conflict use_variable
DECLARE
    tag bigint = hashtextextended(gen_random_uuid()::text, 0);
BEGIN
    INSERT INTO webhooks_message
        (id, event_count, event_type, content_type, payload, expires_at, ordering_key, key_id)
    VALUES (first_id, cardinality(subscriptions), event_type, content_type, payload, expires_at,
            ordering_key, key_id);
    INSERT INTO webhooks_event
        (id, subscription_id, message_id, worker_id, worker_tag, created_at)
    SELECT first_id + s.place - 1, s.id, first_id, 0, tag, created_at
    FROM unnest(subscriptions) WITH ORDINALITY AS s(id, place);
    INSERT INTO webhooks_undelivered (subscription_id, event_id, due_at, attempts, tries,
                                      claimed_by, claim_number, is_deferred)
    SELECT s.id, first_id + s.place - 1, due_at, 0, 0, 0, 0, 0
    FROM unnest(subscriptions) WITH ORDINALITY AS s(id, place);
    IF ordering_key IS NOT NULL THEN
        -- Workers find out what waits for what.
        INSERT INTO webhooks_ordered (event_id, subscription_id, ordering_key, worker_id)
        SELECT first_id + s.place - 1, s.id, ordering_key, 0
        FROM unnest(subscriptions) WITH ORDINALITY AS s(id, place);
    END IF;
END
$$;

-- The digest of what is published with an idempotency key.
CREATE FUNCTION webhooks_digest(event_type text, content_type text, owner text, due bigint,
                                expiry bigint, payload text, ordering_key text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    -- Each part with its length before it, so that none runs into the next.
    SELECT encode(sha256(convert_to((
        SELECT string_agg(octet_length(p.part) || ':' || p.part, '' ORDER BY p.place)
        FROM unnest(ARRAY[event_type, content_type, owner, coalesce(due::text, ''),
                          coalesce(expiry::text, ''), payload, ordering_key])
        WITH ORDINALITY AS p(part, place)), 'UTF8')), 'hex')
$$;

-- Publishes what is stored as it is given. @param digests the stored one first, then others of the
-- same content; null: that of the payload. @param key_id the data key that encrypts the payload; 0:
-- it is plain. @param wrapped if the data key is new, its row, which is written if it is used.
CREATE FUNCTION webhooks_publish_stored(
    event_type text, payload text, user_id text, idempotency_key text, content_type text,
    deliver_at timestamptz, expires_at timestamptz, ordering_key text, digests text[],
    key_id bigint, wrapped text, kek_id text, OUT event_ids bigint[], OUT is_replay boolean)
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
#variable_conflict use_variable
DECLARE
    present bigint = (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
    due bigint = (extract(epoch FROM deliver_at) * 1000000)::bigint;
    expiry bigint = (extract(epoch FROM expires_at) * 1000000)::bigint;
    owner text = coalesce(user_id, '');
    fault record;
    subscriptions bigint[];
    filtering bigint[];
    max_bytes integer = CASE WHEN key_id = 0 THEN 16777216 ELSE 22369660 END;
    earlier text;
    first_id bigint = 0;
    how_many bigint;
    place bigint;
BEGIN
    PERFORM webhooks_check_event_type(event_type);
    SELECT f.field, f.message INTO fault FROM (VALUES
        ('payload', 'must be at most 16777216 bytes', octet_length(payload) <= max_bytes),
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
            expiry IS NULL OR expiry > greatest(present, due)),
        ('ordering_key', 'must be UTF-8 without U+0000, 1 to 256 bytes',
            ordering_key IS NULL OR octet_length(ordering_key) BETWEEN 1 AND 256),
        ('ordering_key', 'cannot be combined with deliverAt',
            ordering_key IS NULL OR due IS NULL)
        ) AS f(field, message, is_right) WHERE f.is_right IS NOT TRUE LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '% %', fault.field, fault.message USING
            ERRCODE = 'invalid_parameter_value', COLUMN = fault.field;
    END IF;

    IF idempotency_key IS NOT NULL THEN
        digests = coalesce(digests, ARRAY[webhooks_digest(event_type, content_type, owner, due,
                                                          expiry, payload, ordering_key)]);
        PERFORM pg_advisory_xact_lock(webhooks_key_lock(owner, idempotency_key));
    END IF;

    IF ordering_key IS NOT NULL THEN
        -- Before the ids are taken: whoever sees a higher id with this key knows of lower ones.
        PERFORM pg_advisory_xact_lock_shared(webhooks_ordering_lock(ordering_key));
    END IF;

    -- Behind what is still to be judged for a subscription, events with the same key are judged, too.
    SELECT coalesce(array_agg(s.id ORDER BY s.id) FILTER (WHERE NOT s.waits), '{}'),
        coalesce(array_agg(s.id) FILTER (WHERE s.waits), '{}')
        INTO subscriptions, filtering
        FROM (SELECT s.*, s.filter <> '' OR ordering_key IS NOT NULL AND EXISTS (
            SELECT 1 FROM webhooks_unmatched u
            WHERE u.ordering_key = webhooks_publish_stored.ordering_key
            AND s.id = ANY (u.subscriptions)) AS waits FROM webhooks_subscription s) s
        WHERE s.deletion = 0 AND s.is_active = 1 AND (user_id IS NULL OR s.user_id = user_id)
        AND s.event_type = ANY (ARRAY[event_type, '*'] || array(
            SELECT left(event_type, n) || '*' FROM generate_series(1, length(event_type)) n
            WHERE substr(event_type, n, 1) = '.'));
    how_many = cardinality(subscriptions);
    IF how_many > 0 OR ordering_key IS NOT NULL AND cardinality(filtering) > 0 THEN
        place = webhooks_take_ids(greatest(how_many, 1));
    END IF;
    IF how_many > 0 THEN
        first_id = place;
    END IF;

    is_replay = false;
    IF idempotency_key IS NOT NULL THEN
        -- Waits for a transaction that has published with this key.
        INSERT INTO webhooks_idempotency_key AS k
            (scope, key, digest, first_event_id, event_count, created_at)
        VALUES (owner, idempotency_key, digests[1], first_id, how_many, present)
        ON CONFLICT ON CONSTRAINT webhooks_idempotency_key_pkey DO UPDATE SET
            digest = excluded.digest, first_event_id = excluded.first_event_id,
            event_count = excluded.event_count, created_at = excluded.created_at
            WHERE k.created_at <= present - 86400000000;
        IF NOT FOUND THEN
            is_replay = true;
            SELECT k.digest, k.first_event_id, k.event_count INTO earlier, first_id, how_many
            FROM webhooks_idempotency_key k WHERE k.scope = owner AND k.key = idempotency_key;
            IF earlier IS NULL OR earlier <> ALL (digests) THEN
                RAISE EXCEPTION 'the idempotency key was used for other content within 24 hours'
                    USING ERRCODE = 'unique_violation';
            END IF;
        END IF;
    END IF;

    event_ids = array(SELECT generate_series(first_id, first_id + how_many - 1));
    IF is_replay THEN
        RETURN;
    END IF;
    IF wrapped IS NOT NULL AND (how_many > 0 OR cardinality(filtering) > 0) THEN
        INSERT INTO webhooks_data_key (id, wrapped, kek_id, user_id, created_at)
        VALUES (key_id, wrapped, kek_id, owner, present);
    END IF;
    IF how_many > 0 THEN
        PERFORM webhooks_append(first_id, subscriptions, event_type, content_type, payload, expiry,
                                greatest(present, due), present, ordering_key, key_id);
    END IF;
    IF cardinality(filtering) > 0 THEN
        INSERT INTO webhooks_unmatched (event_type, content_type, payload, expires_at, due_at,
                                        created_at, subscriptions, ordering_key, place, key_id)
        VALUES (event_type, content_type, payload, expiry, greatest(present, due), present,
                filtering, ordering_key, place, key_id);
    END IF;
    IF how_many > 0 OR cardinality(filtering) > 0 THEN
        PERFORM pg_notify(current_schema(), '');
    END IF;
END
$$;

-- As above, of plain text. It runs with the rights of the owner of the schema, so that who publishes
-- needs none on the tables.
CREATE OR REPLACE FUNCTION webhooks_publish_receipt(
    event_type text, payload text, user_id text, idempotency_key text, content_type text,
    deliver_at timestamptz, expires_at timestamptz, ordering_key text DEFAULT NULL,
    OUT event_ids bigint[], OUT is_replay boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
#variable_conflict use_variable
BEGIN
    IF (SELECT s.encrypts_payloads FROM webhooks_state s) = 1 THEN
        RAISE EXCEPTION 'the payloads in this database are encrypted, and SQL has no keys' USING
            ERRCODE = 'feature_not_supported',
            HINT = 'Publish by the service, or in C++ by publish_in_transaction with its keys.';
    END IF;
    SELECT s.event_ids, s.is_replay INTO event_ids, is_replay FROM webhooks_publish_stored(
        event_type, payload, user_id, idempotency_key, content_type, deliver_at, expires_at,
        ordering_key, NULL, 0, NULL, NULL) s;
END
$$;

-- As above, of what the caller has encrypted.
CREATE FUNCTION webhooks_publish_encrypted(
    event_type text, payload text, user_id text, idempotency_key text, content_type text,
    deliver_at timestamptz, expires_at timestamptz, ordering_key text, digests text[],
    key_id bigint, wrapped text, kek_id text, OUT event_ids bigint[], OUT is_replay boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
#variable_conflict use_variable
BEGIN
    IF NOT coalesce(key_id BETWEEN 1 AND (SELECT s.last_value FROM webhooks_data_key_id_seq s),
                    false) THEN
        RAISE EXCEPTION 'key_id must be from webhooks_publish_keys' USING
            ERRCODE = 'invalid_parameter_value', COLUMN = 'key_id';
    END IF;
    SELECT s.event_ids, s.is_replay INTO event_ids, is_replay FROM webhooks_publish_stored(
        event_type, payload, user_id, idempotency_key, content_type, deliver_at, expires_at,
        ordering_key, digests, key_id, wrapped, kek_id) s;
END
$$;

-- What it is encrypted with: the newest data key of secrets, for digests, and the newest one of the
-- user that is not older than max_age, in microseconds, and later than `after`. Data keys are
-- encrypted themselves. If the user has none, key_id is the id of a new one, without `wrapped`. If
-- payloads are not encrypted, all are null.
CREATE FUNCTION webhooks_publish_keys(
    user_id text, max_age bigint, after bigint, OUT settings_id bigint, OUT settings_wrapped text,
    OUT settings_kek_id text, OUT key_id bigint, OUT wrapped text, OUT kek_id text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
#variable_conflict use_variable
DECLARE
    oldest bigint = (extract(epoch FROM clock_timestamp()) * 1000000)::bigint - max_age;
BEGIN
    IF (SELECT s.encrypts_payloads FROM webhooks_state s) <> 1 THEN
        RETURN;
    END IF;
    SELECT k.id, k.wrapped, k.kek_id INTO settings_id, settings_wrapped, settings_kek_id
        FROM webhooks_data_key k WHERE k.user_id IS NULL ORDER BY k.id DESC LIMIT 1;
    SELECT k.id, k.wrapped, k.kek_id INTO key_id, wrapped, kek_id FROM webhooks_data_key k
        WHERE k.user_id = coalesce(user_id, '') AND k.destroyed_at IS NULL
        AND k.created_at > oldest AND k.id > after ORDER BY k.id DESC LIMIT 1;
    IF key_id IS NULL THEN
        key_id = nextval(pg_get_serial_sequence('webhooks_data_key', 'id'));
    END IF;
END
$$;

REVOKE ALL ON FUNCTION
    webhooks_append(bigint, bigint[], text, text, text, bigint, bigint, bigint, text, bigint),
    webhooks_digest, webhooks_publish_stored, webhooks_publish_encrypted, webhooks_publish_keys
    FROM PUBLIC;

-- Who may call the function that is replaced may call the new one.
DO $$
DECLARE
    replaced regprocedure =
        'webhooks_append(bigint, bigint[], text, text, text, bigint, bigint, bigint, text)';
    grantee text;
BEGIN
    FOR grantee IN
        SELECT coalesce(quote_ident(r.rolname), 'PUBLIC')
        FROM pg_proc p CROSS JOIN LATERAL aclexplode(p.proacl) a
        LEFT JOIN pg_roles r ON r.oid = a.grantee
        WHERE p.oid = replaced AND a.privilege_type = 'EXECUTE' AND a.grantee <> p.proowner
    LOOP
        EXECUTE 'GRANT EXECUTE ON FUNCTION webhooks_append(bigint, bigint[], text, text, text, '
            'bigint, bigint, bigint, text, bigint) TO ' || grantee;
    END LOOP;
END
$$;

DROP FUNCTION webhooks_append(bigint, bigint[], text, text, text, bigint, bigint, bigint, text);
