-- Legs of conversations: what one person did with one, from the answer to the transfer or the end. An event without
-- leg_id is of the leg that was answered last before it.
--
-- place is where an event is among others, as a text of which the greater is later: texts are compared quicker than tuples.
--
-- covered_ms is what a leg adds to the time that its agent is busy on the channel at all: the sum of span_ms over that of
-- covered_ms is how many conversations at once an agent has while they have any.
SELECT
    concat(conversation_id, '/', leg) AS id, profile, answered_at AS at,
    channel, source, topic, 'human' AS agent_kind, '' AS began, team, queue, language, product,
    timed, talk_ms, hold_ms, wrap_ms, talk_ms + hold_ms + wrap_ms AS handle_ms,
    agent != '' AND channel IN ('chat', 'sms', 'rcs', 'whatsapp', 'social') AS messaging,
    toUnixTimestamp64Milli(left_at) - toUnixTimestamp64Milli(answered_at) AS span_ms,
    greatest(0, toUnixTimestamp64Milli(left_at) - greatest(toUnixTimestamp64Milli(answered_at), ifNull(busy_until, -9223372036854775807))) AS covered_ms
FROM (
    SELECT *,
        max(toNullable(toUnixTimestamp64Milli(left_at))) OVER (PARTITION BY agent, channel ORDER BY answered_at, conversation_id, leg
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS busy_until
    FROM (
        SELECT
            conversation_id, leg,
            argMinIf(e.profile, e.place, answer) AS profile,
            minIf(e.at, answer) AS answered_at,
            maxIf(e.at, name != 'conversation.wrapped' AND startsWith(name, 'conversation.')) AS left_at,
            argMinIf(e.channel, e.place, answer) AS channel,
            argMinIf(e.source, e.place, answer) AS source,
            argMinIf(e.agent_id, e.place, answer) AS agent,
            argMaxIf(e.topic, e.place, e.topic != '') AS topic,
            argMinIf(e.team, e.place, e.team != '') AS team,
            argMinIf(e.queue, e.place, e.queue != '') AS queue,
            argMaxIf(e.language, e.place, e.language != '') AS language,
            argMaxIf(e.product, e.place, e.product != '') AS product,
            countIf(isNotNull(talk_s)) > 0 AS timed,
            sum(toInt64(round(ifNull(talk_s, 0) * 1000))) AS talk_ms,
            sum(toInt64(round(ifNull(hold_s, 0) * 1000))) AS hold_ms,
            sum(toInt64(round(ifNull(wrap_s, 0) * 1000))) AS wrap_ms
        FROM (
            SELECT *,
                argMaxIf(if(leg_id = '', message_id, leg_id), place, answer) OVER before AS latest,
                if(leg_id != '', leg_id, latest) AS leg
            FROM (
                SELECT *, concat(reinterpretAsFixedString(byteSwap(toUInt64(toUnixTimestamp64Milli(at) + 10000000000000))), message_id, '\0', source) AS place,
                    name = 'conversation.answered' AND (author_role = 'human' OR (author_role = '' AND model = '')) AS answer
                FROM scope_events(workspace = {workspace:String}, since = {read_since:Int64}, until = {read_until:Int64}, known_at = {known_at:Int64},
                    identity_as_of = {identity_as_of:UInt64}, channels = [], sources = [], agent_kinds = [], segments = [], restricted = {restricted:Array(UUID)})
                WHERE conversation_id != ''
            )
            WINDOW before AS (PARTITION BY conversation_id ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
        ) AS e
        GROUP BY conversation_id, leg
        HAVING countIf(answer) > 0
    )
)
