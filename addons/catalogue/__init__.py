"""What is known of the vendors' models: a small table, each row with its source. The user's config stands over it."""
