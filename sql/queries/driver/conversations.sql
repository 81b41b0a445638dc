-- What driver reports need of each conversation that a customer began: when, for whom, what sources said it was about, the
-- beginning of what the customer wrote, how long agents worked on it and which kinds of event it has. In the order of people, those
-- behind after (nil: all), the newest first.
-- Who it is with is said by the last event that identified or verified somebody, else by the last one, as in cx_contacts. Ties are
-- broken, and seconds added as whole milliseconds, so that the order in which rows lie makes no difference.
-- kinds: as in forecast/contacts.
SELECT
    toString(source) AS told_by, conversation_id, min(at) AS began,
    argMax(profile, (name IN ('conversation.identified', 'conversation.verified'), at, message_id)) AS who,
    toString(argMaxIf(topic, (at, message_id), topic != '')) AS told_topic,
    toString(argMaxIf(disposition, (at, message_id), disposition != '')) AS told_disposition,
    substringUTF8(arrayStringConcat(arrayMap(x -> x.3,
        groupArraySortedIf(20)((at, message_id, substringUTF8(text, 1, {text_characters:UInt32})), text != '' AND author_role IN ('', 'customer'))), ' \n '), 1, {text_characters:UInt32}) AS said,
    sum(toInt64(round((ifNull(talk_s, 0) + ifNull(hold_s, 0) + ifNull(wrap_s, 0)) * 1000))) / 1000 AS handle_s,
    groupUniqArray(64)(toString(name)) AS steps
FROM scope_events(workspace = {workspace:String}, since = {since:Int64}, until = {until:Int64},
    known_at = {known_at:Int64}, identity_as_of = {identity_as_of:UInt64}, channels = {channels:Array(String)},
    sources = {sources:Array(String)}, agent_kinds = {agent_kinds:Array(String)},
    segments = {segments:Array(String)}, restricted = {restricted:Array(UUID)})
WHERE conversation_id != ''
GROUP BY source, conversation_id
HAVING countIf(startsWith(toString(name), 'conversation.')) > 0
   AND countIf(name = 'conversation.started' AND direction = 'outbound') = 0
   AND (empty({kinds:Array(String)}) OR countIf(author_role IN {kinds:Array(String)}) > 0)
   AND began >= fromUnixTimestamp64Milli({began_since:Int64})
   AND ({after:UUID} = toUUIDOrZero('') OR who > {after:UUID})
ORDER BY who, began DESC, told_by, conversation_id
LIMIT {limit:UInt32}
