"""The lists of what shoppers went on to, as a serving process holds and asks for them."""
