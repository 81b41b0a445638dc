-- Whole events of a workspace in one partition of the log, between two offsets: what a computed trait that
-- was declared later has missed. Each place is there once, but for rows of which a retry left a second.
SELECT
    workspace, source, message_id, type, name, channel, at, original_at, sent_at, received_at,
    client_order, client, observation, identifiers, record_id, record_version, record_deleted, subject,
    participants, conversation_id, parent_conversation_id, leg_id, turn, direction, author_role,
    agent_id, team, queue, skill, case_id, topic, disposition, priority, language, sentiment,
    transfer_kind, wait_s, talk_s, hold_s, wrap_s, resolution, survey_id, survey, survey_kind,
    about_conversation_id, score, scale, toString(amount) AS amount, currency, product, entitlement,
    account_id, order_id, text, model, tokens, cost, consent, purpose, legal_basis, evidence, valid_until,
    account_kind, account_role, valid_from, commitment_id, handoff_id, due_at, traits, properties, context, '' AS query, query_left_out,
    log_partition, log_offset, ordinal
FROM events
WHERE workspace = {workspace:String}
  AND log_partition = {partition:UInt32}
  AND log_offset >= {from:UInt64} AND log_offset < {to:UInt64}
ORDER BY log_offset
LIMIT {limit:UInt64}
