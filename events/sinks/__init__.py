"""Where events end up."""
