-- cx_contacts of 0037 over scope_events of 0043.
--
-- One row for each conversation with events between since and until (Unix milliseconds): who it was with, who
-- answered, how long it took, what became of it, and which contacts of the same person came before and after.
-- The words behind each column, and why, are in journeys/cx/README.md.
--
--     SELECT channel, count() FROM cx_contacts(workspace = 'acme', since = 1767225600000, until = 1769904000000,
--         known_at = 9183196800000, identity_as_of = 0, restricted = [])
--     WHERE direction = 'inbound' GROUP BY channel
--
-- What lies outside of since and until is not seen: whoever wants numbers of a span reads more than the span, and
-- takes the conversations that started within it.
--
-- Seconds are kept as whole milliseconds and cost as whole billionths, so that sums do not depend on the order
-- in which the engine adds.
CREATE OR REPLACE VIEW cx_contacts /* ON_CLUSTER */
AS SELECT *,
    -- The nearest eligible contact after and before this one, of the same person, and about the same topic; NULL: none.
    leadInFrame(toNullable(started_at)) OVER (PARTITION BY profile, eligible ORDER BY started_at, conversation_id ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) AS next_any_at,
    leadInFrame(toNullable(started_at)) OVER (PARTITION BY profile, eligible, topic ORDER BY started_at, conversation_id ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) AS next_topic_at,
    lagInFrame(toNullable(started_at)) OVER (PARTITION BY profile, eligible ORDER BY started_at, conversation_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS prev_any_at,
    lagInFrame(toNullable(started_at)) OVER (PARTITION BY profile, eligible, topic ORDER BY started_at, conversation_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS prev_topic_at,
    max(if(handled, toNullable(started_at), NULL)) OVER (PARTITION BY profile, eligible ORDER BY started_at, conversation_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS prev_handled_any_at,
    max(if(handled, toNullable(started_at), NULL)) OVER (PARTITION BY profile, eligible, topic ORDER BY started_at, conversation_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS prev_handled_topic_at
FROM (
    SELECT
        conversation_id,
        argMaxIf(e.profile, (name IN ('conversation.identified', 'conversation.verified'), e.place), talk) AS profile,
        minIf(at, talk) AS started_at,
        maxIf(at, talk) AS ended_at,
        argMinIf(e.source, e.place, talk) AS source,
        argMinIf(e.channel, e.place, talk AND e.channel != '') AS channel,
        argMinIf(e.direction, (name != 'conversation.started', e.place), talk AND e.direction != '') AS direction,
        argMaxIf(e.topic, e.place, talk AND e.topic != '') AS topic,
        argMaxIf(e.language, e.place, talk AND e.language != '') AS language,
        argMaxIf(e.product, e.place, talk AND e.product != '') AS product,
        argMaxIf(e.team, e.place, talk AND e.team != '') AS team,
        argMaxIf(e.queue, e.place, talk AND e.queue != '') AS queue,
        argMaxIf(e.case_id, e.place, e.case_id != '') AS case_id,
        argMaxIf(e.resolution, e.place, talk AND e.resolution != '') AS resolution,

        argMinIf(author, e.place, reply) AS began,
        countIf(author = 'human' AND (reply OR name = 'callback.completed')) > 0 AS human,
        multiIf(human, 'human', countIf(author = 'ai' AND reply) > 0, 'ai', '') AS agent_kind,
        greatest(uniqExactIf(if(leg_id = '', message_id, leg_id), name = 'conversation.answered' AND author = 'human'), toUInt64(human)) AS legs,

        countIf(name IN ('conversation.ended', 'conversation.abandoned')) > 0 AS closed,
        countIf(name = 'conversation.abandoned') > 0 AND NOT human AS abandoned,
        countIf(name = 'conversation.transferred') > 0 AS transferred,
        countIf(name = 'conversation.human_requested') > 0 AS human_requested,
        countIf(name = 'conversation.handed_off') > 0 AS handed_off,
        countIf(name = 'callback.requested') > 0 AS callback_requested,
        -- A conversation that carries out a callback agreed on in another one is no new contact.
        NOT callback_requested AND countIf(name IN ('callback.completed', 'callback.failed')) > 0 AS callback,
        direction = 'inbound' AND NOT callback AS eligible,
        eligible AND agent_kind != '' AND NOT abandoned AS handled,

        countIf(name IN ('conversation.queued', 'conversation.offered')) > 0 AS queued,
        minIf(at, name IN ('conversation.queued', 'conversation.offered')) AS queued_at,
        countIf(name = 'conversation.answered' AND author = 'human') > 0 AS answered,
        argMinIf(toInt64(round(ifNull(wait_s, -0.001) * 1000)), e.place, name = 'conversation.answered' AND author = 'human') AS said_wait_ms,
        minIf(at, name = 'conversation.answered' AND author = 'human') AS answered_at,
        multiIf(NOT answered, -1, said_wait_ms >= 0, said_wait_ms, queued AND queued_at <= answered_at, toUnixTimestamp64Milli(answered_at) - toUnixTimestamp64Milli(queued_at), -1) AS wait_ms,
        argMinIf(toInt64(round(ifNull(wait_s, -0.001) * 1000)), e.place, name = 'conversation.abandoned') AS said_given_up_ms,
        minIf(at, name = 'conversation.abandoned') AS abandoned_at,
        multiIf(NOT abandoned, -1, said_given_up_ms >= 0, said_given_up_ms, toUnixTimestamp64Milli(abandoned_at) - toUnixTimestamp64Milli(if(queued AND queued_at <= abandoned_at, queued_at, started_at))) AS given_up_ms,

        countIf(isNotNull(talk_s)) > 0 AS timed,
        sum(toInt64(round(ifNull(talk_s, 0) * 1000))) AS talk_ms,
        sum(toInt64(round(ifNull(hold_s, 0) * 1000))) AS hold_ms,
        sum(toInt64(round(ifNull(wrap_s, 0) * 1000))) AS wrap_ms,
        countIf(isNotNull(cost)) > 0 AS priced,
        sum(toInt64(round(ifNull(cost, 0) * 1000000000))) AS cost_nano,
        eligible AND began = 'ai' AS ai_began,
        ai_began AND NOT (human OR abandoned OR human_requested OR handed_off OR callback_requested) AS contained
    FROM (
        SELECT *,
            startsWith(name, 'conversation.') OR name = 'ivr.step' AS talk,
            multiIf(author_role != '', author_role, name = 'conversation.answered', if(model = '', 'human', 'ai'), name = 'callback.completed', 'human', '') AS author,
            name IN ('conversation.answered', 'conversation.message') AND author IN ('ai', 'human') AS reply,
            tuple(at, message_id, source) AS place -- ties are broken alike, in whatever order events lie
        FROM scope_events(workspace = {workspace:String}, since = {since:Int64}, until = {until:Int64}, known_at = {known_at:Int64},
            identity_as_of = {identity_as_of:UInt64}, channels = [], sources = [], agent_kinds = [], segments = [], restricted = {restricted:Array(UUID)})
        WHERE conversation_id != ''
    ) AS e
    GROUP BY conversation_id
    HAVING countIf(talk) > 0
);
