-- How many people and events stand behind the contacts of a scope.
SELECT uniqExact(profile) AS people, count() AS events
FROM scope_events(workspace = {workspace:String}, since = {since:Int64}, until = {until:Int64},
    known_at = {known_at:Int64}, identity_as_of = {identity_as_of:UInt64}, channels = {channels:Array(String)},
    sources = {sources:Array(String)}, agent_kinds = {agent_kinds:Array(String)},
    segments = {segments:Array(String)}, restricted = {restricted:Array(UUID)})
WHERE conversation_id != ''
