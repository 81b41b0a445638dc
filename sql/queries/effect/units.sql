-- What became of people after a contact, a row for each person's first contact of the span that the exposure tells something
-- of (with per_topic, for each person and topic): whether they were exposed, what was known of them before it, and what they
-- did and paid in the window after it. journeys/effect/README.md has the words behind each column.
--
-- at: the begin of the contact; what is known before is from before it. settled_at: from when on the exposure is known; what
-- counts as an outcome is later, so that nobody is exposed by what they did afterwards.
--
-- read_since and read_until bound the conversations, events_since and events_until what people did; Unix milliseconds.
WITH
    toIntervalDay(7) AS week,
    toIntervalDay({days:UInt32}) AS followed,
    i.settled_at + followed AS closes,
    e.at > i.settled_at AND e.at <= closes AS inside,
    e.name IN {plus:Array(String)} OR e.name IN {minus:Array(String)} AS money,
    -- Exact until it is added up: the sum does not depend on the order in which the engine adds.
    map(e.currency, if(e.name IN {minus:Array(String)}, -abs(e.paid), e.paid)) AS moved
SELECT
    i.profile AS profile, i.id AS id, i.source AS source, i.channel AS channel, i.topic AS topic, i.agent AS agent,
    i.at AS at, i.settled_at AS settled_at, i.exposed AS exposed, i.contacts_before AS contacts_before,
    min(e.at) AS first_seen,
    argMaxIf(e.currency, e.place, money AND e.currency != '' AND e.at < i.at) AS currency,
    mapApply((k, v) -> (k, toFloat64(v)), sumMapIf(moved, money AND e.currency != '' AND e.at < i.at AND e.at >= i.at - toIntervalDay({before_days:UInt32}))) AS before,
    mapApply((k, v) -> (k, toFloat64(v)), sumMapIf(moved, money AND e.currency != '' AND inside)) AS revenue,
    CAST(argMaxIf(e.name, e.place, e.subscription AND e.at <= i.settled_at) = 'subscription.cancelled', 'Bool') AS gone,
    CAST(argMaxIf(e.name, e.place, e.subscription AND inside) = 'subscription.cancelled', 'Bool') AS cancelled,
    CAST(countIf(e.own AND inside AND e.at > closes - toIntervalDay({active_days:UInt32})) > 0, 'Bool') AS active,
    count() AS events
FROM
(
    SELECT
        profile, at, toString(name) AS name, toString(currency) AS currency, ifNull(amount, 0) AS paid,
        tuple(at, message_id, toString(source)) AS place,
        name IN ('subscription.started', 'subscription.cancelled') AS subscription,
        conversation_id = '' AND (type IN ('page', 'screen')
            OR type = 'track' AND channel IN ('web', 'app') AND NOT has({vocabulary:Array(String)}, toString(name))
            OR name IN ('order.placed', 'invoice.paid', 'payment.received')) AS own
    FROM scope_events(workspace = {workspace:String}, since = {events_since:Int64}, until = {events_until:Int64}, known_at = {known_at:Int64},
        identity_as_of = {identity_as_of:UInt64}, channels = [], sources = [], agent_kinds = [],
        segments = {segments:Array(String)}, restricted = {restricted:Array(UUID)})
) AS e
INNER JOIN
(
    SELECT
        profile, c.conversation_id AS id, toString(c.source) AS source, toString(c.channel) AS channel, toString(c.topic) AS topic,
        a.agent AS agent, c.started_at AS at, c.contacts_before AS contacts_before,
        arrayFilter(x -> x.1 >= c.started_at AND x.1 <= c.started_at + week, s.answers) AS scores,
        notEmpty(scores) AS answered,
        arrayMap(x -> toFloat64OrZero(x), splitByChar('-', scores[-1].4)) AS bounds,
        bounds[2] - bounds[1] AS points,
        c.handled AND ifNull(c.prev_handled_any_at < c.started_at - week, true) AS first_any,
        c.topic != '' AND c.handled AND ifNull(c.prev_handled_topic_at < c.started_at - week, true) AS first_topic,
        ifNull(c.next_any_at <= c.started_at + week, false) AS again,
        ifNull(c.next_topic_at <= c.started_at + week, false) AS again_topic,
        CAST(multiIf(
            {exposure:String} = 'csat', answered,
            {exposure:String} = 'fcr', first_topic,
            {exposure:String} = 'fcr_any_topic', first_any,
            {exposure:String} = 'confirmed_resolution', c.eligible AND c.began != '',
            {exposure:String} = 'repeat_contact', c.eligible,
            {exposure:String} = 'silent_failure', c.contained,
            {exposure:String} = 'long_wait', c.direction = 'inbound' AND c.wait_ms >= 0,
            {exposure:String} = 'abandoned', c.direction = 'inbound' AND (c.queued OR c.abandoned OR c.answered) AND NOT (c.abandoned AND c.given_up_ms < 10000),
            {exposure:String} = 'transferred', c.human,
            {exposure:String} = 'ai_began', c.eligible AND c.began IN ('ai', 'human'),
            {exposure:String} = 'contained', c.ai_began,
            false), 'Bool') AS told,
        CAST(multiIf(
            -- The two best points of a scale of at least five, the best of a shorter one, the upper fifth of a longer one than 11.
            {exposure:String} = 'csat', scores[-1].3 >= multiIf(points < 4, bounds[2], points <= 10, bounds[2] - 1, bounds[2] - 0.2 * points),
            {exposure:String} = 'fcr', NOT again_topic,
            {exposure:String} = 'fcr_any_topic', NOT again,
            {exposure:String} = 'confirmed_resolution', c.resolution = 'confirmed',
            {exposure:String} IN ('repeat_contact', 'silent_failure'), again,
            {exposure:String} = 'long_wait', c.wait_ms > {wait_over_ms:Int64},
            {exposure:String} = 'abandoned', c.abandoned,
            {exposure:String} = 'transferred', c.transferred,
            {exposure:String} = 'ai_began', c.began = 'ai',
            c.contained), 'Bool') AS exposed,
        if({settles:Bool}, greatest(c.ended_at, c.started_at + week), c.ended_at) AS settled_at
    FROM
    (
        SELECT *,
            arrayCount(x -> x < started_at AND x >= started_at - toIntervalDay({before_days:UInt32}), groupArrayIf(started_at, eligible) OVER (PARTITION BY profile)) AS contacts_before
        FROM cx_contacts(workspace = {workspace:String}, since = {read_since:Int64}, until = {read_until:Int64},
            known_at = {known_at:Int64}, identity_as_of = {identity_as_of:UInt64}, restricted = {restricted:Array(UUID)})
    ) AS c
    LEFT JOIN
    (
        SELECT
            if(about_conversation_id = '', conversation_id, about_conversation_id) AS about,
            arraySort(groupArray((at, message_id, ifNull(score, 0), toString(scale), toString(source)))) AS answers
        FROM scope_events(workspace = {workspace:String}, since = {read_since:Int64}, until = {read_until:Int64}, known_at = {known_at:Int64},
            identity_as_of = {identity_as_of:UInt64}, channels = [], sources = [], agent_kinds = [],
            segments = [], restricted = {restricted:Array(UUID)})
        WHERE {exposure:String} = 'csat' AND name = 'survey.answered' AND survey = 'csat' AND isNotNull(score) AND scale != ''
        GROUP BY about
    ) AS s ON s.about = c.conversation_id
    LEFT JOIN
    (
        SELECT conversation_id, argMinIf(toString(if(agent_id = '', model, agent_id)), (at, message_id, toString(source)), agent_id != '' OR model != '') AS agent
        FROM scope_events(workspace = {workspace:String}, since = {read_since:Int64}, until = {read_until:Int64}, known_at = {known_at:Int64},
            identity_as_of = {identity_as_of:UInt64}, channels = [], sources = [], agent_kinds = [],
            segments = [], restricted = {restricted:Array(UUID)})
        WHERE {agents:Bool} AND conversation_id != '' AND name IN ('conversation.answered', 'conversation.message') AND (author_role = 'ai' OR author_role = '' AND name = 'conversation.answered' AND model != '')
        GROUP BY conversation_id
    ) AS a ON a.conversation_id = c.conversation_id
    WHERE told
        AND c.started_at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC') AND c.started_at < fromUnixTimestamp64Milli({until:Int64}, 'UTC')
        AND (empty({channels:Array(String)}) OR c.channel IN {channels:Array(String)})
        AND (empty({sources:Array(String)}) OR c.source IN {sources:Array(String)})
        AND (empty({agent_kinds:Array(String)}) OR c.agent_kind IN {agent_kinds:Array(String)})
        AND (empty({segments:Array(String)}) OR profile IN (SELECT profile FROM profile_segments FINAL
            WHERE notEmpty({segments:Array(String)}) AND workspace = {workspace:String} AND hasAny(segments, {segments:Array(String)})))
    ORDER BY at, id
    LIMIT 1 BY profile, if({per_topic:Bool}, c.topic, '')
) AS i ON e.profile = i.profile
GROUP BY i.profile, i.id, i.source, i.channel, i.topic, i.agent, i.at, i.settled_at, i.exposed, i.contacts_before
ORDER BY profile, at, id
