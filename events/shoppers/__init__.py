"""The shop's backends about its shoppers: preferences, history, merge, export, erasure."""
