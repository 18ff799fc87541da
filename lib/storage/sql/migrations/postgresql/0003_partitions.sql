-- The log in partitions, which are dropped whole. Why they are as they are:
-- docs/decisions/0013-partitions-of-the-log.md.

-- Partition n of the message, the event and the attempt has the ids from n * width on. It ends by
-- time, long before its ids are used up.
CREATE FUNCTION webhooks_partition_width() RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
    SELECT 1::bigint << 30
$$;

CREATE VIEW webhooks_partition AS
SELECT substr(c.relname, length('webhooks_event_') + 1)::bigint AS number
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'webhooks_event'::regclass;

-- With the rights of the schema's owner, as the functions below: a service needs none to make tables.
CREATE FUNCTION webhooks_make_partition(number bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    width bigint = webhooks_partition_width();
    parent text;
BEGIN
    -- Whoever comes second finds it there: by its name, which a transaction sees whose snapshot is
    -- older. The lock is the one that it takes to attach a table; with a lock of a table a session
    -- also learns what has become of tables meanwhile.
    PERFORM pg_advisory_xact_lock('webhooks_message'::regclass::bigint);
    LOCK TABLE ONLY webhooks_event IN SHARE UPDATE EXCLUSIVE MODE;
    IF to_regclass('webhooks_event_' || number) IS NOT NULL THEN
        RETURN;
    END IF;
    -- To attach a table, other than to create it as a partition, keeps no one from publishing.
    FOREACH parent IN ARRAY ARRAY['webhooks_event', 'webhooks_message', 'webhooks_attempt'] LOOP
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', parent || '_' || number, parent);
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)',
                       parent, parent || '_' || number, number * width, (number + 1) * width);
    END LOOP;
END
$$;

-- The ids that are taken from now on lie in this partition, or behind it.
CREATE FUNCTION webhooks_turn_to_partition(number bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    last_id bigint = number * webhooks_partition_width() - 1;
BEGIN
    -- As webhooks_take_ids does it.
    BEGIN
        PERFORM pg_advisory_xact_lock('webhooks_event_id'::regclass::bigint);
        IF (SELECT s.last_value FROM webhooks_event_id s) < last_id THEN
            PERFORM setval('webhooks_event_id', last_id);
        END IF;
        RAISE EXCEPTION USING ERRCODE = 'WH000';
    EXCEPTION WHEN SQLSTATE 'WH000' THEN
        NULL;
    END;
END
$$;

-- The oldest partition that can be dropped, if there is one: ids are no longer taken from it, all of
-- its events are committed and were created before `oldest_kept`, none of them waits and none is in
-- a worker's memory.
-- Each statement sees what was committed before it. So what leaves a worker's memory is seen as
-- waiting, if it does wait. Nobody makes an event due meanwhile: the caller holds the lock of those
-- who erase events.
CREATE FUNCTION webhooks_expired_partition(oldest_kept bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    width bigint = webhooks_partition_width();
    settled bigint = webhooks_settled_id();
    part bigint;
    first_id bigint;
    last_id bigint;
BEGIN
    settled = least(settled, (SELECT min(w.low_water) FROM webhooks_worker w));
    FOR part IN SELECT p.number FROM webhooks_partition p ORDER BY p.number LOOP
        first_id = part * width;
        last_id = first_id + width - 1;
        EXIT WHEN last_id > settled OR oldest_kept <= (
            SELECT e.created_at FROM webhooks_event e
            WHERE e.id BETWEEN first_id AND last_id ORDER BY e.id DESC LIMIT 1);
        IF NOT EXISTS (SELECT 1 FROM webhooks_undelivered u
                       WHERE u.due_at IS NOT NULL AND u.event_id BETWEEN first_id AND last_id) THEN
            RETURN part;
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;

-- Waits for no lock for long, because publishers would wait behind it.
CREATE FUNCTION webhooks_drop_partition(number bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '15ms' AS $$
BEGIN
    -- It waits for the first lock alone: publishers lock the tables in either order, and would be the
    -- ones to fail of a deadlock. Hardly anyone has one of the others and not the first.
    LOCK TABLE ONLY webhooks_event IN ACCESS EXCLUSIVE MODE;
    LOCK TABLE ONLY webhooks_message, ONLY webhooks_attempt IN ACCESS EXCLUSIVE MODE NOWAIT;
    EXECUTE format('DROP TABLE %I, %I, %I', 'webhooks_event_' || number,
                   'webhooks_message_' || number, 'webhooks_attempt_' || number);
END
$$;

-- Makes the next partition, turns to it when the current one has been in use for `period`, and drops
-- one whose events were created longer than `keep_for` ago (0: none is dropped). Where a lock is not
-- to be had, it is tried again another time. Times are microseconds.
-- @return how many rows it deleted; `most` also where it dropped a partition, which is to be
-- committed at once.
CREATE FUNCTION webhooks_tend_partitions(present bigint, keep_for bigint, period bigint, most bigint)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '15ms' AS $$
DECLARE
    width bigint = webhooks_partition_width();
    part bigint = ((SELECT s.last_value FROM webhooks_event_id s) + 1) / width;
    expired bigint;
    erased bigint;
    is_made boolean = false;
BEGIN
    BEGIN
        PERFORM webhooks_make_partition(n) FROM generate_series(part, part + 1) n
        WHERE to_regclass('webhooks_event_' || n) IS NULL;
        is_made = FOUND;
        IF keep_for > 0 AND present - period >= (
            SELECT e.created_at FROM webhooks_event e
            WHERE e.id >= part * width ORDER BY e.id LIMIT 1) THEN
            PERFORM webhooks_turn_to_partition(part + 1);
        END IF;
    EXCEPTION WHEN lock_not_available THEN
        NULL;
    END;
    -- The lock that it took to make one is not to be held while waiting for another.
    IF keep_for = 0 OR is_made THEN
        RETURN 0;
    END IF;
    expired = webhooks_expired_partition(present - keep_for);
    BEGIN
        IF expired IS NOT NULL THEN
            PERFORM webhooks_drop_partition(expired);
            RETURN most;
        END IF;
        -- What is left of events that ended otherwise than delivered, where their partition is gone.
        DELETE FROM webhooks_undelivered WHERE (subscription_id, event_id) IN (
            SELECT u.subscription_id, u.event_id
            FROM (SELECT coalesce(lag(p.number) OVER (ORDER BY p.number) + 1, 0) * width AS first_id,
                         p.number * width - 1 AS last_id FROM webhooks_partition p) gap
            CROSS JOIN LATERAL (
                SELECT n.subscription_id, n.event_id FROM webhooks_undelivered n
                WHERE n.due_at IS NULL AND n.event_id BETWEEN gap.first_id AND gap.last_id
                LIMIT most) u
            WHERE gap.first_id <= gap.last_id LIMIT most);
        GET DIAGNOSTICS erased = ROW_COUNT;
        RETURN erased;
    EXCEPTION WHEN lock_not_available THEN
        RETURN 0;
    END;
END
$$;

CREATE INDEX webhooks_undelivered_waiting ON webhooks_undelivered (event_id)
    WHERE due_at IS NOT NULL;

CREATE INDEX webhooks_undelivered_ended ON webhooks_undelivered (event_id) WHERE due_at IS NULL;

REVOKE ALL ON FUNCTION webhooks_partition_width, webhooks_make_partition, webhooks_turn_to_partition, webhooks_expired_partition, webhooks_drop_partition,
    webhooks_tend_partitions FROM PUBLIC;

SELECT webhooks_make_partition(0);

SELECT webhooks_make_partition(1);
