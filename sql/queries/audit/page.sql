-- A page of a workspace's audit trail, the newest first. The cursor (at, place) is the last row of the
-- page before; empty texts select everything.
SELECT actor, on_behalf, action, subject_kind, subject, outcome, reason, request_id, at, log_partition, log_offset, ordinal
FROM audit
WHERE workspace = {workspace:String}
  AND at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
  AND at < fromUnixTimestamp64Milli({until:Int64}, 'UTC')
  AND ({actor:String} = '' OR actor = {actor:String})
  AND ({action:String} = '' OR action = {action:String})
  AND ({outcome:String} = '' OR outcome = {outcome:String})
  AND (toUnixTimestamp64Milli(at), log_partition, log_offset, ordinal)
    < ({cursor_at:Int64}, {cursor_partition:UInt32}, {cursor_offset:UInt64}, {cursor_ordinal:UInt32})
ORDER BY at DESC, log_partition DESC, log_offset DESC, ordinal DESC
LIMIT {limit:UInt32}
