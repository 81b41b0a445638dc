-- Up to where each partition of the log is erased, for the erasure that is under way. Empty while none is.
--
-- ORDER BY (erasure, log_partition): what it is joined by.
CREATE TABLE IF NOT EXISTS erasing_bounds /* ON_CLUSTER */
(
    erasure       UUID,
    log_partition UInt32,
    below         UInt64
)
ENGINE = /* REPLICATED */MergeTree
ORDER BY (erasure, log_partition)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    old_parts_lifetime = 480;
