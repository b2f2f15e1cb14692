"""What keeps the stack from starting."""


class StackError(Exception):
    """Its text is the message for people: what is wrong, and the way out."""
