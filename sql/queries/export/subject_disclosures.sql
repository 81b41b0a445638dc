-- What was disclosed of some observations, the oldest first.
SELECT kind, purpose, reader, level, arrayMap(x -> toString(x), classes) AS classes, arrayMap(x -> toString(x), shown) AS shown,
    arrayMap(x -> toString(x), masked) AS masked, disclosed_at
FROM disclosures
WHERE workspace = {workspace:String}
  AND hasAny(observations, {observation_keys:Array(UInt64)})
ORDER BY disclosed_at, log_partition, log_offset, ordinal
