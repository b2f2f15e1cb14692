"""A stack of stand-ins: ``python stack_stand_in.py '{"name": ["command", …], …}'``, with engines, as runstack is."""

import json
import sys
from pathlib import Path

from sdr.embedded import lifetime

with lifetime.engines_for(["runstack"]):
    from sdr.stack.supervisor import Supervisor

    def say_up(say, _stopping):
        say("stand-ins are up")

    failure = Supervisor(json.loads(sys.argv[1]), cwd=Path.cwd(), when_started=say_up).run()
    sys.exit(failure)
