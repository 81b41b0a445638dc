-- Conversations as the metrics of journeys/cx count them, a row each; a column says which metrics count it and what it
-- adds. The view cx_conversations says what is known of a conversation. read_since and read_until (Unix milliseconds) reach beyond the span of the report,
-- which takes rows by their time, at: far enough to see all of each conversation. near_since and near_until reach a week beyond it: no others are neighbours.
--
-- Within seven days: of the start of the one contact to the start of the other.
WITH
    fromUnixTimestamp64Milli({known_at:Int64}, 'UTC') AS known,
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
    FROM cx_conversations(workspace = {workspace:String}, since = {read_since:Int64}, until = {read_until:Int64},
        known_at = {known_at:Int64}, identity_as_of = {identity_as_of:UInt64}, restricted = {restricted:Array(UUID)})
    WHERE started_at >= fromUnixTimestamp64Milli({near_since:Int64}, 'UTC') AND started_at < fromUnixTimestamp64Milli({near_until:Int64}, 'UTC')
)
