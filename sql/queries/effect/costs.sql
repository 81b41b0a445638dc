-- What contacts that an AI or a human began cost, a row each, with what the next contact of the same person cost if it began
-- within 7 days: what a contact that helped nobody leads to. journeys/effect/README.md says how cost is made of it.
-- read_since and read_until (Unix milliseconds) reach beyond the span of the report.
WITH
    fromUnixTimestamp64Milli({known_at:Int64}, 'UTC') AS known,
    toIntervalDay(7) AS week
SELECT
    profile, c.conversation_id AS id, toString(c.source) AS source, toString(c.channel) AS channel, toString(c.topic) AS topic, a.agent AS agent,
    c.started_at AS at, CAST(c.began = 'ai', 'Bool') AS ai,
    CAST(c.contained, 'Bool') AS contained,
    CAST(c.contained AND c.resolution = 'confirmed', 'Bool') AS confirmed,
    CAST(c.human, 'Bool') AS human, CAST(c.human AND c.timed, 'Bool') AS timed, c.talk_ms + c.hold_ms + c.wrap_ms AS handle_ms,
    CAST(c.priced, 'Bool') AS priced, c.cost_nano AS cost_nano,
    CAST(ifNull(c.next_any_at <= c.started_at + week, false), 'Bool') AS again,
    CAST(c.next_human, 'Bool') AS next_human, CAST(c.next_timed, 'Bool') AS next_timed, c.next_handle_ms AS next_handle_ms,
    CAST(c.next_priced, 'Bool') AS next_priced, CAST(c.next_ai, 'Bool') AS next_ai, c.next_cost_nano AS next_cost_nano,
    CAST(c.started_at + week <= known AND (c.closed OR c.ended_at + toIntervalDay(1) <= known), 'Bool') AS settled
FROM
(
    SELECT *,
        leadInFrame(human) OVER later AS next_human,
        leadInFrame(human AND timed) OVER later AS next_timed,
        leadInFrame(talk_ms + hold_ms + wrap_ms) OVER later AS next_handle_ms,
        leadInFrame(priced) OVER later AS next_priced,
        leadInFrame(began = 'ai') OVER later AS next_ai,
        leadInFrame(cost_nano) OVER later AS next_cost_nano
    FROM cx_contacts(workspace = {workspace:String}, since = {read_since:Int64}, until = {read_until:Int64},
        known_at = {known_at:Int64}, identity_as_of = {identity_as_of:UInt64}, restricted = {restricted:Array(UUID)})
    WINDOW later AS (PARTITION BY profile, eligible ORDER BY started_at, conversation_id ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING)
) AS c
LEFT JOIN
(
    SELECT conversation_id, argMinIf(toString(if(agent_id = '', model, agent_id)), (at, message_id, toString(source)), agent_id != '' OR model != '') AS agent
    FROM scope_events(workspace = {workspace:String}, since = {read_since:Int64}, until = {read_until:Int64}, known_at = {known_at:Int64},
        identity_as_of = {identity_as_of:UInt64}, channels = [], sources = [], agent_kinds = [],
        segments = [], restricted = {restricted:Array(UUID)})
    WHERE {agents:Bool} AND conversation_id != '' AND name IN ('conversation.answered', 'conversation.message') AND (author_role = 'ai' OR author_role = '' AND name = 'conversation.answered' AND model != '')
    GROUP BY conversation_id
) AS a ON a.conversation_id = c.conversation_id
WHERE c.eligible AND c.began IN ('ai', 'human')
    AND c.started_at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC') AND c.started_at < fromUnixTimestamp64Milli({until:Int64}, 'UTC')
    AND (empty({channels:Array(String)}) OR c.channel IN {channels:Array(String)})
    AND (empty({sources:Array(String)}) OR c.source IN {sources:Array(String)})
    AND (empty({segments:Array(String)}) OR profile IN (SELECT profile FROM profile_segments FINAL
            WHERE notEmpty({segments:Array(String)}) AND workspace = {workspace:String} AND hasAny(segments, {segments:Array(String)})))
ORDER BY profile, at, id
