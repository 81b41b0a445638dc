-- What people did and what happened to them, as steps: a row for each conversation, case, and event of names; with
-- visits, for each visit to web page or app, which ends where somebody did nothing for 30 minutes. In the order of
-- people and time, so that a reader holds one person at a time.
--
-- A conversation is contact.Step.customer unless something of it is outbound and nothing inbound or by a customer.
-- Marks, in friction's reports, are the events of a step that may be an effort; mark_text is a hash of what the
-- customer said, compared as NFKC_Casefold has it and with white space as one blank; short words are none.
SELECT * EXCEPT (marks, first_place)
FROM
(
    SELECT
        profile, toString(e.kind) AS kind, e.key AS key,
        min(place) AS first_place,
        first_place.1 AS began_at,
        greatest(began_at, maxIf(place.1, name != 'conversation.wrapped')) AS ended_at,
        toString(first_place.5) AS source,
        first_place.4 AS message_id,
        toString(argMinIf(e.channel, place, e.channel != '')) AS channel,
        toString(argMaxIf(e.topic, place, e.topic != '')) AS topic,
        toString(argMaxIf(e.team, place, e.team != '')) AS team,
        toString(argMaxIf(agent_id, place, agent_id != '')) AS agent,
        argMinIf(parent_conversation_id, place, parent_conversation_id != '') AS parent,
        CAST(countIf(author_role = 'ai') > 0, 'Bool') AS ai,
        CAST(countIf(author_role = 'human') > 0, 'Bool') AS human,
        CAST(countIf(direction = 'outbound') = 0 OR countIf(author_role = 'customer' OR direction = 'inbound') > 0, 'Bool') AS customer,
        CAST(argMaxIf(name, place, name IN ('conversation.abandoned', 'conversation.answered', 'conversation.ended')) = 'conversation.abandoned', 'Bool') AS abandoned,
        if(kind = 'case',
            if(argMaxIf(name, place, name IN ('case.opened', 'case.resolved', 'case.reopened')) = 'case.resolved', 'confirmed', 'none'),
            toString(argMaxIf(e.resolution, place, e.resolution != ''))) AS resolution,
        arraySort(groupUniqArray(toString(e.source))) AS sources,
        count() AS events,
        toString(any(e.survey)) AS survey, any(e.score) AS score, toString(any(e.scale)) AS scale, any(e.about) AS about,
        arraySort(groupArrayIf((place, toString(name), ifNull(wait_s, 0), said), marked)) AS marks,
        arrayMap(m -> m.1.1, marks) AS mark_at,
        arrayMap(m -> m.2, marks) AS mark_name,
        arrayMap(m -> m.1.5, marks) AS mark_source,
        arrayMap(m -> m.1.4, marks) AS mark_message,
        arrayMap(m -> m.3, marks) AS mark_wait,
        arrayMap(m -> m.4, marks) AS mark_text
    FROM
    (
        SELECT
            profile, source, message_id, name, channel, topic, team, agent_id, parent_conversation_id, author_role, direction, resolution,
            survey, score, scale, wait_s,
            multiIf(
                conversation_id != '' AND (startsWith(name, 'conversation.') OR startsWith(name, 'callback.') OR name = 'ivr.step'), 'conversation',
                case_id != '' AND startsWith(name, 'case.'), 'case',
                toString(name)) AS kind,
            multiIf(kind = 'conversation', conversation_id, kind = 'case', case_id, concat(source, ' ', message_id)) AS key,
            if(about_conversation_id != '', about_conversation_id, conversation_id) AS about,
            (at, original_at, client_order, message_id, toString(source)) AS place,
            if({marks:Bool} AND name = 'conversation.message' AND author_role = 'customer',
                replaceRegexpAll(trimBoth(normalizeUTF8NFKCCasefold(text)), '\\s+', ' '), '') AS words,
            if(lengthUTF8(words) >= {least_text:UInt32}, cityHash64(words), 0) AS said,
            {marks:Bool} AND (said != 0
                OR name IN ('conversation.transferred', 'conversation.handed_off', 'conversation.verified', 'conversation.identified', 'case.reopened')
                OR name IN ('conversation.answered', 'conversation.abandoned') AND wait_s > {wait_over:Float64}) AS marked
        FROM scope_events(workspace = {workspace:String}, since = {since:Int64}, until = {until:Int64}, known_at = {known_at:Int64},
            identity_as_of = {identity_as_of:UInt64}, channels = {channels:Array(String)}, sources = {sources:Array(String)},
            agent_kinds = {agent_kinds:Array(String)}, segments = {segments:Array(String)}, restricted = {restricted:Array(UUID)})
        WHERE (conversation_id != '' AND (startsWith(name, 'conversation.') OR startsWith(name, 'callback.') OR name = 'ivr.step')
            OR case_id != '' AND startsWith(name, 'case.')
            OR name IN {names:Array(String)})
          AND profile > {after:UUID}
        UNION ALL
        SELECT
            profile, source, message_id, name, channel, '' AS topic, '' AS team, '' AS agent_id, '' AS parent_conversation_id,
            '' AS author_role, '' AS direction, '' AS resolution, '' AS survey, NULL AS score, '' AS scale, NULL AS wait_s,
            'visit' AS kind,
            concat(channel, ' ', toString(sum(begins) OVER (PARTITION BY profile, channel ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW))) AS key,
            '' AS about, place, '' AS words, toUInt64(0) AS said, false AS marked
        FROM
        (
            SELECT
                profile, source, message_id, name, channel,
                (at, original_at, client_order, message_id, toString(source)) AS place,
                at >= lagInFrame(at, 1, at) OVER (PARTITION BY profile, channel ORDER BY place ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) + toIntervalMinute(30) AS begins
            FROM scope_events(workspace = {workspace:String}, since = {since:Int64}, until = {until:Int64}, known_at = {known_at:Int64},
            identity_as_of = {identity_as_of:UInt64}, channels = {channels:Array(String)}, sources = {sources:Array(String)},
            agent_kinds = {agent_kinds:Array(String)}, segments = {segments:Array(String)}, restricted = {restricted:Array(UUID)})
            WHERE {visits:Bool}
              AND channel IN ('web', 'app')
              AND conversation_id = '' AND case_id = ''
              AND (type IN ('page', 'screen') OR type = 'track' AND NOT has({vocabulary:Array(String)}, toString(name)))
              AND profile > {after:UUID}
        )
    ) AS e
    GROUP BY profile, kind, key
)
ORDER BY profile, began_at, kind, key
