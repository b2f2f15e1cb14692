"""Bringing every store up to date with what could not be done at once."""

from datetime import timedelta

import structlog
from django.db import OperationalError

from events.live import parameters
from events.live.base import Rejected
from events.models import SessionMerge
from events.shoppers import telling
from events.shoppers.copying import copy_changes
from sdr import clock
from sdr.accounts.models import Tenant
from sdr.exceptions import Unavailable

log = structlog.get_logger(__name__)

_REMEMBERED = timedelta(seconds=parameters.SHOPPER_TTL_SECONDS)


def settle() -> None:
    """Do for every active tenant what waits to be done; what fails waits for the next time."""
    for tenant in Tenant.objects.filter(is_active=True):
        try:
            copy_changes(tenant)
        except (Unavailable, Rejected, OperationalError) as error:
            log.warning("preferences wait to be copied", tenant=tenant.slug, reason=str(error))
    telling.tell_again()
    # By now the live state has forgotten what these sessions did.
    SessionMerge.objects.filter(merged_at__lt=clock.now() - _REMEMBERED).delete()
