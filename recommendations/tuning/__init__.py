"""Which weights suit a shop: searched on a validation part of its own log. docs/tuning.md has the method."""
