-- How many events the store holds of each source, by the UTC day on which they were received, counted
-- from 1970-01-01. An empty workspace or source stands for all of them; the last day is included.
SELECT workspace, source, toUInt32(toUInt16(toDate(received_at))) AS day, count() AS stored
FROM events
WHERE ({workspace:String} = '' OR workspace = {workspace:String})
  AND ({source:String} = '' OR source = {source:String})
  AND toDate(received_at) BETWEEN toDate({since:UInt32}) AND toDate({until:UInt32})
GROUP BY workspace, source, day
ORDER BY workspace, source, day
