-- As on SQLite: migrations/sqlite/0025_fan_outs.sql.
CREATE TABLE webhooks_fan_out (
    first_event_id BIGINT PRIMARY KEY,
    user_id TEXT COLLATE "C" NOT NULL,
    message_id BIGINT NOT NULL,
    worker_tag BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    event_count BIGINT NOT NULL,
    subscriptions TEXT NOT NULL
);

CREATE UNIQUE INDEX webhooks_fan_out_user ON webhooks_fan_out (user_id, first_event_id);

-- As before. No partition is dropped to which events are still to be added.
CREATE OR REPLACE FUNCTION webhooks_expired_partition(oldest_kept bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    width bigint = webhooks_partition_width();
    settled bigint = webhooks_settled_id();
    part bigint;
    first_id bigint;
    last_id bigint;
BEGIN
    settled = least(settled, (SELECT min(w.low_water) FROM webhooks_worker w),
                    (SELECT min(f.first_event_id) - 1 FROM webhooks_fan_out f));
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
