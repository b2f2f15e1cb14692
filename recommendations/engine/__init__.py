"""What to show, as arrays in and arrays out: no Django, no Redis, no sockets."""
