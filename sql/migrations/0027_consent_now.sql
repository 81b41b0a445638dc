-- What stands of consent now: a row for every contact point (or observation, where none was named), channel and
-- purpose of which anything was said. What has no row was never said, and so is no. It is what profiles/consent
-- decides about the contact point by itself; what other contact points of the person refused is in it, carried.
--
--     SELECT contact FROM consent_now(workspace = 'acme')
--     WHERE contact_type = 'email' AND channel = 'email' AND purpose = 'marketing' AND allowed
--
-- '*' has rows of its own: who said yes to everything and nothing else has that row alone. The closest statement
-- decides (exact; any purpose; any channel; anything), and a grant only if it is newer than every no that has
-- anything in common with the row. said_at, source, legal_basis and evidence are of what decided.
--
-- Times are milliseconds inside, with the least Int64 for never, so that comparing needs no NULL.
CREATE VIEW IF NOT EXISTS consent_now /* ON_CLUSTER */
AS SELECT workspace, contact_type, contact, observation, channel, purpose,
    holds AND (until = 0 OR until > toUnixTimestamp64Milli(now64(3))) AS allowed,
    multiIf(allowed, 'granted', holds, 'expired', tupleElement(decided, 'status')) AS reason,
    fromUnixTimestamp64Milli(tupleElement(decided, 'at'), 'UTC') AS said_at,
    tupleElement(decided, 'source') AS source,
    tupleElement(decided, 'legal_basis') AS legal_basis,
    tupleElement(decided, 'evidence') AS evidence,
    fromUnixTimestamp64Milli(until, 'UTC') AS valid_until
FROM (
    SELECT *,
        has_yes AND tupleElement(yes, 'at') > tupleElement(no, 'at') AS holds,
        if(holds, yes, no) AS decided,
        if(holds, tupleElement(yes, 'until'), 0) AS until
    FROM (
        SELECT workspace, contact_type, contact, person AS observation,
            tupleElement(scope, 'channel') AS channel, tupleElement(scope, 'purpose') AS purpose,
            arraySort(e -> (tupleElement(e, 'channel') != channel) * 2 + (tupleElement(e, 'purpose') != purpose),
                arrayFilter(e -> tupleElement(e, 'said') AND tupleElement(e, 'channel') IN (channel, '*') AND tupleElement(e, 'purpose') IN (purpose, '*'), scopes))[1] AS closest,
            tupleElement(closest, 'yes') AS yes,
            tupleElement(yes, 'status') = 'granted' AS has_yes,
            if(tupleElement(closest, 'said') AND NOT has_yes, tupleElement(closest, 'own_no'),
                arrayReverseSort(e -> tupleElement(e, 'at'), arrayMap(e -> tupleElement(e, 'no'),
                    arrayFilter(e -> (tupleElement(e, 'channel') = channel OR tupleElement(e, 'channel') = '*' OR channel = '*')
                        AND (tupleElement(e, 'purpose') = purpose OR tupleElement(e, 'purpose') = '*' OR purpose = '*'), scopes)))[1]) AS no
        FROM (
            SELECT workspace, contact_type, contact, person, groupArray(scope) AS scopes
            FROM (
                SELECT workspace, contact_type, contact, person,
                    CAST((channel, purpose, countIf(NOT carried) > 0,
                        if(countIf(granted) > 0, argMaxIf(statement, place, granted), any(never)),
                        if(countIf(NOT granted AND NOT carried) > 0, argMaxIf(statement, place, NOT granted AND NOT carried), any(never)),
                        if(countIf(NOT granted) > 0, argMaxIf(statement, place, NOT granted), any(never))),
                        'Tuple(channel String, purpose String, said Bool,
                            yes Tuple(status String, at Int64, until Int64, source String, legal_basis String, evidence String),
                            own_no Tuple(status String, at Int64, until Int64, source String, legal_basis String, evidence String),
                            no Tuple(status String, at Int64, until Int64, source String, legal_basis String, evidence String))') AS scope
                FROM (
                    SELECT workspace, contact_type, contact, channel, purpose, carried, status = 'granted' AS granted,
                        if(contact_type = '', observation, toUUID('00000000-0000-0000-0000-000000000000')) AS person,
                        CAST((status, toUnixTimestamp64Milli(at), toUnixTimestamp64Milli(valid_until), source, legal_basis, evidence),
                            'Tuple(status String, at Int64, until Int64, source String, legal_basis String, evidence String)') AS statement,
                        CAST(('', toInt64(-9223372036854775808), 0, '', '', ''),
                            'Tuple(status String, at Int64, until Int64, source String, legal_basis String, evidence String)') AS never,
                        (at, status = 'refused', message_id, source) AS place
                    FROM consent_changes
                    WHERE workspace = {workspace:String}
                )
                GROUP BY workspace, contact_type, contact, person, channel, purpose
            )
            GROUP BY workspace, contact_type, contact, person
        )
        ARRAY JOIN scopes AS scope
    )
);
