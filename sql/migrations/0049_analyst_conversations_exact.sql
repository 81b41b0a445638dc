-- analyst_conversations of 0039, whose numbers now depend on no order of rows: seconds are added up as whole milliseconds, as in
-- 0037, for sums of floats depend on the order in which the engine adds; and of two events of one time and one message id, which two
-- sources may give, the source decides which was first. As before a sum is NULL where no event says one.
CREATE OR REPLACE VIEW analyst_conversations /* ON_CLUSTER */
AS SELECT
    conversation_id,
    argMin(profile_now, place) AS profile,
    argMin(source, place) AS source,
    argMinIf(channel, place, channel != '') AS channel,
    min(at) AS started_at,
    max(at) AS ended_at,
    count() AS events,
    countIf(name = 'conversation.message') AS messages,
    countIf(name = 'conversation.message' AND author_role = 'customer') AS customer_messages,
    countIf(name = 'conversation.message' AND author_role = 'ai') AS ai_messages,
    countIf(name = 'conversation.message' AND author_role = 'human') AS human_messages,
    arraySort(groupUniqArrayIf(toString(agent_id), agent_id != '')) AS agents,
    arraySort(groupUniqArrayIf(toString(team), team != '')) AS teams,
    arraySort(groupUniqArrayIf(toString(queue), queue != '')) AS queues,
    arraySort(groupUniqArrayIf(toString(topic), topic != '')) AS topics,
    sum(toInt64(round(wait_s * 1000))) / 1000 AS wait_s,
    sum(toInt64(round(talk_s * 1000))) / 1000 AS talk_s,
    sum(toInt64(round(hold_s * 1000))) / 1000 AS hold_s,
    sum(toInt64(round(wrap_s * 1000))) / 1000 AS wrap_s,
    countIf(name = 'conversation.transferred') AS transfers,
    countIf(name = 'conversation.handed_off') AS handoffs,
    countIf(name = 'conversation.abandoned') > 0 AS abandoned,
    argMaxIf(resolution, place, resolution != '') AS resolution
FROM (
    SELECT
        dictGetOrDefault('identity_now', 'profile', observation_key, observation) AS profile_now, conversation_id, source, name, channel,
        at, (at, message_id, source) AS place, author_role, agent_id, team, queue, topic, wait_s, talk_s, hold_s, wrap_s, resolution
    FROM events
    PREWHERE conversation_id != '' AND workspace = {workspace:String}
      AND at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
      AND multiIf(
          has({shown_names:Array(String)}, toString(name)), true,
          has({hidden_groups:Array(String)}, splitByChar('.', toString(name))[1]), false,
          conversation_id != '' OR case_id != '', {contacts:Bool}, {others:Bool})
      AND profile_now NOT IN (
          SELECT arrayJoin(arrayMap((key, one) -> dictGetOrDefault('identity_now', 'profile', key, one),
              {restricted_keys:Array(UInt64)}, {restricted:Array(UUID)})))
      AND observation NOT IN (SELECT observation FROM erasing_subjects WHERE workspace = {workspace:String})
)
GROUP BY conversation_id;
