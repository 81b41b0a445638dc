-- How many events the store holds of each source of a workspace that were received since a moment: by hour, and from
-- a later moment on by minute as well (minute is 0 before it). Moments are Unix seconds.
SELECT
    source,
    toUInt32(toUnixTimestamp(toStartOfHour(received_at))) AS hour,
    if(received_at >= fromUnixTimestamp64Milli({minutes_since:Int64} * 1000, 'UTC'), toUInt32(toUnixTimestamp(toStartOfMinute(received_at))), 0) AS minute,
    count() AS events
FROM events
WHERE workspace = {workspace:String}
  AND received_at >= fromUnixTimestamp64Milli({since:Int64} * 1000, 'UTC')
GROUP BY source, hour, minute
ORDER BY source, hour, minute
