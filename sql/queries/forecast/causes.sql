-- How often events of some names happened, by hour or by day of a zone; slots as in forecast/contacts.
SELECT
    toString(name) AS cause,
    if({hourly:Bool}, toInt64(intDiv(toUnixTimestamp(at), 3600)), toInt64(toDate(at, {zone:String}))) AS slot,
    count() AS events
FROM scope_events(workspace = {workspace:String}, since = {since:Int64}, until = {until:Int64},
    known_at = {known_at:Int64}, identity_as_of = {identity_as_of:UInt64}, channels = {channels:Array(String)},
    sources = {sources:Array(String)}, agent_kinds = {agent_kinds:Array(String)},
    segments = {segments:Array(String)}, restricted = {restricted:Array(UUID)})
WHERE name IN {names:Array(String)}
GROUP BY cause, slot
ORDER BY cause, slot
