-- The types of identifier under which profiles hold a value, as last published: a value without a type is looked for in
-- all of them, those of sources as well, whose names nobody else lists. Who asks looks each up in the hot state, which
-- knows who holds it now.
--
-- quoted is the value as JSON, which skips nearly every profile before its record is taken apart.
SELECT DISTINCT arrayJoin(arrayMap(x -> x.1, arrayFilter(x -> has(JSONExtract(x.2, 'Array(String)'), {value:String}),
    JSONExtractKeysAndValuesRaw(fields, 'identifiers')))) AS type
FROM profiles
WHERE workspace = {workspace:String}
  AND position(fields, {quoted:String}) > 0
ORDER BY type
LIMIT {limit:UInt32}
