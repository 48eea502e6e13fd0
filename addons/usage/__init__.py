"""What each exchange used: one record, taken by whoever keeps them."""
