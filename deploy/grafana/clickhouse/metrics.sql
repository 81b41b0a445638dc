-- What dashboards read of the metrics of one workspace: @WORKSPACE@ stands for its name, @RESTRICTED@ for the observations and profiles, as
-- 'id', 'id', of people whose use is restricted. Each view is the statement of sql/queries/cx of its name. since and until are the span
-- shown; as much is read before and after it as the metrics need. Made by `go test ./cmd/internal/node -run GrafanaViews -grafana`.

-- Conversations as the metrics of journeys/cx count them, a row each; a column says which metrics count it and what it
-- adds. The view cx_conversations says what is known of a conversation. read_since and read_until (Unix milliseconds) reach beyond the span of the report,
-- which takes rows by their time, at: far enough to see all of each conversation. near_since and near_until reach a week beyond it: no others are neighbours.
--
-- Within seven days: of the start of the one contact to the start of the other.
CREATE OR REPLACE VIEW `grafana_@WORKSPACE@_contacts` DEFINER = tributary_grafana_views SQL SECURITY DEFINER AS
WITH
    fromUnixTimestamp64Milli(toUnixTimestamp64Milli(now64(3)), 'UTC') AS known,
    toIntervalDay(7) AS week
SELECT
    conversation_id AS id, conversation_id AS conversation, profile, started_at AS at,
    channel, source, topic, agent_kind, began, team, queue, language, product,

    -- Whether what may still happen to it has had its time.
    started_at + week <= known AS week_over,
    closed OR ended_at + toIntervalDay(1) <= known AS finished,

    -- First contact resolution. A contact in which a call back was agreed is told apart.
    if(callback_requested, 'callback_agreed', 'plain') AS callback_series,
    handled AND ifNull(prev_handled_any_at < started_at - week, true) AS first_any,
    first_any AND ifNull(next_any_at > started_at + week, true) AS once_any,
    handled AND topic != '' AND ifNull(prev_handled_topic_at < started_at - week, true) AS first_topic,
    first_topic AND ifNull(next_topic_at > started_at + week, true) AS once_topic,

    -- Repeat contacts.
    eligible,
    eligible AND ifNull(prev_any_at >= started_at - week, false) AS repeat_any,
    eligible AND topic != '' AS eligible_topic,
    eligible_topic AND ifNull(prev_topic_at >= started_at - week, false) AS repeat_topic,

    -- Handling, waiting.
    human AND timed AS human_timed,
    talk_ms, hold_ms, wrap_ms, talk_ms + hold_ms + wrap_ms AS handle_ms,
    direction = 'inbound' AND wait_ms >= 0 AS inbound_waited,
    wait_ms,
    -- Given up within ten seconds: by mistake, as often as not.
    direction = 'inbound' AND (queued OR abandoned OR answered) AND NOT (abandoned AND given_up_ms < 10000) AS offered,
    offered AND abandoned AS lost,
    human,
    human AND transferred AS human_transferred,

    -- What AI did.
    ai_began, contained,
    contained AND resolution = 'confirmed' AS ai_confirmed,
    contained AND ifNull(next_any_at <= started_at + week, false) AS silent_any,
    contained AND topic != '' AS contained_topic,
    contained_topic AND ifNull(next_topic_at <= started_at + week, false) AS silent_topic,
    ai_began AND handed_off AS ai_handed_off,
    ai_began AND priced AS ai_priced,
    cost_nano,
    eligible AND began != '' AS begun,
    begun AND resolution = 'confirmed' AS begun_confirmed,
    begun AND ifNull(next_any_at > started_at + week, true) AS begun_once
FROM (
    -- The nearest eligible contact after and before, of the same person, and about the same topic; NULL: none that is near enough to count.
    SELECT *,
        leadInFrame(toNullable(started_at)) OVER (PARTITION BY profile, eligible ORDER BY started_at, conversation_id ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) AS next_any_at,
        leadInFrame(toNullable(started_at)) OVER (PARTITION BY profile, eligible, topic ORDER BY started_at, conversation_id ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) AS next_topic_at,
        lagInFrame(toNullable(started_at)) OVER (PARTITION BY profile, eligible ORDER BY started_at, conversation_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS prev_any_at,
        lagInFrame(toNullable(started_at)) OVER (PARTITION BY profile, eligible, topic ORDER BY started_at, conversation_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS prev_topic_at,
        max(if(handled, toNullable(started_at), NULL)) OVER (PARTITION BY profile, eligible ORDER BY started_at, conversation_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS prev_handled_any_at,
        max(if(handled, toNullable(started_at), NULL)) OVER (PARTITION BY profile, eligible, topic ORDER BY started_at, conversation_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS prev_handled_topic_at
    FROM cx_conversations(workspace = '@WORKSPACE@', since = toInt64(toUnixTimestamp({since:DateTime})) * 1000 - 3196800000, until = toInt64(toUnixTimestamp({until:DateTime})) * 1000 + 3196800000,
        known_at = toUnixTimestamp64Milli(now64(3)), identity_as_of = 0, restricted = [@RESTRICTED@])
    WHERE started_at >= fromUnixTimestamp64Milli(toInt64(toUnixTimestamp({since:DateTime})) * 1000 - 604800000, 'UTC') AND started_at < fromUnixTimestamp64Milli(toInt64(toUnixTimestamp({until:DateTime})) * 1000 + 604800000, 'UTC')
);

-- Surveys as the metrics of journeys/cx count them, a row for each one sent or answered, by survey_id where the source
-- says it; of several answers to one the last counts. The view cx_surveys says what is known of a survey. Channel, topic, team and the like
-- are what its own events say: statement.go adds what is known of the conversation that it is about, where that is asked for.
CREATE OR REPLACE VIEW `grafana_@WORKSPACE@_surveys` DEFINER = tributary_grafana_views SQL SECURITY DEFINER AS
SELECT s.* REPLACE (
    if(c.channel != '', c.channel, s.channel) AS channel, if(s.topic != '', s.topic, c.topic) AS topic, c.agent_kind AS agent_kind, c.began AS began,
    if(s.team != '', s.team, c.team) AS team, if(s.queue != '', s.queue, c.queue) AS queue,
    if(s.language != '', s.language, c.language) AS language, if(s.product != '', s.product, c.product) AS product)
FROM (
WITH
    arrayMap(x -> toFloat64OrZero(x), splitByChar('-', scale)) AS bounds,
    bounds[1] AS lowest,
    bounds[2] AS highest,
    fromUnixTimestamp64Milli(toUnixTimestamp64Milli(now64(3)), 'UTC') AS known
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
    FROM cx_surveys(workspace = '@WORKSPACE@', since = toInt64(toUnixTimestamp({since:DateTime})) * 1000 - 3196800000, until = toInt64(toUnixTimestamp({until:DateTime})) * 1000 + 3196800000,
        known_at = toUnixTimestamp64Milli(now64(3)), identity_as_of = 0, restricted = [@RESTRICTED@])
) AS s
) AS s
LEFT JOIN (
    SELECT conversation_id, channel, topic, agent_kind, began, team, queue, language, product
    FROM cx_conversations(workspace = '@WORKSPACE@', since = toInt64(toUnixTimestamp({since:DateTime})) * 1000 - 3196800000, until = toInt64(toUnixTimestamp({until:DateTime})) * 1000 + 3196800000,
        known_at = toUnixTimestamp64Milli(now64(3)), identity_as_of = 0, restricted = [@RESTRICTED@])
) AS c ON c.conversation_id = s.conversation;

-- How often cases were resolved, a row each time, with whether the case was opened again within seven days. Of several
-- resolutions in a row the last counts.
CREATE OR REPLACE VIEW `grafana_@WORKSPACE@_resolutions` DEFINER = tributary_grafana_views SQL SECURITY DEFINER AS
SELECT
    case_id AS id, profile, at, channel, source, topic, '' AS agent_kind, '' AS began, team, queue, language, product,
    name = 'case.resolved' AND following != 'case.resolved' AS resolved,
    resolved AND following = 'case.reopened' AND following_at <= at + toIntervalDay(7) AS reopened,
    at + toIntervalDay(7) <= fromUnixTimestamp64Milli(toUnixTimestamp64Milli(now64(3)), 'UTC') AS week_over
FROM (
    SELECT case_id, profile, at, channel, source, topic, team, queue, language, product, name,
        leadInFrame(name) OVER following_one AS following,
        leadInFrame(at) OVER following_one AS following_at
    FROM scope_events(workspace = '@WORKSPACE@', since = toInt64(toUnixTimestamp({since:DateTime})) * 1000 - 3196800000, until = toInt64(toUnixTimestamp({until:DateTime})) * 1000 + 3196800000, known_at = toUnixTimestamp64Milli(now64(3)),
        identity_as_of = 0, channels = [], sources = [], agent_kinds = [], segments = [], restricted = [@RESTRICTED@])
    WHERE name IN ('case.resolved', 'case.reopened') AND case_id != ''
    WINDOW following_one AS (PARTITION BY case_id ORDER BY at, message_id, source ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING)
);

-- Service levels that were decided, a row for each case, or conversation where no case is named: at the first time that one of its
-- was met or breached. It is met if none was breached.
CREATE OR REPLACE VIEW `grafana_@WORKSPACE@_slas` DEFINER = tributary_grafana_views SQL SECURITY DEFINER AS
SELECT
    if(case_id = '', conversation_id, case_id) AS id,
    argMax(e.profile, e.place) AS profile, min(e.at) AS at,
    argMaxIf(e.channel, e.place, e.channel != '') AS channel, argMin(e.source, e.place) AS source, argMaxIf(e.topic, e.place, e.topic != '') AS topic,
    '' AS agent_kind, '' AS began, argMaxIf(e.team, e.place, e.team != '') AS team, argMaxIf(e.queue, e.place, e.queue != '') AS queue,
    argMaxIf(e.language, e.place, e.language != '') AS language, argMaxIf(e.product, e.place, e.product != '') AS product,
    true AS decided,
    countIf(name = 'sla.breached') = 0 AS met
FROM (
    SELECT *, tuple(at, message_id, source) AS place
    FROM scope_events(workspace = '@WORKSPACE@', since = toInt64(toUnixTimestamp({since:DateTime})) * 1000 - 3196800000, until = toInt64(toUnixTimestamp({until:DateTime})) * 1000 + 3196800000, known_at = toUnixTimestamp64Milli(now64(3)),
        identity_as_of = 0, channels = [], sources = [], agent_kinds = [], segments = [], restricted = [@RESTRICTED@])
    WHERE name IN ('sla.met', 'sla.breached') AND (case_id != '' OR conversation_id != '')
) AS e
GROUP BY id;

-- What opens cases and what ends them, a row each time that a case goes from the one to the other: sum them up to a time, and it is
-- how many are open. place is where an event is among others, as a text of which the greater is later. It reads from the beginning, for a case
-- may be open for years.
CREATE OR REPLACE VIEW `grafana_@WORKSPACE@_backlog` DEFINER = tributary_grafana_views SQL SECURITY DEFINER AS
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
        FROM scope_events(workspace = '@WORKSPACE@', since = -2208988800000, until = toInt64(toUnixTimestamp({until:DateTime})) * 1000 + 3196800000, known_at = toUnixTimestamp64Milli(now64(3)),
            identity_as_of = 0, channels = [], sources = [], agent_kinds = [], segments = [], restricted = [@RESTRICTED@])
        WHERE name IN ('case.opened', 'case.reopened', 'case.resolved') AND case_id != ''
    ) AS e
    WINDOW whole AS (PARTITION BY case_id)
);
