-- The contacts that customers began, by hour or by day of a zone, by topic and channel where that is asked for. A contact is a
-- conversation of a source: it counts when the first of its events in the scope happened, by the channel of that one and the
-- last topic that was told of it, and not if it was started outbound. slot: hours or days since 1970. kinds: of these agents
-- alone, if any are given; the scope is one without agent kinds, for a whole conversation is counted. Seconds are added as whole
-- milliseconds, so that the order in which rows lie makes no difference.
SELECT
    toString(told_topic) AS topic, toString(first_channel) AS channel, slot, count() AS contacts,
    sum(worked) / 1000 AS handle_s, countIf(worked > 0) AS handled, sum(waited) / 1000 AS wait_s, countIf(gone) AS abandoned
FROM (
    SELECT
        if({by_topic:Bool}, argMaxIf(topic, (at, message_id), topic != ''), '') AS told_topic,
        if({by_channel:Bool}, argMin(channel, (at, message_id)), '') AS first_channel,
        min(at) AS began,
        if({hourly:Bool}, toInt64(intDiv(toUnixTimestamp(began), 3600)), toInt64(toDate(began, {zone:String}))) AS slot,
        sum(toInt64(round((ifNull(talk_s, 0) + ifNull(hold_s, 0) + ifNull(wrap_s, 0)) * 1000))) AS worked,
        sum(toInt64(round(ifNull(wait_s, 0) * 1000))) AS waited,
        countIf(name = 'conversation.abandoned' AND wait_s > 0) > 0 AS gone
    FROM scope_events(workspace = {workspace:String}, since = {since:Int64}, until = {until:Int64},
        known_at = {known_at:Int64}, identity_as_of = {identity_as_of:UInt64}, channels = {channels:Array(String)},
        sources = {sources:Array(String)}, agent_kinds = {agent_kinds:Array(String)},
        segments = {segments:Array(String)}, restricted = {restricted:Array(UUID)})
    WHERE conversation_id != ''
    GROUP BY source, conversation_id
    HAVING countIf(startsWith(toString(name), 'conversation.')) > 0
       AND countIf(name = 'conversation.started' AND direction = 'outbound') = 0
       AND (empty({kinds:Array(String)}) OR countIf(author_role IN {kinds:Array(String)}) > 0)
)
GROUP BY topic, channel, slot
ORDER BY topic, channel, slot
