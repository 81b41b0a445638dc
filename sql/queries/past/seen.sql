-- When some observations were first heard of by a time, and by which source. What agents write is about
-- somebody who was heard of already.
SELECT
    observation,
    min(received_at) AS first_received,
    min(at) AS first_seen,
    argMin(source, (received_at, source)) AS first_source
FROM events
WHERE workspace = {workspace:String}
  AND observation_key IN {observation_keys:Array(UInt64)}
  AND observation IN {observations:Array(UUID)}
  AND source != 'tributary.agent'
  AND received_at <= fromUnixTimestamp64Milli({at:Int64}, 'UTC')
GROUP BY observation
