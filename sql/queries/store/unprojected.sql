-- The partitions of events that have a part without a sound projection, conversations (0046) or surveys (0050), each with that, unless the
-- engine is at work on such parts.
SELECT DISTINCT partition_id, projection
FROM system.parts
ARRAY JOIN ['conversations', 'surveys'] AS projection
WHERE database = currentDatabase() AND table = 'events' AND active AND rows > 0
  AND (name, projection) NOT IN (
      SELECT parent_name, name FROM system.projection_parts
      WHERE database = currentDatabase() AND table = 'events' AND active AND NOT is_broken)
  AND projection NOT IN (
      SELECT extract(command, 'MATERIALIZE PROJECTION (\\w+)') FROM system.mutations
      WHERE database = currentDatabase() AND table = 'events' AND NOT is_done)
ORDER BY partition_id, projection
