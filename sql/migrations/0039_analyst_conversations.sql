-- What analysts' statements read as conversations: a row for each, made of the events that 0038 shows, with the same parameters.
CREATE VIEW IF NOT EXISTS analyst_conversations /* ON_CLUSTER */
AS SELECT
    conversation_id,
    argMin(profile_now, (at, message_id)) AS profile,
    argMin(source, (at, message_id)) AS source,
    argMinIf(channel, (at, message_id), channel != '') AS channel,
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
    sum(wait_s) AS wait_s,
    sum(talk_s) AS talk_s,
    sum(hold_s) AS hold_s,
    sum(wrap_s) AS wrap_s,
    countIf(name = 'conversation.transferred') AS transfers,
    countIf(name = 'conversation.handed_off') AS handoffs,
    countIf(name = 'conversation.abandoned') > 0 AS abandoned,
    argMaxIf(resolution, (at, message_id), resolution != '') AS resolution
FROM (
    SELECT
        dictGetOrDefault('identity_now', 'profile', observation_key, observation) AS profile_now, conversation_id, source, message_id, name, channel,
        at, author_role, agent_id, team, queue, topic, wait_s, talk_s, hold_s, wrap_s, resolution
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
