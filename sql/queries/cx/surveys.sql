-- Surveys as the metrics of journeys/cx count them, a row for each one sent or answered, by survey_id where the source
-- says it; of several answers to one the last counts. The view cx_surveys says what is known of a survey. Channel, topic, team and the like
-- are what its own events say: statement.go adds what is known of the conversation that it is about, where that is asked for.
WITH
    arrayMap(x -> toFloat64OrZero(x), splitByChar('-', scale)) AS bounds,
    bounds[1] AS lowest,
    bounds[2] AS highest,
    fromUnixTimestamp64Milli({known_at:Int64}, 'UTC') AS known
SELECT
    s.key AS id, s.about AS conversation, s.profile AS profile, s.answered_at AS at, s.sent_at AS sent_at,
    s.channel AS channel, s.source AS source, s.topic AS topic, '' AS agent_kind, '' AS began,
    s.team AS team, s.queue AS queue, s.language AS language, s.product AS product,

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
    FROM cx_surveys(workspace = {workspace:String}, since = {read_since:Int64}, until = {read_until:Int64},
        known_at = {known_at:Int64}, identity_as_of = {identity_as_of:UInt64}, restricted = {restricted:Array(UUID)})
) AS s
