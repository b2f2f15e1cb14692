"""Limits that no request waits for: each process leases calls from Redis in the background and counts by itself.

Between any two instants t seconds apart, P processes let a caller with the limit R through at most

    R·t + R + 2·P·C times, with C = max(R/10, min(R, 20)):

R a second and one second's worth at once, which the bucket in Redis (``bucket.lua``) gives out, and for each process
one lease taken before and one credit not yet settled (``lease.py``). While Redis is away each process gives out R a
second by itself. Callers beyond the 10,000 that a process remembers are strangers to it again, with a new credit.
"""
