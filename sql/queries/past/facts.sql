-- What is known of some observations: of records the versions received by a time. A stream observation
-- is made of its identifiers, so that whichever row tells of it tells the same.
SELECT observation, source, message_id, record_id, record_version, session, body, at
FROM facts
WHERE workspace = {workspace:String}
  AND kind IN ('observation', 'record')
  AND observation_key IN {observation_keys:Array(UInt64)}
  AND observation IN {observations:Array(UUID)}
  AND (kind = 'observation' OR received_at <= fromUnixTimestamp64Milli({at:Int64}, 'UTC'))
ORDER BY observation_key, received_at, log_partition, log_offset, ordinal
