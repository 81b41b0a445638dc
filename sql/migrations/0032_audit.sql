-- What administrators and programs with keys did, or tried: every command that somebody gave, and what
-- is no command but on record. Never a value of a customer.
--
-- ORDER BY (workspace, at, …): the trail is read by time, and a row's place in the log makes the order
-- of one moment definite. PARTITION BY year: it grows slowly and is kept long.
CREATE TABLE IF NOT EXISTS audit /* ON_CLUSTER */
(
    workspace     LowCardinality(String),
    actor         LowCardinality(String) COMMENT 'key:<id>, jwt:<hash>:<hash> or socket:<uid>',
    on_behalf     String COMMENT 'who decided, as the actor put it' CODEC(ZSTD(1)),
    action        LowCardinality(String) COMMENT 'name of the command, or key.create, request, …',
    subject_kind  LowCardinality(String),
    subject       String COMMENT 'id of what it is about' CODEC(ZSTD(1)),
    outcome       LowCardinality(String) COMMENT 'done, refused or failed',
    reason        LowCardinality(String),
    request_id    String CODEC(ZSTD(1)),
    at            DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    log_partition UInt32,
    log_offset    UInt64 CODEC(Delta, ZSTD(1)),
    ordinal       UInt32,
    writer        UInt32 COMMENT 'epoch of the owner that wrote it; 0: there was one only',

    INDEX log_range log_offset TYPE minmax GRANULARITY 1,
    CONSTRAINT fenced CHECK writer >= dictGetOrDefault('/* DATABASE */fence_now', 'epoch', toUInt64(0), toUInt32(0))
)
ENGINE = /* REPLICATED */MergeTree
PARTITION BY toYear(at)
ORDER BY (workspace, at, log_partition, log_offset, ordinal)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    old_parts_lifetime = 480;
