-- One page of the timeline of some observations, newest first, from before a cursor on: the time,
-- in milliseconds, and message id of the last row of the page before. Message ids are unique within
-- a source alone, so rows of one time and id stand in the order of their place in the log.
SELECT
    source, message_id, type, name, channel, at, received_at, observation, conversation_id, direction,
    author_role, agent_id, case_id, topic, survey, score, scale, toString(amount) AS amount, currency, resolution, text,
    properties, log_partition, log_offset
FROM events
WHERE workspace = {workspace:String}
  AND observation_key IN {observation_keys:Array(UInt64)}
  AND observation IN {observations:Array(UUID)}
  AND at <= fromUnixTimestamp64Milli({before_at:Int64}, 'UTC')
  AND (at, message_id) < (fromUnixTimestamp64Milli({before_at:Int64}, 'UTC'), {before_message_id:String})
ORDER BY at DESC, message_id DESC, log_partition DESC, log_offset DESC
LIMIT {limit:UInt32}
