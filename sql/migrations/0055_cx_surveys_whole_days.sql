-- cx_surveys of 0052, which reads the days in which since and until lie event by event only if they do not begin one, and finds the profile of
-- a survey once it is put together, as cx_conversations (0053) does.
--
-- One row for each survey with events between since and until (Unix milliseconds): whom it was sent to, when, and what was answered.
--
--     SELECT survey, countIf(sent), countIf(answered) FROM cx_surveys(workspace = 'acme', since = 1767225600000, until = 1769904000000,
--         known_at = 9183196800000, identity_as_of = 0, restricted = [])
--     GROUP BY survey
CREATE OR REPLACE VIEW cx_surveys /* ON_CLUSTER */
AS SELECT
    asker AS source, survey_key AS key, survey_type AS survey,
    groupBitOr(p.flags) AS flags,
    bitTest(flags, 2) AS identified,
    reinterpretAsUUID(substring(max(p.who), 18)) AS known_as,
    if({identity_as_of:UInt64} = 0, dictGetOrDefault('identity_now', 'profile', reinterpretAsUInt64(substring(max(p.who), 26)), known_as), known_as) AS profile,
    bitTest(flags, 0) AS sent,
    minIf(p.sent_at, bitTest(p.flags, 0)) AS sent_at,
    bitTest(flags, 1) AS answered,
    minIf(p.begun_at, bitTest(p.flags, 1)) AS begun_at,
    maxIf(p.answered_at, bitTest(p.flags, 1)) AS answered_at,
    if(answered, reinterpretAsFloat64(substring(max(p.last_score), 17)), 0) AS score,
    substring(max(p.last_scale), 17) AS scale,
    substring(max(p.last_kind), 17) AS kind,
    substring(max(p.last_about), 17) AS about,
    substring(max(p.last_channel), 18) AS channel,
    substring(max(p.last_topic), 17) AS topic,
    substring(max(p.last_team), 17) AS team,
    substring(max(p.last_queue), 17) AS queue,
    substring(max(p.last_language), 17) AS language,
    substring(max(p.last_product), 17) AS product
FROM (
    WITH
        name IN ('survey.sent', 'survey.answered') AS belongs,
        if(belongs, toDate32(at), toDate32(0)) AS day,
        if(belongs, toDate32(received_at), toDate32(0)) AS received_day,
        if(belongs, observation_key, 0) AS member_key,
        if(belongs, observation, toUUID('00000000-0000-0000-0000-000000000000')) AS member,
        if(belongs, source, '') AS asker,
        if(belongs, if(empty(survey_id), message_id, survey_id), '') AS survey_key,
        if(belongs, survey, '') AS survey_type,
        name = 'survey.answered' AS answer,
        answer AND ifNull(score >= 0 OR score < 0, false) AS scored,
        if(empty(about_conversation_id), conversation_id, about_conversation_id) AS about,
        concat(reinterpretAsFixedString(byteSwap(toUInt64(toUnixTimestamp64Milli(at) + 10000000000000))), reinterpretAsFixedString(xxHash64(concat(message_id, '\0', source)))) AS place,
        concat(if(answer, '1', '0'), place) AS placed
    SELECT
        asker, survey_key, survey_type,
        groupBitOr(toUInt8(name = 'survey.sent') + 2 * toUInt8(scored) + 4 * toUInt8(belongs AND notEmpty(survey_id))) AS flags,
        maxIf(concat(placed, reinterpretAsFixedString(observation)), belongs) AS who,
        minIf(at, name = 'survey.sent') AS sent_at,
        minIf(at, scored) AS begun_at,
        maxIf(at, scored) AS answered_at,
        maxIf(concat(place, reinterpretAsFixedString(ifNull(score, 0))), scored) AS last_score,
        maxIf(concat(place, scale), scored) AS last_scale,
        maxIf(concat(place, survey_kind), belongs AND survey_kind != '') AS last_kind,
        maxIf(concat(place, about), belongs AND notEmpty(about)) AS last_about,
        maxIf(concat(placed, channel), belongs) AS last_channel,
        maxIf(concat(place, topic), belongs AND topic != '') AS last_topic,
        maxIf(concat(place, team), belongs AND team != '') AS last_team,
        maxIf(concat(place, queue), belongs AND queue != '') AS last_queue,
        maxIf(concat(place, language), belongs AND language != '') AS last_language,
        maxIf(concat(place, product), belongs AND product != '') AS last_product
    FROM events
    WHERE {identity_as_of:UInt64} = 0
        AND workspace = {workspace:String}
        AND day >= toDate32(fromUnixTimestamp64Milli({since:Int64} + 86399999, 'UTC'))
        AND day < toDate32(fromUnixTimestamp64Milli({until:Int64}, 'UTC'))
        AND received_day < toDate32(fromUnixTimestamp64Milli({known_at:Int64}, 'UTC'))
        AND (empty({restricted:Array(UUID)}) OR dictGetOrDefault('identity_now', 'profile', member_key, member) NOT IN {restricted:Array(UUID)} AND member NOT IN {restricted:Array(UUID)})
        AND member NOT IN (SELECT observation FROM erasing_subjects WHERE workspace = {workspace:String})
        AND notEmpty(survey_key)
    GROUP BY asker, survey_key, survey_type
    UNION ALL
    SELECT
        asker, survey_key, survey_type,
        groupBitOr(toUInt8(name = 'survey.sent') + 2 * toUInt8(scored) + 4 * toUInt8(belongs AND notEmpty(survey_id))) AS flags,
        maxIf(concat(placed, reinterpretAsFixedString(if({identity_as_of:UInt64} = 0, observation, profile))), belongs) AS who,
        minIf(at, name = 'survey.sent') AS sent_at,
        minIf(at, scored) AS begun_at,
        maxIf(at, scored) AS answered_at,
        maxIf(concat(place, reinterpretAsFixedString(ifNull(score, 0))), scored) AS last_score,
        maxIf(concat(place, scale), scored) AS last_scale,
        maxIf(concat(place, survey_kind), belongs AND survey_kind != '') AS last_kind,
        maxIf(concat(place, about), belongs AND notEmpty(about)) AS last_about,
        maxIf(concat(placed, channel), belongs) AS last_channel,
        maxIf(concat(place, topic), belongs AND topic != '') AS last_topic,
        maxIf(concat(place, team), belongs AND team != '') AS last_team,
        maxIf(concat(place, queue), belongs AND queue != '') AS last_queue,
        maxIf(concat(place, language), belongs AND language != '') AS last_language,
        maxIf(concat(place, product), belongs AND product != '') AS last_product
    FROM (
        SELECT *,
            name IN ('survey.sent', 'survey.answered') AS belongs,
            if(belongs, source, '') AS asker,
            if(belongs, if(empty(survey_id), message_id, survey_id), '') AS survey_key,
            if(belongs, survey, '') AS survey_type,
            name = 'survey.answered' AS answer,
            answer AND ifNull(score >= 0 OR score < 0, false) AS scored,
            if(empty(about_conversation_id), conversation_id, about_conversation_id) AS about,
            concat(reinterpretAsFixedString(byteSwap(toUInt64(toUnixTimestamp64Milli(at) + 10000000000000))), reinterpretAsFixedString(xxHash64(concat(message_id, '\0', source)))) AS place,
            concat(if(answer, '1', '0'), place) AS placed
        FROM scope_events(workspace = {workspace:String}, since = {since:Int64}, until = {until:Int64}, known_at = {known_at:Int64},
            identity_as_of = {identity_as_of:UInt64}, channels = [], sources = [], agent_kinds = [], segments = [], restricted = {restricted:Array(UUID)})
        WHERE name IN ('survey.sent', 'survey.answered')
          AND ({identity_as_of:UInt64} != 0
              OR {since:Int64} % 86400000 != 0 AND at < toDateTime64(toDate32(fromUnixTimestamp64Milli({since:Int64} + 86399999, 'UTC')), 3, 'UTC')
              OR {until:Int64} % 86400000 != 0 AND at >= toDateTime64(toDate32(fromUnixTimestamp64Milli({until:Int64}, 'UTC')), 3, 'UTC')
              OR received_at >= toDateTime64(toDate32(fromUnixTimestamp64Milli({known_at:Int64}, 'UTC')), 3, 'UTC'))
    )
    GROUP BY asker, survey_key, survey_type
) AS p
GROUP BY asker, survey_key, survey_type;
