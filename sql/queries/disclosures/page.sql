-- A page of what was disclosed of a person, the newest first: every reading of any of his observations. The
-- cursor (at, place) is the last row of the page before.
SELECT kind, profile, identity_version, actor, purpose, reader, level, route, request_id,
    arrayMap(x -> toString(x), classes) AS classes, arrayMap(x -> toString(x), shown) AS shown,
    arrayMap(x -> toString(x), masked) AS masked, arrayMap(x -> toString(x), withheld) AS withheld,
    disclosed_at, log_partition, log_offset, ordinal
FROM disclosures
WHERE workspace = {workspace:String}
  AND hasAny(observations, {observations:Array(UInt64)})
  AND (toUnixTimestamp64Milli(disclosed_at), log_partition, log_offset, ordinal)
    < ({cursor_at:Int64}, {cursor_partition:UInt32}, {cursor_offset:UInt64}, {cursor_ordinal:UInt32})
ORDER BY disclosed_at DESC, log_partition DESC, log_offset DESC, ordinal DESC
LIMIT {limit:UInt32}
