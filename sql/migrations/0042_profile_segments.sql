-- Which segments each profile is in, as unify judged it last: the greatest version counts, the engine forgets the others as
-- it merges. A profile that left its last segment has a row without any; one that never was in one has none.
--
--     SELECT count() FROM profile_segments FINAL WHERE workspace = 'acme' AND has(segments, 'buyers')
--
-- A row a profile and not one for each segment: a judging changes several at once, and makes one row. Who entered and
-- left, and when, profile_changes tells.
--
-- ORDER BY (workspace, profile): what the versions of one profile share, and the order in which FINAL brings them
-- together. No partitions: versions replace each other within a partition only.
CREATE TABLE IF NOT EXISTS profile_segments /* ON_CLUSTER */
(
    workspace     LowCardinality(String),
    profile       UUID,
    version       UInt64 COMMENT 'number of the last change in the feed of the workspace' CODEC(Delta, ZSTD(1)),
    segments      Array(LowCardinality(String)) COMMENT 'ascending',
    since         Array(Int64) COMMENT 'Unix milliseconds of the workspace''s clock, one for each of segments' CODEC(ZSTD(1)),
    updated_at    DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    log_partition UInt32,
    log_offset    UInt64 CODEC(Delta, ZSTD(1)),
    ordinal       UInt32,
    writer        UInt32 COMMENT 'epoch of the owner that wrote it; 0: there was one only',

    INDEX log_range log_offset TYPE minmax GRANULARITY 1,
    CONSTRAINT fenced CHECK writer >= dictGetOrDefault('/* DATABASE */fence_now', 'epoch', toUInt64(0), toUInt32(0))
)
ENGINE = /* REPLICATED */ReplacingMergeTree(version)
ORDER BY (workspace, profile)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    old_parts_lifetime = 480;
