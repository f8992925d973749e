"""How every fitted weight of the program is made, with the data that it is made from. In no wheel; imported
by nothing."""
