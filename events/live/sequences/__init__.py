"""What shoppers look at next: lists of what followed each product, learned on every click."""
