"""The merchandiser's side of recommendations."""

from recommendations.administration.profiles import ScoringProfileAdmin
from recommendations.administration.versions import IndexVersionAdmin

__all__ = ["IndexVersionAdmin", "ScoringProfileAdmin"]
