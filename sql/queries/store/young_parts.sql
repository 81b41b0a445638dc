-- The parts of events that were written within a quarter of an hour of the last: what a loss of power may have spoiled.
SELECT name
FROM system.parts
WHERE database = currentDatabase() AND table = 'events' AND active
  AND modification_time >= (SELECT max(modification_time) FROM system.parts WHERE database = currentDatabase() AND table = 'events' AND active) - toIntervalMinute(15)
ORDER BY name
