-- The partitions of events that have a part without a sound projection conversations (0046), unless the engine is at work on
-- such parts.
SELECT DISTINCT partition_id
FROM system.parts
WHERE database = currentDatabase() AND table = 'events' AND active AND rows > 0
  AND name NOT IN (
      SELECT parent_name FROM system.projection_parts
      WHERE database = currentDatabase() AND table = 'events' AND active AND name = 'conversations' AND NOT is_broken)
  AND (SELECT count() FROM system.mutations
      WHERE database = currentDatabase() AND table = 'events' AND NOT is_done AND command LIKE '%MATERIALIZE PROJECTION conversations%') = 0
ORDER BY partition_id
