"""Help for the tests of Ray workers."""
