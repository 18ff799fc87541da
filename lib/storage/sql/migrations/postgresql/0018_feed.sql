-- What readers of feeds need to know of the log: docs/feed.md. The tag tells one database from
-- another; the retention has deleted no event above last_purged, and purges grows with what it deletes.
CREATE TABLE webhooks_feed (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    tag BIGINT NOT NULL,
    last_purged BIGINT NOT NULL,
    purges BIGINT NOT NULL
);

-- What was deleted earlier is not known; there are no cursors from then.
INSERT INTO webhooks_feed VALUES (1, ('x' || md5(random()::text || clock_timestamp()::text))::bit(64)::bigint, 0, 0);

-- Waits for no lock for long, because publishers would wait behind it.
CREATE OR REPLACE FUNCTION webhooks_drop_partition(number bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '15ms' AS $$
DECLARE
    last_id bigint;
BEGIN
    -- It waits for the first lock alone: publishers lock the tables in either order, and would be the
    -- ones to fail of a deadlock. Hardly anyone has one of the others and not the first.
    LOCK TABLE ONLY webhooks_event IN ACCESS EXCLUSIVE MODE;
    LOCK TABLE ONLY webhooks_message, ONLY webhooks_attempt IN ACCESS EXCLUSIVE MODE NOWAIT;
    EXECUTE format('SELECT max(id) FROM %I', 'webhooks_event_' || number) INTO last_id;
    EXECUTE format('DROP TABLE %I, %I, %I', 'webhooks_event_' || number,
                   'webhooks_message_' || number, 'webhooks_attempt_' || number);
    IF last_id IS NOT NULL THEN
        UPDATE webhooks_feed SET purges = purges + 1, last_purged = greatest(last_purged, last_id);
    END IF;
END
$$;
