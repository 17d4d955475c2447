"""`nearsym bench`: speed and learning beside peers, in the same process and minutes."""
