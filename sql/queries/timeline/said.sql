-- What was said by and to some observations that holds any of some words: first what holds most of them, then
-- the newest; what stands behind a cursor, the place of the last hit of the page before.
--
-- Words and texts are compared as NFKC_Casefold has them (Unicode Standard Annex 15 and chapter 5.18): without
-- case, width, composition and invisible characters. A word matches wherever it stands, inside another one as well,
-- so that scripts without blanks between words are found; no character in it means anything but itself. A word of
-- invisible characters alone is none.
--
-- withheld_groups are the parts before the dot of event names, contacts and others say whether events of a
-- conversation or case, and all other ones, are looked through: what a reader may not see is not found either.
WITH
    arrayFilter(w -> w != '', arrayDistinct(arrayMap(w -> normalizeUTF8NFKCCasefold(w), {words:Array(String)}))) AS folded_words,
    normalizeUTF8NFKCCasefold(text) AS folded
SELECT
    toUInt32(arrayCount(w -> position(folded, w) > 0, folded_words)) AS matched,
    at, message_id, source, type, name, channel, direction, author_role, agent_id, conversation_id, case_id, text
FROM events
WHERE workspace = {workspace:String}
  AND observation_key IN {observation_keys:Array(UInt64)}
  AND observation IN {observations:Array(UUID)}
  AND text != ''
  AND at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
  AND NOT has({withheld_groups:Array(String)}, splitByChar('.', toString(name))[1])
  AND if(conversation_id != '' OR case_id != '', {contacts:Bool}, {others:Bool})
  AND matched > 0
  AND (matched, at, message_id, toString(source)) < (
        {before_matched:UInt32}, fromUnixTimestamp64Milli({before_at:Int64}, 'UTC'), {before_message_id:String}, {before_source:String})
ORDER BY matched DESC, at DESC, message_id DESC, source DESC
LIMIT {limit:UInt32}
