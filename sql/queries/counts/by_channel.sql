-- How many events some observations have, by channel.
SELECT channel, count() AS events, min(at) AS first_at, max(at) AS last_at
FROM events
WHERE workspace = {workspace:String}
  AND observation_key IN {observation_keys:Array(UInt64)}
  AND observation IN {observations:Array(UUID)}
GROUP BY channel
ORDER BY events DESC, channel
