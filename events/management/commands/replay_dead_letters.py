"""`manage.py replay_dead_letters`: what nobody could accept then, to be tried again now."""

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from events.archive.acceptance import Reason
from events.broker.producer import publisher
from events.broker.reading import read_to_end
from events.broker.topics import ensure_topics
from events.dead_letters.letter import readable
from events.dead_letters.replay import Fate, Replay
from events.dead_letters.selection import Selection, parse_since
from events.kinds import DEAD_TOPICS, TOPICS, dead_topic
from events.tenants import TenantDirectory
from sdr import clock
from sdr.embedded.lifetime import require_kafka
from sdr.exceptions import SdrError


class Command(BaseCommand):
    help = (
        "Send dead letters again: events that the archive could not take, from <topic>.dead back to their topic, "
        "unchanged. Do it when the cause is gone: the tenant exists, the new schema version is known, the table takes "
        "them. What is still not acceptable stays where it is; what was sent is noted and is not sent again. "
        "Exit status 1 if something acceptable could not be sent: run it again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="send nothing, say what would be sent")
        parser.add_argument("--topic", choices=TOPICS, help="only what died in this topic")
        parser.add_argument("--reason", choices=[reason.value for reason in Reason], help="only what died of this")
        parser.add_argument(
            "--since", help="only what died since: 90m, 12h, 7d or an ISO 8601 time (UTC if it has no zone)"
        )
        parser.add_argument("--event-id", type=UUID, help="only the event with this id")
        parser.add_argument("--limit", type=_positive, help="at most so many that were not sent before, as they come")

    def handle(self, *_args: Any, **options: Any) -> None:
        require_kafka()
        try:
            replay = _run(options)
        except SdrError as error:
            raise CommandError(str(error)) from error
        for line in _summary(replay):
            self.stdout.write(line)
        if n := sum(n for (_, fate), n in replay.fates.items() if fate is Fate.NOT_TAKEN):
            raise CommandError(f"{n} could not be sent; run this again.")


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise ValueError(text)
    return number


def _run(options: dict[str, Any]) -> Replay:
    since = parse_since(options["since"], now=clock.now()) if options["since"] else None
    selection = Selection(options["topic"], options["reason"], since, options["event_id"])
    topics = [dead_topic(options["topic"])] if options["topic"] else list(DEAD_TOPICS)
    ensure_topics(topics)
    letters = (letter for letter in readable(read_to_end(topics)) if selection.means(letter))
    replay = Replay(TenantDirectory(), publisher(), dry_run=options["dry_run"])
    replay.run(letters, options["limit"])
    return replay


def _summary(replay: Replay) -> list[str]:
    title = "Dry run: nothing was sent. This is what would become of them:" if replay.dry_run else "Dead letters:"
    lines = [f"{n:>8}  {reason:<20} {fate}" for (reason, fate), n in sorted(replay.fates.items())]
    return [title, *lines] if lines else ["No dead letters match."]
