-- The last event of each log partition that is at or beyond the given offset of it. Partitions that
-- are not named count from 0.
SELECT log_partition, max(log_offset) AS last_offset, argMax(message_id, log_offset) AS last_message_id
FROM events
WHERE log_offset >= transform(log_partition, {partitions:Array(UInt32)}, {from:Array(UInt64)}, toUInt64(0))
GROUP BY log_partition
