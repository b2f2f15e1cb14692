"""How texts are read: apart from what reads them, which takes a library that web processes do without."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FeatureParameters:
    """Field weights multiply a field's term frequencies; 0 leaves the field out.

    Chosen by what H&M's customers bought together and by how often a small, mixed shop's nearest products share a leaf
    category: names and tags alone take a jacket that packs for a bag that packs.
    """

    field_weights: Mapping[str, float] = field(
        default_factory=lambda: {"category": 2.5, "tags": 3.0, "description": 1.0, "name": 2.0}
    )
    min_term_length: int = 2
    # Longer runs are no words, and one of them would widen the array of all terms.
    max_term_length: int = 40
