-- How many events of some names were erased since they happened on some days, by name and kind of survey: a number of these days was
-- another before.
SELECT name, survey, sum(events) AS restated
FROM erased_counts
WHERE workspace = {workspace:String}
  AND name IN {names:Array(String)}
  AND (empty({channels:Array(String)}) OR channel IN {channels:Array(String)})
  AND (empty({sources:Array(String)}) OR source IN {sources:Array(String)})
  AND day >= toDate32(fromUnixTimestamp64Milli({since:Int64}, 'UTC'))
  AND day <= toDate32(fromUnixTimestamp64Milli({until:Int64} - 1, 'UTC'))
GROUP BY name, survey
