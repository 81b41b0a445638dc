-- Has the engine make the projection of 0050 for the parts of a partition that have none, or a broken one. It answers at once.
ALTER TABLE events /* ON_CLUSTER */ MATERIALIZE PROJECTION surveys IN PARTITION ID {partition:String}
