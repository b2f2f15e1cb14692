"""A tenant's scoring profile, read and written by others than the admin's form."""

from dataclasses import asdict, dataclass, field

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction

from recommendations.engine.feature_parameters import FeatureParameters
from recommendations.engine.weights import ScoringWeights
from recommendations.models import ScoringProfile
from sdr.accounts.models import Tenant, User
from sdr.exceptions import Conflict


def weights_of(tenant: Tenant) -> ScoringWeights:
    """Return the weights in force: those of the profile, or the defaults where there is none."""
    profile = ScoringProfile.objects.filter(tenant=tenant).first()
    return profile.weights() if profile else ScoringWeights()


def features_of(tenant: Tenant) -> FeatureParameters:
    """Return how the tenant's indexes are to read texts."""
    profile = ScoringProfile.objects.filter(tenant=tenant).first()
    return profile.features() if profile else FeatureParameters()


@dataclass(frozen=True, slots=True)
class Numbers:
    """All that a profile holds: ``weights`` are in force within a second, ``features`` with the next index."""

    weights: ScoringWeights = field(default_factory=ScoringWeights)
    features: FeatureParameters = field(default_factory=FeatureParameters)

    def columns(self) -> dict[str, float]:
        return asdict(self.weights) | {f"field_{name}": of for name, of in self.features.field_weights.items()}


@transaction.atomic
def save(
    tenant: Tenant, numbers: Numbers, *, found_from: Numbers, by: User, why: str, replace: bool = False
) -> ScoringProfile:
    """Write ``numbers`` to the tenant's profile, and into its history that ``by`` did, and ``why``.

    Raises Conflict where the profile is no longer what ``found_from`` says, because somebody has edited it meanwhile;
    and where it is not made of defaults, because somebody has chosen those weights, unless they are to be replaced.
    """
    profile = ScoringProfile.objects.select_for_update().filter(tenant=tenant).first()
    in_force = Numbers(profile.weights(), profile.features()) if profile else Numbers()
    if in_force != found_from:
        raise Conflict("profile", "It was edited while this was worked out. Tune again, from what it is now.")
    if in_force != Numbers() and not replace:
        raise Conflict("profile", "Somebody has chosen its weights. They are replaced only if that is asked for.")
    saved, _ = ScoringProfile.objects.update_or_create(tenant=tenant, defaults=numbers.columns())
    LogEntry.objects.create(
        user=by,
        content_type=ContentType.objects.get_for_model(ScoringProfile),
        object_id=str(saved.pk),
        object_repr=str(saved)[:200],
        action_flag=CHANGE if profile else ADDITION,
        change_message=why,
    )
    return saved
