"""Compare the results of two checkouts: the same inputs must give the same values."""
