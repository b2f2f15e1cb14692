"""The live state: what is hot now, exactly, in Redis."""
