-- Which kinds of events a scope has, for whoever asks about some of them: the most frequent first. Held are those that are of no kind of our
-- vocabulary (known) and of fewer people than least, as a name of a few may tell who they are; they come last, and are counted, not told.
-- Told_people are the people of all kinds that are told.
SELECT event, kind, events, people, channels, sources, held, held_back, kinds, uniqExactMergeIf(who, NOT held) OVER () AS told_people
FROM (
    SELECT event, kind, events, people, who, channels, sources, held, countIf(held) OVER () AS held_back, count() OVER () AS kinds
    FROM (
        SELECT toString(name) AS event, toString(type) AS kind, count() AS events, uniqExactState(profile) AS who, finalizeAggregation(who) AS people,
            arraySort(groupUniqArray(16)(toString(channel))) AS channels, arraySort(groupUniqArray(100)(toString(source))) AS sources,
            people < {least:UInt32} AND event != '' AND NOT has({known:Array(String)}, event) AS held
        FROM scope_events(workspace = {workspace:String}, since = {since:Int64}, until = {until:Int64},
            known_at = {known_at:Int64}, identity_as_of = {identity_as_of:UInt64}, channels = {channels:Array(String)},
            sources = {sources:Array(String)}, agent_kinds = {agent_kinds:Array(String)},
            segments = {segments:Array(String)}, restricted = {restricted:Array(UUID)})
        GROUP BY event, kind
    )
    ORDER BY held, events DESC, event, kind
    LIMIT {limit:UInt32}
)
ORDER BY held, events DESC, event, kind
