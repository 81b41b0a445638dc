-- What analysts' statements read as events: those of one workspace, each with its present profile.
--
-- workspace is the key's, never the statement's. shown_names are names of the vocabulary, hidden_groups what stands before the dot of such
-- names; contacts says whether other events of a conversation or case are shown, others whether the rest is; since is the least
-- time, in milliseconds. restricted are observations of people whose use is restricted, restricted_keys their keys: nothing of the profiles
-- that they belong to now is shown, and nothing of whom the erasure that is under way is about. Columns are picked by
-- journeys/analyst, by their classes.
--
-- All of it is PREWHERE, and stays there: what a statement asks is computed of rows that passed, and of no other, so that not
-- even an error, such as that of a text that is no number, tells of a row that is not shown.
CREATE VIEW IF NOT EXISTS analyst_events /* ON_CLUSTER */
AS SELECT
    dictGetOrDefault('identity_now', 'profile', observation_key, observation) AS profile,
    observation, source, message_id, type, name, channel, at, received_at, original_at, client_order, conversation_id, parent_conversation_id,
    leg_id, turn, direction, author_role, agent_id, team, queue, skill, case_id, topic, disposition, priority, language, sentiment, transfer_kind,
    wait_s, talk_s, hold_s, wrap_s, resolution, survey_id, survey, survey_kind, about_conversation_id, score, scale, amount, currency, product,
    entitlement, account_id, order_id, text, properties, model, tokens, cost, consent, purpose
FROM events
PREWHERE workspace = {workspace:String}
  AND at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
  AND multiIf(
      has({shown_names:Array(String)}, toString(name)), true,
      has({hidden_groups:Array(String)}, splitByChar('.', toString(name))[1]), false,
      conversation_id != '' OR case_id != '', {contacts:Bool}, {others:Bool})
  AND profile NOT IN (
      SELECT arrayJoin(arrayMap((key, one) -> dictGetOrDefault('identity_now', 'profile', key, one),
          {restricted_keys:Array(UInt64)}, {restricted:Array(UUID)})))
  AND observation NOT IN (SELECT observation FROM erasing_subjects WHERE workspace = {workspace:String});
