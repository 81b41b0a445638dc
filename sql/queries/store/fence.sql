-- The number of a new owner; see the table fence.
INSERT INTO fence (epoch) VALUES ({epoch:UInt32})
