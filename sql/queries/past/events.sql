-- Whole events of some observations that were received by a time, but for query, which is made of
-- properties.
SELECT * EXCEPT (observation_key, query, writer) REPLACE (toString(amount) AS amount)
FROM events
WHERE workspace = {workspace:String}
  AND observation_key IN {observation_keys:Array(UInt64)}
  AND observation IN {observations:Array(UUID)}
  AND received_at <= fromUnixTimestamp64Milli({at:Int64}, 'UTC')
