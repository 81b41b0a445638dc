-- What is known of each conversation, for each observation that took part (member), by the UTC days on which its events happened
-- and were received: the metrics of journeys/cx read it in place of events, of which there are twenty times as many.
--
-- A projection, and no table of its own: the engine makes it of the rows of each part of events, in the insert, merge or mutation
-- that makes the part. So it holds what events hold at any time, whatever fails, and nobody who was erased; of parts that
-- have none yet, or a broken one, the engine reads the events themselves. It is used by statements that say the same
-- expressions under whatever names: that of cx_contacts (0048), where they have names.
--
-- place is where an event is among others: its time in milliseconds and a hash of message_id and source, so that ties are broken
-- alike in whatever order events lie, as 16 bytes of which the greater are later. What was said last of something is the
-- greatest text of a place and what was said there, what was said first the smallest; '': nothing was. So what is known
-- of parts of a conversation is put together by max, min, sum and bitwise or. Who it is with (the first of the maxima) and its
-- direction have a digit before the place, for what goes before time.
--
-- Events of no conversation make one row of each part. They are not left out by WHERE: a part that had none of others would have
-- no projection, and the engine merges no part that has none with one that has.
--
-- Ordered by workspace, day: what reports confine themselves to.
ALTER TABLE events /* ON_CLUSTER */
    ADD PROJECTION IF NOT EXISTS conversations
    (
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
            workspace, day, received_day, member_key, member, conversation_id,
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
                + 8192 * toUInt32(ifNull(cost >= 0 OR cost < 0, false))),
            maxIf(concat(if(name IN ('conversation.identified', 'conversation.verified'), '1', '0'), place, reinterpretAsFixedString(observation)), talk),
            minIf(at, talk),
            maxIf(at, talk),
            minIf(concat(place, source), talk),
            minIf(concat(place, channel), talk AND channel != ''),
            minIf(concat(if(name = 'conversation.started', '0', '1'), place, direction), talk AND direction != ''),
            maxIf(concat(place, topic), talk AND topic != ''),
            maxIf(concat(place, language), talk AND language != ''),
            maxIf(concat(place, product), talk AND product != ''),
            maxIf(concat(place, team), talk AND team != ''),
            maxIf(concat(place, queue), talk AND queue != ''),
            maxIf(concat(place, case_id), notEmpty(case_id)),
            maxIf(concat(place, resolution), talk AND resolution != ''),
            minIf(concat(place, author), reply),
            minIf(at, queueing),
            minIf(at, answer),
            minIf(at, name = 'conversation.abandoned'),
            minIf(waited, answer),
            minIf(waited, name = 'conversation.abandoned'),
            sum(toInt64(round(ifNull(talk_s, 0) * 1000))),
            sum(toInt64(round(ifNull(hold_s, 0) * 1000))),
            sum(toInt64(round(ifNull(wrap_s, 0) * 1000))),
            sum(toInt64(round(ifNull(cost, 0) * 1000000000)))
        GROUP BY workspace, day, received_day, member_key, member, conversation_id
    );
