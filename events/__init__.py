"""What happens: the events of shoppers, from a shop's backend to the live state."""
