-- Commands in which one of some texts stands: ids of observations, or identifiers.
SELECT source, message_id, body, received_at, log_partition, log_offset, ordinal
FROM facts
WHERE workspace = {workspace:String}
  AND kind = 'command'
  AND received_at <= fromUnixTimestamp64Milli({at:Int64}, 'UTC')
  AND multiSearchAny(body, {texts:Array(String)})
ORDER BY received_at, log_partition, log_offset, ordinal
