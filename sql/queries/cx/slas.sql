-- Service levels that were decided, a row for each case, or conversation where no case is named: at the first time that one of its
-- was met or breached. It is met if none was breached.
SELECT
    if(case_id = '', conversation_id, case_id) AS id,
    argMax(e.profile, e.place) AS profile, min(e.at) AS at,
    argMaxIf(e.channel, e.place, e.channel != '') AS channel, argMin(e.source, e.place) AS source, argMaxIf(e.topic, e.place, e.topic != '') AS topic,
    '' AS agent_kind, '' AS began, argMaxIf(e.team, e.place, e.team != '') AS team, argMaxIf(e.queue, e.place, e.queue != '') AS queue,
    argMaxIf(e.language, e.place, e.language != '') AS language, argMaxIf(e.product, e.place, e.product != '') AS product,
    true AS decided,
    countIf(name = 'sla.breached') = 0 AS met
FROM (
    SELECT *, tuple(at, message_id, source) AS place
    FROM scope_events(workspace = {workspace:String}, since = {read_since:Int64}, until = {read_until:Int64}, known_at = {known_at:Int64},
        identity_as_of = {identity_as_of:UInt64}, channels = [], sources = [], agent_kinds = [], segments = [], restricted = {restricted:Array(UUID)})
    WHERE name IN ('sla.met', 'sla.breached') AND (case_id != '' OR conversation_id != '')
) AS e
GROUP BY id
