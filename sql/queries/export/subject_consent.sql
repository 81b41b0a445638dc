-- What was said of consent by some observations, and about contact points that are theirs alone ("type:value").
SELECT contact_type, contact, observation, channel, purpose, status, legal_basis, evidence, valid_until, carried,
    origin_contact_type, origin_contact, origin_observation, source, message_id, at, received_at
FROM consent_changes
WHERE workspace = {workspace:String}
  AND (observation IN {observations:Array(UUID)} OR has({contacts:Array(String)}, concat(contact_type, ':', contact)))
ORDER BY received_at, log_partition, log_offset, ordinal
