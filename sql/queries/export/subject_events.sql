-- Whole events of some observations that were received by a time, but for what is made of them. The order is
-- that of the table, so that the engine need not sort what it sends.
SELECT * EXCEPT (observation_key, identifiers, client, query, query_left_out, writer, log_partition, log_offset, ordinal)
    REPLACE (toString(amount) AS amount)
FROM events
WHERE workspace = {workspace:String}
  AND observation_key IN {observation_keys:Array(UInt64)}
  AND observation IN {observations:Array(UUID)}
  AND received_at <= fromUnixTimestamp64Milli({at:Int64}, 'UTC')
ORDER BY observation_key, at
