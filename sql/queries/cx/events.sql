-- The events that conversations, surveys or cases consist of, the oldest fifty of each: what a number of a metric was made of.
SELECT id, source, message_id, name, at
FROM (
    SELECT source, message_id, name, at,
        multiIf(
            {rows:String} = 'surveys', if(startsWith(name, 'survey.'), if(survey_id = '', message_id, survey_id), ''),
            {rows:String} IN ('contacts', 'legs'), if(startsWith(name, 'conversation.') OR startsWith(name, 'callback.') OR name = 'ivr.step', conversation_id, ''),
            {rows:String} = 'slas', if(startsWith(name, 'sla.'), if(case_id = '', conversation_id, case_id), ''),
            if(startsWith(name, 'case.'), case_id, '')) AS id
    FROM scope_events(workspace = {workspace:String}, since = {read_since:Int64}, until = {read_until:Int64}, known_at = {known_at:Int64},
        identity_as_of = {identity_as_of:UInt64}, channels = [], sources = [], agent_kinds = [], segments = [], restricted = {restricted:Array(UUID)})
)
WHERE id IN {ids:Array(String)} AND id != ''
ORDER BY id, at, message_id, source
LIMIT 50 BY id
