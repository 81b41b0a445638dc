-- Profiles whose name holds every one of some words, as last published: first those that have them as whole words, then
-- those of which a word of theirs begins so, then those seen last.
--
-- Words and names are compared as NFKC_Casefold has them (Unicode Standard Annex 15) and without the accents of European
-- scripts, so that "zoe" is Zoë; no character means anything but itself. A word is found within another one, so that
-- scripts without blanks are searched. names are the traits and attributes that the reader may see as they are: others
-- are not looked into.
--
-- A profile that was written again and not yet merged by the engine may be told by a name of before; who asks looks the
-- profile up in the hot state, which knows. It reads the golden record of every profile of the workspace.
WITH
    replaceRegexpAll(normalizeUTF8NFD(normalizeUTF8NFKCCasefold(arrayStringConcat(arrayMap(x -> x.2, arrayFilter(x -> has({names:Array(String)}, x.1),
        arrayConcat(JSONExtractKeysAndValues(fields, 'attributes', 'String'), JSONExtractKeysAndValues(fields, 'traits', 'String')))), ' '))),
        '[\\x{0300}-\\x{036F}]', '') AS folded,
    concat(' ', replaceRegexpAll(folded, '[^\\pL\\pN\\pM]+', ' '), ' ') AS said,
    arrayFilter(w -> w != '', arrayDistinct(arrayMap(
        w -> replaceRegexpAll(normalizeUTF8NFD(normalizeUTF8NFKCCasefold(w)), '[\\x{0300}-\\x{036F}]', ''), {words:Array(String)}))) AS asked
SELECT
    profile,
    toUInt32(arrayCount(w -> position(said, concat(' ', w, ' ')) > 0, asked)) AS whole,
    toUInt32(arrayCount(w -> position(said, concat(' ', w)) > 0, asked)) AS begun
FROM profiles
WHERE workspace = {workspace:String}
  AND NOT removed
  AND notEmpty(asked)
  AND arrayAll(w -> position(folded, w) > 0, asked)
ORDER BY whole DESC, begun DESC, last_seen_at DESC, profile
LIMIT 1 BY profile
LIMIT {limit:UInt32}
