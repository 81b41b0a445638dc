-- What could not be processed, with its reason, and what became of it. The greatest version of an
-- item counts, the engine forgets the others as it merges.
--
-- ORDER BY (workspace, source, item…): one source's items in the order in which the log has them,
-- an item's place in the log is what its versions share. No partitions: versions replace each
-- other within a partition only.
CREATE TABLE IF NOT EXISTS quarantine /* ON_CLUSTER */
(
    workspace      LowCardinality(String),
    source         LowCardinality(String),
    item_partition UInt32,
    item_offset    UInt64 CODEC(Delta, ZSTD(1)),
    item_ordinal   UInt32,
    version        UInt64 CODEC(ZSTD(1)),
    status         LowCardinality(String) COMMENT 'open, replayed or discarded',
    message_id     String CODEC(ZSTD(1)),
    stage          LowCardinality(String) COMMENT 'who refused it: gateway, unify or sink',
    reason         LowCardinality(String),
    field          LowCardinality(String) COMMENT 'path of the field at fault',
    detail         String CODEC(ZSTD(1)),
    payload        String COMMENT 'as received, any bytes' CODEC(ZSTD(1)),
    received_at    DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    changed_at     DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    log_partition  UInt32,
    log_offset     UInt64 CODEC(Delta, ZSTD(1)),
    ordinal        UInt32,

    INDEX log_range log_offset TYPE minmax GRANULARITY 1
)
ENGINE = /* REPLICATED */ReplacingMergeTree(version)
ORDER BY (workspace, source, item_partition, item_offset, item_ordinal)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    old_parts_lifetime = 480;
