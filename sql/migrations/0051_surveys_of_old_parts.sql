-- Has the engine make the projection of 0050 for the parts that were there before it, by and by: until then it reads their
-- events in its place.
ALTER TABLE events /* ON_CLUSTER */
    MATERIALIZE PROJECTION surveys;
