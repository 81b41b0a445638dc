-- Who said what of whose part in the accounts of a workspace, in the order in which the last word counts:
-- (at, message_id, source). said is joined (a group call, account.member_joined), left (account.member_left; account_role ''
-- means all roles), record (a version of a source's record: the person is a member while the newest one names
-- the account) or named (any other event). valid_from and valid_until are 1970 where the event did not say.
-- Events of nobody, such as a change of a company in a CRM, make nobody a member. What profiles.Account
-- makes of it is in profiles/README.md; a profile is who it is now.
SELECT
    account_id,
    account_kind,
    dictGetOrDefault('identity_now', 'profile', observation_key, observation) AS profile,
    observation,
    multiIf(
        record_deleted, 'record',
        type = 'group' OR name = 'account.member_joined', 'joined',
        name = 'account.member_left', 'left',
        record_id != '', 'record',
        'named') AS said,
    account_role,
    valid_from,
    valid_until,
    at,
    message_id,
    source
FROM events
WHERE workspace = {workspace:String}
  AND account_id != ''
  AND (notEmpty(identifiers) OR record_id != '')
ORDER BY account_id, profile, at, message_id, source
