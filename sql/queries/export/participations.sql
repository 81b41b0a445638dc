-- The events of a workspace in which others than their subject took part, without what was said.
SELECT observation, source, message_id, type, name, channel, at, received_at, conversation_id, participants
FROM events
WHERE workspace = {workspace:String}
  AND participants != ''
  AND received_at <= fromUnixTimestamp64Milli({at:Int64}, 'UTC')
