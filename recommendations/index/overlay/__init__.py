"""What was edited since an index was built: found by one follower, laid over the index by every serving process."""
