-- What is known, append-only: observations, versions of records, commands. With events it is
-- enough to rebuild who is who.
--
-- ORDER BY (workspace, observation_key, received_at): all facts about one observation lie
-- together; commands, which are about none, come first, in the order they were given.
-- PARTITION BY year of receipt: a rebuild reads everything, so partitions only serve dropping and
-- restoring; few keep merges effective.
CREATE TABLE IF NOT EXISTS facts /* ON_CLUSTER */
(
    workspace       LowCardinality(String),
    kind            LowCardinality(String) COMMENT 'observation, record or command',
    observation     UUID,
    observation_key UInt64 CODEC(ZSTD(1)),
    source          LowCardinality(String),
    message_id      String CODEC(ZSTD(1)),
    record_id       String CODEC(ZSTD(1)),
    record_version  String CODEC(ZSTD(1)),
    record_deleted  Bool,
    session         String CODEC(ZSTD(1)),
    identifiers     Array(UInt64) CODEC(ZSTD(1)),
    body            String COMMENT 'JSON: identifiers and attributes, or the command' CODEC(ZSTD(1)),
    at              DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    received_at     DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    log_partition   UInt32,
    log_offset      UInt64 CODEC(Delta, ZSTD(1)),
    ordinal         UInt32,

    INDEX log_range log_offset TYPE minmax GRANULARITY 1
)
ENGINE = /* REPLICATED */MergeTree
PARTITION BY toYear(received_at)
ORDER BY (workspace, observation_key, received_at)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    old_parts_lifetime = 480;
