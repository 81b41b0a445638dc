-- Which rows of these spans of one log partition are in the table. The bounds over all spans are
-- what the index log_range can use.
SELECT log_partition, log_offset, ordinal
FROM {table:Identifier}
WHERE log_partition = {partition:UInt32}
  AND log_offset BETWEEN {first:UInt64} AND {last:UInt64}
  AND arrayExists((f, l) -> log_offset BETWEEN f AND l, {firsts:Array(UInt64)}, {lasts:Array(UInt64)})
