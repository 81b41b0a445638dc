-- Has the engine make the projection of 0046 for the parts of a partition that have none, or a broken one. It answers at once.
ALTER TABLE events /* ON_CLUSTER */ MATERIALIZE PROJECTION conversations IN PARTITION ID {partition:String}
