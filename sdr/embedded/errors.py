"""What keeps an embedded engine from running."""


class EngineError(Exception):
    """Its text is the message for people: what is wrong, and the way out."""
