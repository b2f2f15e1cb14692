"""The doors of a run, opened only where load may be sent."""

from django.conf import settings

from events.broker.topics import ensure_topics
from events.live.redis import RedisLiveState
from events.simulation.backlog import Backlog
from events.simulation.doors import Door, KafkaDoor, RestDoor
from events.simulation.options import Options
from events.simulation.targets import bootstrap_hosts, is_loopback, split_url
from sdr.accounts.models import DEFAULT_TENANT
from sdr.exceptions import InvalidInput, Unavailable

REST, KAFKA = "rest", "kafka"


def refuse_unwanted_targets(options: Options) -> None:
    """Raise InvalidInput for a target on another machine that was not explicitly allowed: this makes load."""
    hosts = (
        bootstrap_hosts(settings.KAFKA_BOOTSTRAP_SERVERS)
        if options.via == KAFKA
        else [split_url(options.url).hostname or ""]
    )
    remote = [host for host in hosts if not is_loopback(host)]
    if remote and not options.allow_remote:
        raise InvalidInput("target", f"{', '.join(remote)} is not this machine; --allow-remote sends there anyway.")
    if options.via == REST and options.tenant != DEFAULT_TENANT and not options.api_key:
        raise InvalidInput("api_key", "Over REST the tenant is that of the key: give --api-key with --tenant.")


def open_doors(options: Options) -> list[Door]:
    """Return a door for each connection; raises Unavailable where nobody answers."""
    if options.via == KAFKA:
        ensure_topics()
        # More would be turned away: so few of a process's threads may wait for Kafka.
        return [KafkaDoor(options.tenant) for _ in range(min(options.connections, settings.KAFKA_MAX_WAITERS))]
    doors = [RestDoor(options.url, options.api_key) for _ in range(options.connections)]
    try:
        doors[0].connect()
    except OSError as error:
        raise Unavailable(f"Nobody answers at {options.url} ({error}). Is SDR running? `make up` starts it.") from error
    return list(doors)


def open_backlog(options: Options) -> Backlog | None:
    """Return where the consumers' lag can be read, None if this machine is not told where Kafka is."""
    return Backlog(RedisLiveState(), options.tenant) if settings.KAFKA_BOOTSTRAP_SERVERS else None
