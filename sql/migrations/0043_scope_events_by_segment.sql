-- scope_events of 0036, with segments in place of members that the caller listed: people are looked up in
-- profile_segments (0042), however many they are.
--
-- The events that a report is about, each with the profile it belongs to: what journeys/report.Scope says,
-- whose Params are the arguments. A report names the columns it needs; no others are read.
--
--     SELECT channel, uniqExact(profile)
--     FROM scope_events(workspace = {workspace:String}, since = {since:Int64}, until = {until:Int64},
--         known_at = {known_at:Int64}, identity_as_of = {identity_as_of:UInt64}, channels = {channels:Array(String)},
--         sources = {sources:Array(String)}, agent_kinds = {agent_kinds:Array(String)},
--         segments = {segments:Array(String)}, restricted = {restricted:Array(UUID)})
--     GROUP BY channel
--
-- Times are Unix milliseconds; since <= at < until, received_at <= known_at. An empty list leaves nothing out. segments: of
-- people who are in one of them now, as last published.
-- restricted are profiles and observations of people whose use is restricted: they are in no report, nor is whom the erasure
-- that is under way is about.
--
-- The first part takes the present profile (identity_now), the second that of an identity_version: what was
-- last decided about the observation by then, and its own where nothing was. Whichever is not asked for is a
-- constant falsehood, and the engine reads nothing for it.
CREATE OR REPLACE VIEW scope_events /* ON_CLUSTER */
AS SELECT *,
    dictGetOrDefault('identity_now', 'profile', observation_key, observation) AS profile
FROM events
WHERE {identity_as_of:UInt64} = 0
  AND workspace = {workspace:String}
  AND at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
  AND at < fromUnixTimestamp64Milli({until:Int64}, 'UTC')
  AND received_at <= fromUnixTimestamp64Milli({known_at:Int64}, 'UTC')
  AND (empty({channels:Array(String)}) OR channel IN {channels:Array(String)})
  AND (empty({sources:Array(String)}) OR source IN {sources:Array(String)})
  AND (empty({agent_kinds:Array(String)}) OR author_role IN {agent_kinds:Array(String)})
  AND (empty({segments:Array(String)}) OR profile IN (
      SELECT profile FROM profile_segments FINAL
      WHERE notEmpty({segments:Array(String)}) AND workspace = {workspace:String} AND hasAny(segments, {segments:Array(String)})))
  AND (empty({restricted:Array(UUID)}) OR profile NOT IN {restricted:Array(UUID)} AND observation NOT IN {restricted:Array(UUID)})
  AND observation NOT IN (SELECT observation FROM erasing_subjects WHERE workspace = {workspace:String})
UNION ALL
SELECT e.*,
    if(d.home = toUUID('00000000-0000-0000-0000-000000000000'), e.observation, d.home) AS profile
FROM events AS e
LEFT JOIN (
    SELECT observation, argMax(profile, (version, log_partition, log_offset, ordinal)) AS home
    FROM identity_decisions
    WHERE {identity_as_of:UInt64} != 0
      AND workspace = {workspace:String}
      AND kind = 'assigned'
      AND version <= {identity_as_of:UInt64}
    GROUP BY observation
) AS d ON d.observation = e.observation
WHERE {identity_as_of:UInt64} != 0
  AND e.workspace = {workspace:String}
  AND e.at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
  AND e.at < fromUnixTimestamp64Milli({until:Int64}, 'UTC')
  AND e.received_at <= fromUnixTimestamp64Milli({known_at:Int64}, 'UTC')
  AND (empty({channels:Array(String)}) OR e.channel IN {channels:Array(String)})
  AND (empty({sources:Array(String)}) OR e.source IN {sources:Array(String)})
  AND (empty({agent_kinds:Array(String)}) OR e.author_role IN {agent_kinds:Array(String)})
  AND (empty({segments:Array(String)}) OR profile IN (
      SELECT profile FROM profile_segments FINAL
      WHERE notEmpty({segments:Array(String)}) AND workspace = {workspace:String} AND hasAny(segments, {segments:Array(String)})))
  AND (empty({restricted:Array(UUID)}) OR e.observation NOT IN {restricted:Array(UUID)} AND profile NOT IN {restricted:Array(UUID)}
      AND dictGetOrDefault('identity_now', 'profile', e.observation_key, e.observation) NOT IN {restricted:Array(UUID)})
  AND e.observation NOT IN (SELECT observation FROM erasing_subjects WHERE workspace = {workspace:String});
