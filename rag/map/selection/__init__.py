"""What is chosen on a map: charts of the columns that filter it, and chunks in an address."""
