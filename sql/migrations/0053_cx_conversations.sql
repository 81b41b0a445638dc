-- One row for each conversation with events between since and until (Unix milliseconds): who it was with, who answered, how long it took, and
-- what became of it: cx_contacts of 0048 without the contacts before and after, for whoever needs none, or looks for them among fewer conversations.
-- The words behind each column, and why, are in journeys/cx/README.md.
--
--     SELECT channel, count() FROM cx_conversations(workspace = 'acme', since = 1767225600000, until = 1769904000000,
--         known_at = 9183196800000, identity_as_of = 0, restricted = [])
--     WHERE direction = 'inbound' GROUP BY channel
--
-- What lies outside of since and until is not seen: whoever wants numbers of a span reads more than the span, and
-- takes the conversations that started within it.
--
-- An event of the scope is in one of two parts:
--
--   * the whole UTC days between since and until, of what was received on days before that of known_at: their groups are read
--     from the projection, whose keys tell them apart. The expressions are those of 0046, or the engine would not see
--     that they are; of parts of the table that have no projection it reads the events, with the same result,
--   * the rest: the days in which since and until lie, if they do not begin one, and what was received on the day of known_at. If people
--     are to be told apart as of an identity_version, it is all of them, and the other part reads nothing.
--
-- place, a text of 16 bytes, and who, which ends in the observation, or the profile as of an identity_version, are explained in 0046. Seconds are kept as whole milliseconds and
-- cost as whole billionths, so that sums do not depend on the order in which the engine adds.
CREATE OR REPLACE VIEW cx_conversations /* ON_CLUSTER */
AS SELECT
    conversation_id,
    groupBitOr(p.flags) AS flags,
    reinterpretAsUUID(substring(max(p.who), 18)) AS known_as,
    if({identity_as_of:UInt64} = 0, dictGetOrDefault('identity_now', 'profile', reinterpretAsUInt64(substring(max(p.who), 26)), known_as), known_as) AS profile,
    minIf(p.started_at, bitTest(p.flags, 0)) AS started_at,
    maxIf(p.ended_at, bitTest(p.flags, 0)) AS ended_at,
    substring(minIf(p.first_source, p.first_source != ''), 17) AS source,
    substring(minIf(p.first_channel, p.first_channel != ''), 17) AS channel,
    substring(minIf(p.first_direction, p.first_direction != ''), 18) AS direction,
    substring(max(p.last_topic), 17) AS topic,
    substring(max(p.last_language), 17) AS language,
    substring(max(p.last_product), 17) AS product,
    substring(max(p.last_team), 17) AS team,
    substring(max(p.last_queue), 17) AS queue,
    substring(max(p.last_case), 17) AS case_id,
    substring(max(p.last_resolution), 17) AS resolution,

    substring(minIf(p.first_author, p.first_author != ''), 17) AS began,
    bitTest(flags, 1) AS human,
    multiIf(human, 'human', bitTest(flags, 2), 'ai', '') AS agent_kind,

    bitTest(flags, 3) AS closed,
    bitTest(flags, 4) AND NOT human AS abandoned,
    bitTest(flags, 5) AS transferred,
    bitTest(flags, 6) AS human_requested,
    bitTest(flags, 7) AS handed_off,
    bitTest(flags, 8) AS callback_requested,
    -- A conversation that carries out a callback agreed on in another one is no new contact.
    NOT callback_requested AND bitTest(flags, 9) AS callback,
    direction = 'inbound' AND NOT callback AS eligible,
    eligible AND agent_kind != '' AND NOT abandoned AS handled,

    bitTest(flags, 10) AS queued,
    minIf(p.queued_at, bitTest(p.flags, 10)) AS queued_at,
    bitTest(flags, 11) AS answered,
    reinterpretAsInt64(substring(minIf(p.first_wait, p.first_wait != ''), 17)) AS said_wait_ms,
    minIf(p.answered_at, bitTest(p.flags, 11)) AS answered_at,
    multiIf(NOT answered, -1, said_wait_ms >= 0, said_wait_ms, queued AND queued_at <= answered_at, toUnixTimestamp64Milli(answered_at) - toUnixTimestamp64Milli(queued_at), -1) AS wait_ms,
    reinterpretAsInt64(substring(minIf(p.given_up, p.given_up != ''), 17)) AS said_given_up_ms,
    minIf(p.abandoned_at, bitTest(p.flags, 4)) AS abandoned_at,
    multiIf(NOT abandoned, -1, said_given_up_ms >= 0, said_given_up_ms, toUnixTimestamp64Milli(abandoned_at) - toUnixTimestamp64Milli(if(queued AND queued_at <= abandoned_at, queued_at, started_at))) AS given_up_ms,

    bitTest(flags, 12) AS timed,
    sum(p.talk_ms) AS talk_ms,
    sum(p.hold_ms) AS hold_ms,
    sum(p.wrap_ms) AS wrap_ms,
    bitTest(flags, 13) AS priced,
    sum(p.cost_nano) AS cost_nano,
    eligible AND began = 'ai' AS ai_began,
    ai_began AND NOT (human OR abandoned OR human_requested OR handed_off OR callback_requested) AS contained
FROM (
    WITH
        notEmpty(conversation_id) AS belongs,
        if(belongs, toDate32(at), toDate32(0)) AS day,
        if(belongs, toDate32(received_at), toDate32(0)) AS received_day,
        if(belongs, observation_key, 0) AS member_key,
        if(belongs, observation, toUUID('00000000-0000-0000-0000-000000000000')) AS member,
        startsWith(name, 'conversation.') OR name = 'ivr.step' AS talk,
        multiIf(author_role != '', author_role, name = 'conversation.answered', if(model = '', 'human', 'ai'), name = 'callback.completed', 'human', '') AS author,
        name IN ('conversation.answered', 'conversation.message') AND author IN ('ai', 'human') AS reply,
        name = 'conversation.answered' AND author = 'human' AS answer,
        name IN ('conversation.queued', 'conversation.offered') AS queueing,
        concat(reinterpretAsFixedString(byteSwap(toUInt64(toUnixTimestamp64Milli(at) + 10000000000000))), reinterpretAsFixedString(xxHash64(concat(message_id, '\0', source)))) AS place,
        concat(place, reinterpretAsFixedString(toInt64(round(ifNull(wait_s, -0.001) * 1000)))) AS waited
    SELECT
        conversation_id,
        groupBitOr(
            1 * toUInt32(talk)
            + 2 * toUInt32(author = 'human' AND (reply OR name = 'callback.completed'))
            + 4 * toUInt32(author = 'ai' AND reply)
            + 8 * toUInt32(name IN ('conversation.ended', 'conversation.abandoned'))
            + 16 * toUInt32(name = 'conversation.abandoned')
            + 32 * toUInt32(name = 'conversation.transferred')
            + 64 * toUInt32(name = 'conversation.human_requested')
            + 128 * toUInt32(name = 'conversation.handed_off')
            + 256 * toUInt32(name = 'callback.requested')
            + 512 * toUInt32(name IN ('callback.completed', 'callback.failed'))
            + 1024 * toUInt32(queueing)
            + 2048 * toUInt32(answer)
            + 4096 * toUInt32(ifNull(talk_s >= 0 OR talk_s < 0, false))
            + 8192 * toUInt32(ifNull(cost >= 0 OR cost < 0, false))) AS flags,
        maxIf(concat(if(name IN ('conversation.identified', 'conversation.verified'), '1', '0'), place, reinterpretAsFixedString(observation)), talk) AS who,
        minIf(at, talk) AS started_at,
        maxIf(at, talk) AS ended_at,
        minIf(concat(place, source), talk) AS first_source,
        minIf(concat(place, channel), talk AND channel != '') AS first_channel,
        minIf(concat(if(name = 'conversation.started', '0', '1'), place, direction), talk AND direction != '') AS first_direction,
        maxIf(concat(place, topic), talk AND topic != '') AS last_topic,
        maxIf(concat(place, language), talk AND language != '') AS last_language,
        maxIf(concat(place, product), talk AND product != '') AS last_product,
        maxIf(concat(place, team), talk AND team != '') AS last_team,
        maxIf(concat(place, queue), talk AND queue != '') AS last_queue,
        maxIf(concat(place, case_id), notEmpty(case_id)) AS last_case,
        maxIf(concat(place, resolution), talk AND resolution != '') AS last_resolution,
        minIf(concat(place, author), reply) AS first_author,
        minIf(at, queueing) AS queued_at,
        minIf(at, answer) AS answered_at,
        minIf(at, name = 'conversation.abandoned') AS abandoned_at,
        minIf(waited, answer) AS first_wait,
        minIf(waited, name = 'conversation.abandoned') AS given_up,
        sum(toInt64(round(ifNull(talk_s, 0) * 1000))) AS talk_ms,
        sum(toInt64(round(ifNull(hold_s, 0) * 1000))) AS hold_ms,
        sum(toInt64(round(ifNull(wrap_s, 0) * 1000))) AS wrap_ms,
        sum(toInt64(round(ifNull(cost, 0) * 1000000000))) AS cost_nano
    FROM events
    WHERE {identity_as_of:UInt64} = 0
        AND workspace = {workspace:String}
        AND day >= toDate32(fromUnixTimestamp64Milli({since:Int64} + 86399999, 'UTC'))
        AND day < toDate32(fromUnixTimestamp64Milli({until:Int64}, 'UTC'))
        AND received_day < toDate32(fromUnixTimestamp64Milli({known_at:Int64}, 'UTC'))
        AND (empty({restricted:Array(UUID)}) OR dictGetOrDefault('identity_now', 'profile', member_key, member) NOT IN {restricted:Array(UUID)} AND member NOT IN {restricted:Array(UUID)})
        AND member NOT IN (SELECT observation FROM erasing_subjects WHERE workspace = {workspace:String})
        AND conversation_id != ''
    GROUP BY conversation_id
    UNION ALL
    SELECT
        conversation_id,
        groupBitOr(
            1 * toUInt32(talk)
            + 2 * toUInt32(author = 'human' AND (reply OR name = 'callback.completed'))
            + 4 * toUInt32(author = 'ai' AND reply)
            + 8 * toUInt32(name IN ('conversation.ended', 'conversation.abandoned'))
            + 16 * toUInt32(name = 'conversation.abandoned')
            + 32 * toUInt32(name = 'conversation.transferred')
            + 64 * toUInt32(name = 'conversation.human_requested')
            + 128 * toUInt32(name = 'conversation.handed_off')
            + 256 * toUInt32(name = 'callback.requested')
            + 512 * toUInt32(name IN ('callback.completed', 'callback.failed'))
            + 1024 * toUInt32(queueing)
            + 2048 * toUInt32(answer)
            + 4096 * toUInt32(ifNull(talk_s >= 0 OR talk_s < 0, false))
            + 8192 * toUInt32(ifNull(cost >= 0 OR cost < 0, false))) AS flags,
        maxIf(concat(if(name IN ('conversation.identified', 'conversation.verified'), '1', '0'), place, reinterpretAsFixedString(if({identity_as_of:UInt64} = 0, observation, profile))), talk) AS who,
        minIf(at, talk) AS started_at,
        maxIf(at, talk) AS ended_at,
        minIf(concat(place, source), talk) AS first_source,
        minIf(concat(place, channel), talk AND channel != '') AS first_channel,
        minIf(concat(if(name = 'conversation.started', '0', '1'), place, direction), talk AND direction != '') AS first_direction,
        maxIf(concat(place, topic), talk AND topic != '') AS last_topic,
        maxIf(concat(place, language), talk AND language != '') AS last_language,
        maxIf(concat(place, product), talk AND product != '') AS last_product,
        maxIf(concat(place, team), talk AND team != '') AS last_team,
        maxIf(concat(place, queue), talk AND queue != '') AS last_queue,
        maxIf(concat(place, case_id), notEmpty(case_id)) AS last_case,
        maxIf(concat(place, resolution), talk AND resolution != '') AS last_resolution,
        minIf(concat(place, author), reply) AS first_author,
        minIf(at, queueing) AS queued_at,
        minIf(at, answer) AS answered_at,
        minIf(at, name = 'conversation.abandoned') AS abandoned_at,
        minIf(waited, answer) AS first_wait,
        minIf(waited, name = 'conversation.abandoned') AS given_up,
        sum(toInt64(round(ifNull(talk_s, 0) * 1000))) AS talk_ms,
        sum(toInt64(round(ifNull(hold_s, 0) * 1000))) AS hold_ms,
        sum(toInt64(round(ifNull(wrap_s, 0) * 1000))) AS wrap_ms,
        sum(toInt64(round(ifNull(cost, 0) * 1000000000))) AS cost_nano
    FROM (
        SELECT *,
            startsWith(name, 'conversation.') OR name = 'ivr.step' AS talk,
            multiIf(author_role != '', author_role, name = 'conversation.answered', if(model = '', 'human', 'ai'), name = 'callback.completed', 'human', '') AS author,
            name IN ('conversation.answered', 'conversation.message') AND author IN ('ai', 'human') AS reply,
            name = 'conversation.answered' AND author = 'human' AS answer,
            name IN ('conversation.queued', 'conversation.offered') AS queueing,
            concat(reinterpretAsFixedString(byteSwap(toUInt64(toUnixTimestamp64Milli(at) + 10000000000000))), reinterpretAsFixedString(xxHash64(concat(message_id, '\0', source)))) AS place,
            concat(place, reinterpretAsFixedString(toInt64(round(ifNull(wait_s, -0.001) * 1000)))) AS waited
        FROM scope_events(workspace = {workspace:String}, since = {since:Int64}, until = {until:Int64}, known_at = {known_at:Int64},
            identity_as_of = {identity_as_of:UInt64}, channels = [], sources = [], agent_kinds = [], segments = [], restricted = {restricted:Array(UUID)})
        WHERE conversation_id != ''
          AND ({identity_as_of:UInt64} != 0
              OR {since:Int64} % 86400000 != 0 AND at < toDateTime64(toDate32(fromUnixTimestamp64Milli({since:Int64} + 86399999, 'UTC')), 3, 'UTC')
              OR {until:Int64} % 86400000 != 0 AND at >= toDateTime64(toDate32(fromUnixTimestamp64Milli({until:Int64}, 'UTC')), 3, 'UTC')
              OR received_at >= toDateTime64(toDate32(fromUnixTimestamp64Milli({known_at:Int64}, 'UTC')), 3, 'UTC'))
    )
    GROUP BY conversation_id
) AS p
GROUP BY conversation_id
HAVING bitTest(flags, 0);
