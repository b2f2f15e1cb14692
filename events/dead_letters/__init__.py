"""Messages that nobody could decode or accept: kept in ``<topic>.dead``, sent again when that may help."""
