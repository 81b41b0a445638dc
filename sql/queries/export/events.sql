-- Whole events of a workspace, in the order in which the log has them, after a place: for
-- export, and for a rebuild where the log no longer reaches back.
SELECT
    workspace, source, message_id, type, name, channel, at, original_at, sent_at, received_at,
    client_order, client, observation, identifiers, record_id, record_version, record_deleted, subject,
    participants, conversation_id, parent_conversation_id, leg_id, turn, direction, author_role,
    agent_id, team, queue, skill, case_id, topic, disposition, priority, language, sentiment,
    transfer_kind, wait_s, talk_s, hold_s, wrap_s, resolution, survey_id, survey, survey_kind,
    about_conversation_id, score, scale, toString(amount) AS amount, currency, product, entitlement,
    account_id, order_id, text, model, tokens, cost, consent, purpose, legal_basis, evidence, valid_until,
    account_kind, account_role, valid_from, commitment_id, handoff_id, due_at, traits, properties, context, toString(query) AS query, query_left_out,
    log_partition, log_offset, ordinal
FROM events
WHERE workspace = {workspace:String}
  AND (log_partition, log_offset, ordinal) > ({after_partition:UInt32}, {after_offset:UInt64}, {after_ordinal:UInt32})
ORDER BY log_partition, log_offset, ordinal
LIMIT {limit:UInt64}
