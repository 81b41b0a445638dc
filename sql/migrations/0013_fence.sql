-- Who may write. Several processes may be set to send rows, one at a time owns the log; owners are
-- numbered, and a new one writes its number here before it looks what is there. From then on every insert of
-- an earlier one is refused (see fenced_events and those after it), however late it comes. Embedded, nobody
-- writes here.
--
-- ORDER BY epoch: the greatest counts; there are as many rows as there were owners.
CREATE TABLE IF NOT EXISTS fence /* ON_CLUSTER */
(
    epoch    UInt32,
    taken_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = /* REPLICATED */MergeTree
ORDER BY epoch
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    old_parts_lifetime = 480;
