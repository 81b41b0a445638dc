-- Reads a part of events whole, so that the engine finds a broken projection. The name of the part follows: the engine takes no
-- parameter there.
CHECK TABLE events PART
