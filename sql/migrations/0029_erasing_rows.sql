-- The rows that the erasure that is under way removes or changes, of every table, by their places. Empty
-- while none is. A mutation asks for them here: its own text is kept on disk, and must name nobody.
--
-- ORDER BY (table, log_partition, log_offset): a mutation reads what is of its table.
CREATE TABLE IF NOT EXISTS erasing_rows /* ON_CLUSTER */
(
    table         LowCardinality(String),
    erasure       UUID,
    partition_id  LowCardinality(String) COMMENT 'of the row''s table',
    log_partition UInt32,
    log_offset    UInt64,
    ordinal       UInt32,
    text          String COMMENT 'what a column becomes, of a row that is changed'
)
ENGINE = /* REPLICATED */MergeTree
ORDER BY (table, log_partition, log_offset)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    old_parts_lifetime = 480;
