-- What opens cases and what ends them, a row each time that a case goes from the one to the other: sum them up to a time, and it is
-- how many are open. place is where an event is among others, as a text of which the greater is later. It reads from the beginning, for a case
-- may be open for years.
SELECT
    case_id AS id, profile, at, channel, source, topic, '' AS agent_kind, '' AS began, team, queue, language, product,
    open != ifNull(was_open, false) AS changed,
    toInt8(open) - toInt8(ifNull(was_open, false)) AS opened
FROM (
    SELECT case_id, at, name != 'case.resolved' AS open,
        lagInFrame(toNullable(open)) OVER (PARTITION BY case_id ORDER BY e.place ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS was_open,
        -- What a case is told apart by is what was said of it last.
        argMax(e.profile, e.place) OVER whole AS profile,
        argMinIf(e.source, e.place, e.source != '') OVER whole AS source,
        argMaxIf(e.channel, e.place, e.channel != '') OVER whole AS channel,
        argMaxIf(e.topic, e.place, e.topic != '') OVER whole AS topic,
        argMaxIf(e.team, e.place, e.team != '') OVER whole AS team,
        argMaxIf(e.queue, e.place, e.queue != '') OVER whole AS queue,
        argMaxIf(e.language, e.place, e.language != '') OVER whole AS language,
        argMaxIf(e.product, e.place, e.product != '') OVER whole AS product
    FROM (
        SELECT *, concat(reinterpretAsFixedString(byteSwap(toUInt64(toUnixTimestamp64Milli(at) + 10000000000000))), message_id, '\0', source) AS place
        FROM scope_events(workspace = {workspace:String}, since = {read_since:Int64}, until = {read_until:Int64}, known_at = {known_at:Int64},
            identity_as_of = {identity_as_of:UInt64}, channels = [], sources = [], agent_kinds = [], segments = [], restricted = {restricted:Array(UUID)})
        WHERE name IN ('case.opened', 'case.reopened', 'case.resolved') AND case_id != ''
    ) AS e
    WINDOW whole AS (PARTITION BY case_id)
)
