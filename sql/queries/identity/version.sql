-- The identity_version of a workspace that the map stands at; 0 if nobody ever moved.
SELECT max(version) AS version
FROM identity_map
WHERE workspace = {workspace:String}
