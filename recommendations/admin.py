"""The merchandiser's side of recommendations."""

from recommendations.administration.products import RecommendedProductAdmin
from recommendations.administration.profiles import ScoringProfileAdmin
from recommendations.administration.versions import IndexVersionAdmin

__all__ = ["IndexVersionAdmin", "RecommendedProductAdmin", "ScoringProfileAdmin"]
