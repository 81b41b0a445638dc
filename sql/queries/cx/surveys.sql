-- Surveys as the metrics of journeys/cx count them, a row for each one sent or answered, by survey_id where the source
-- says it; of several answers to one the last counts. Channel, topic, team and the like are what its own events say: statement.go
-- adds what is known of the conversation that it is about, where that is asked for.
--
-- place is where an event is among others, as a text of which the greater is later: the engine compares texts in half the time of tuples.
WITH
    arrayMap(x -> toFloat64OrZero(x), splitByChar('-', scale)) AS bounds,
    bounds[1] AS lowest,
    bounds[2] AS highest,
    fromUnixTimestamp64Milli({known_at:Int64}, 'UTC') AS known
SELECT
    s.key AS id, s.about AS conversation, s.profile AS profile, s.answered_at AS at, s.sent_at AS sent_at,
    s.own_channel AS channel, s.source AS source, s.own_topic AS topic, '' AS agent_kind, '' AS began,
    s.own_team AS team, s.own_queue AS queue, s.own_language AS language, s.own_product AS product,

    s.scale AS scale, s.score AS score,
    if(scale = '', 'undeclared', scale) AS scale_series,
    s.answered AND s.survey = 'csat' AS csat,
    csat AND scale != '' AS csat_scored,
    -- The two best points of a scale of at least five, the best of a shorter one, the upper fifth of a longer one than 11.
    csat_scored AND score >= multiIf(highest - lowest < 4, highest, highest - lowest <= 10, highest - 1, highest - 0.2 * (highest - lowest)) AS csat_satisfied,

    if(s.kind = '', 'undeclared', s.kind) AS kind_series,
    s.answered AND s.survey = 'nps' AND scale IN ('', '0-10') AS nps,
    multiIf(score >= 9, 1, score <= 6, -1, 0) AS nps_net,

    s.answered AND s.survey = 'ces' AS ces,
    ces AND scale != '' AS ces_scored,
    ces_scored AND score > (lowest + highest) / 2 AS ces_easy,

    if(s.survey = '', 'undeclared', s.survey) AS survey_series,
    s.sent AND s.identified AS sent,
    s.sent AND ifNull(s.first_answer_at BETWEEN s.sent_at AND s.sent_at + toIntervalDay(14), false) AS responded,
    s.sent_at + toIntervalDay(14) <= known AS response_over
FROM (
    SELECT *,
        min(if(answered, toNullable(begun_at), NULL)) OVER (PARTITION BY source, key) AS first_answer_at
    FROM (
        SELECT
            source, if(survey_id = '', message_id, survey_id) AS key, survey,
            any(survey_id) != '' AS identified,
            argMax(e.profile, concat(if(name = 'survey.answered', '1', '0'), e.place)) AS profile,
            countIf(name = 'survey.sent') > 0 AS sent,
            minIf(at, name = 'survey.sent') AS sent_at,
            countIf(scored) > 0 AS answered,
            minIf(at, scored) AS begun_at,
            maxIf(at, scored) AS answered_at,
            argMaxIf(ifNull(e.score, 0), e.place, scored) AS score,
            argMaxIf(e.scale, e.place, scored) AS scale,
            argMaxIf(survey_kind, e.place, survey_kind != '') AS kind,
            argMaxIf(if(about_conversation_id = '', conversation_id, about_conversation_id), e.place, about_conversation_id != '' OR conversation_id != '') AS about,
            argMax(channel, concat(if(name = 'survey.answered', '1', '0'), e.place)) AS own_channel,
            argMaxIf(topic, e.place, topic != '') AS own_topic,
            argMaxIf(team, e.place, team != '') AS own_team,
            argMaxIf(queue, e.place, queue != '') AS own_queue,
            argMaxIf(language, e.place, language != '') AS own_language,
            argMaxIf(product, e.place, product != '') AS own_product
        FROM (
            SELECT *, name = 'survey.answered' AND isNotNull(score) AS scored, concat(reinterpretAsFixedString(byteSwap(toUInt64(toUnixTimestamp64Milli(at) + 10000000000000))), message_id) AS place
            FROM scope_events(workspace = {workspace:String}, since = {read_since:Int64}, until = {read_until:Int64}, known_at = {known_at:Int64},
                identity_as_of = {identity_as_of:UInt64}, channels = [], sources = [], agent_kinds = [], segments = [], restricted = {restricted:Array(UUID)})
            WHERE name IN ('survey.sent', 'survey.answered')
        ) AS e
        GROUP BY source, key, survey
    )
) AS s
