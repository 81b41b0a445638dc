-- The ledger: one row for each migration that was applied.
--
-- ORDER BY version: it is read as a whole, in this order. No partitions: it stays tiny.
CREATE TABLE IF NOT EXISTS schema_migrations /* ON_CLUSTER */
(
    version    UInt32,
    name       String,
    checksum   String COMMENT 'SHA-256 of the file, in hex',
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = /* REPLICATED */MergeTree
ORDER BY version
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    old_parts_lifetime = 480;
