-- What is known of each survey, for each observation that was asked or answered (member), by the UTC days on which that happened and was
-- received: the metrics of journeys/cx read it in place of events, of which there may be a hundred times as many. Why it is a projection, what place
-- is, and how what is known of parts is put together, is told of conversations in 0046.
--
-- A survey is told apart by its source (asker), its id, or the message where it has none, and what it asks for. Events of no survey make
-- one row of each part.
ALTER TABLE events /* ON_CLUSTER */
    ADD PROJECTION IF NOT EXISTS surveys
    (
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
            workspace, day, received_day, member_key, member, asker, survey_key, survey_type,
            groupBitOr(toUInt8(name = 'survey.sent') + 2 * toUInt8(scored) + 4 * toUInt8(belongs AND notEmpty(survey_id))),
            maxIf(concat(placed, reinterpretAsFixedString(observation)), belongs),
            minIf(at, name = 'survey.sent'),
            minIf(at, scored),
            maxIf(at, scored),
            maxIf(concat(place, reinterpretAsFixedString(ifNull(score, 0))), scored),
            maxIf(concat(place, scale), scored),
            maxIf(concat(place, survey_kind), belongs AND survey_kind != ''),
            maxIf(concat(place, about), belongs AND notEmpty(about)),
            maxIf(concat(placed, channel), belongs),
            maxIf(concat(place, topic), belongs AND topic != ''),
            maxIf(concat(place, team), belongs AND team != ''),
            maxIf(concat(place, queue), belongs AND queue != ''),
            maxIf(concat(place, language), belongs AND language != ''),
            maxIf(concat(place, product), belongs AND product != '')
        GROUP BY workspace, day, received_day, member_key, member, asker, survey_key, survey_type
    );
