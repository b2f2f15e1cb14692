"""How good an index version's lists are by the shop's own archive, and whether that is good enough to serve."""
