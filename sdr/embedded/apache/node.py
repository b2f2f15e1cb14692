"""One broker of a cluster, which is its own controller too (KRaft's combined mode)."""

import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from sdr.embedded import processes
from sdr.embedded.apache import libraries
from sdr.embedded.environment import BASE_DIR
from sdr.embedded.errors import EngineError
from sdr.embedded.following import following
from sdr.embedded.messages import say

# Small and quick to start: this serves one developer, or one run of the tests.
JAVA_OPTIONS = ("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true")
LOG_OPTIONS = ("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.showDateTime=true")
FORMAT_SECONDS = 60


@dataclass(frozen=True)
class Node:
    """Where one broker keeps its things, and the loopback ports it listens on."""

    number: int
    directory: Path
    port: int
    controller_port: int

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def properties(self) -> Path:
        """Its configuration, whose path also ends its command line, by which its process is recognised."""
        return self.directory / "server.properties"

    @property
    def log(self) -> Path:
        return self.directory / "server.log"

    @property
    def _pid_file(self) -> Path:
        return self.directory / "pid"

    def configure(self, voters: str, n_nodes: int) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        self.properties.write_text(_properties(self, voters, min(n_nodes, 3)))

    def format(self, cluster_id: str) -> None:
        """Prepare the storage directory; one that is prepared already is left as it is."""
        if (self.directory / "data" / "meta.properties").exists():
            return
        done = subprocess.run(  # noqa: S603  Java, with Kafka's own tool
            [*_java(), "kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", self.properties],
            check=False, capture_output=True, text=True, timeout=FORMAT_SECONDS, start_new_session=True,
        )  # fmt: skip
        if done.returncode:
            raise EngineError(f"Apache Kafka could not prepare {self.directory}:\n{done.stdout}{done.stderr}")

    def start(self) -> None:
        """Start the process; it answers a few seconds later."""
        command = [*_java(), "kafka.Kafka", str(self.properties)]
        pid = processes.spawn(following(command), self.log, cwd=BASE_DIR)
        self._pid_file.write_text(str(pid))

    def is_running(self) -> bool:
        pid = self.pid()
        return pid is not None and processes.is_ours(pid, str(self.properties))

    def pid(self) -> int | None:
        return int(self._pid_file.read_text()) if self._pid_file.exists() else None

    def stop(self, *, within_seconds: float = 30) -> None:
        """Stop cleanly; killed only if it does not end in time. One that does not run is fine."""
        pid = self.pid()
        if pid is not None:
            processes.stop(pid, str(self.properties), within_seconds=within_seconds)
            self._pid_file.unlink()

    def kill(self) -> None:
        """End it as a power cut would."""
        pid = self.pid()
        if pid is not None and self.is_running():
            os.kill(pid, signal.SIGKILL)
        self.stop()

    def stop_left_over(self) -> None:
        """Stop the broker of a run that was killed."""
        if self.is_running():
            say(f"broker {self.number} of a run that was killed still runs (pid {self.pid()}): stopping it.")
            self.stop()


def _java() -> list[str]:
    return [libraries.java(), *JAVA_OPTIONS, *LOG_OPTIONS, "-cp", f"{libraries.libraries()}/*"]


def _properties(node: Node, voters: str, n_replicas: int) -> str:
    return f"""\
process.roles=broker,controller
node.id={node.number}
controller.quorum.voters={voters}
listeners=BROKER://{node.address},CONTROLLER://127.0.0.1:{node.controller_port}
inter.broker.listener.name=BROKER
controller.listener.names=CONTROLLER
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={node.directory / "data"}
# SDR creates its topics itself, with the settings they need.
auto.create.topics.enable=false
default.replication.factor={n_replicas}
min.insync.replicas={max(n_replicas - 1, 1)}
offsets.topic.replication.factor={n_replicas}
offsets.topic.num.partitions=4
transaction.state.log.replication.factor={n_replicas}
transaction.state.log.min.isr={max(n_replicas - 1, 1)}
share.coordinator.state.topic.replication.factor={n_replicas}
share.coordinator.state.topic.min.isr={max(n_replicas - 1, 1)}
# A broker that was killed is let in again when the controller has given it up: soon.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
# A group of few members that come and go while somebody watches.
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
"""
