-- What readers of feeds need to know of the log: docs/feed.md. The tag tells one database from
-- another; the retention has deleted no event above last_purged, and purges grows with what it deletes.
CREATE TABLE webhooks_feed (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    tag BIGINT NOT NULL,
    last_purged BIGINT NOT NULL,
    purges BIGINT NOT NULL
);

-- What was deleted earlier is not known; there are no cursors from then.
INSERT INTO webhooks_feed VALUES (1, random(), 0, 0);
