-- How long the parts of a table that others have taken the place of are kept, in seconds.
ALTER TABLE {table:Identifier} /* ON_CLUSTER */ MODIFY SETTING old_parts_lifetime = {seconds:UInt64}
