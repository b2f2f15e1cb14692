"""One to a few brokers on one machine, started and stopped together."""

import base64
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from sdr.embedded import processes, signals, sockets
from sdr.embedded.apache.node import Node
from sdr.embedded.errors import EngineError
from sdr.embedded.waiting import wait_until

START_SECONDS = 60.0
ASK_SECONDS = 1.0


class Cluster:
    """``directory`` keeps everything: configuration, data and logs, which survive a stop."""

    def __init__(self, directory: Path, n_brokers: int = 1) -> None:
        self.directory = directory
        self.nodes = [_node(directory / f"broker-{number}", number) for number in range(1, n_brokers + 1)]

    @property
    def bootstrap_servers(self) -> str:
        return ",".join(node.address for node in self.nodes)

    def start(self) -> None:
        """Start every broker and wait until each answers. Raises EngineError."""
        voters = ",".join(f"{node.number}@127.0.0.1:{node.controller_port}" for node in self.nodes)
        cluster_id = _cluster_id(self.directory)
        for node in self.nodes:
            node.configure(voters, len(self.nodes))
        _side_by_side(lambda node: node.format(cluster_id), self.nodes)
        for node in self.nodes:
            node.start()
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Return once every broker is a member of the cluster that answers clients."""
        if not wait_until(lambda: self._is_ready() or self._dead() is not None, START_SECONDS) or self._dead():
            node = self._dead() or self.nodes[0]
            raise EngineError(
                f"Apache Kafka did not start. The log of broker {node.number} ({node.log}) ends:\n"
                f"{processes.last_lines(node.log, 15)}"
            )

    def stop(self) -> None:
        # All at once: one that is left without the others would wait for them before it ends.
        _side_by_side(Node.stop, self.nodes)

    def _is_ready(self) -> bool:
        if not all(not sockets.is_free("127.0.0.1", node.port) for node in self.nodes):
            return False  # nobody listens yet: do not let the client write about it
        admin = AdminClient({"bootstrap.servers": self.bootstrap_servers, "log_level": 0})
        try:
            return len(admin.list_topics(timeout=ASK_SECONDS).brokers) == len(self.nodes)
        except KafkaException:
            return False

    def _dead(self) -> Node | None:
        return next((node for node in self.nodes if not node.is_running()), None)


@contextmanager
def running(directory: Path, n_brokers: int = 1) -> Iterator[Cluster]:
    """Run a cluster for the life of the block."""
    cluster = Cluster(directory, n_brokers)
    try:
        cluster.start()
        yield cluster
    finally:
        with signals.deferred():
            cluster.stop()


def _side_by_side(work: Callable[[Node], None], nodes: list[Node]) -> None:
    with ThreadPoolExecutor(len(nodes)) as pool:
        list(pool.map(work, nodes))


def _node(directory: Path, number: int) -> Node:
    """Return the node with the ports it had before, where those are still free."""
    ports_file = directory / "ports"
    if ports_file.exists():
        port, controller_port = map(int, ports_file.read_text().split())
        node = Node(number, directory, port, controller_port)
        node.stop_left_over()
        if all(sockets.is_free("127.0.0.1", taken) for taken in (port, controller_port)):
            return node
    directory.mkdir(parents=True, exist_ok=True)
    port, controller_port = sockets.free_port(), sockets.free_port()
    ports_file.write_text(f"{port} {controller_port}")
    return Node(number, directory, port, controller_port)


def _cluster_id(directory: Path) -> str:
    path = directory / "cluster-id"
    if not path.exists():
        path.write_text(base64.urlsafe_b64encode(b"S" + uuid.uuid4().bytes[1:]).decode().rstrip("="))
    return path.read_text()
