-- What is known of some observations, every version of it, received by a time.
SELECT kind, observation, source, message_id, record_id, record_version, record_deleted, session, body, at, received_at
FROM facts
WHERE workspace = {workspace:String}
  AND kind IN ('observation', 'record')
  AND observation_key IN {observation_keys:Array(UInt64)}
  AND observation IN {observations:Array(UUID)}
  AND received_at <= fromUnixTimestamp64Milli({at:Int64}, 'UTC')
ORDER BY observation_key, received_at
