"""The embedded engines together: started side by side, shared by commands, stopped when the last one is done."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sdr.embedded import kafka, locks, postgres, processes, registry, signals, valkey
from sdr.embedded.messages import say
from sdr.embedded.registry import Holder, State

MODULES = {"postgres": postgres, "valkey": valkey, "kafka": kafka}


def acquire(var_dir: Path, names: Iterable[str], *, command: str, durable: bool = True) -> None:
    """See to it that the engines run, and note that ``command``, this process, needs them. Raises EngineError."""
    with locks.exclusive(_lock(var_dir)), signals.deferred():
        state = _living_state(var_dir)
        if state.engines and not state.holders:
            say(f"{' and '.join(state.engines)} of a run that was killed still run in {var_dir}: using them.")
        state.holders.append(processes.this_process(command))
        try:
            _start(var_dir, state, sorted(set(names) - set(state.engines)), durable=durable)
        finally:  # what did start is recorded even if another did not, so that it is found and stopped
            registry.write_state(var_dir, state)


def release(var_dir: Path, *, regardless: bool = False) -> None:
    """Note that this process is done. The last one stops the engines; ``regardless`` does so under the others."""
    with locks.exclusive(_lock(var_dir)), signals.deferred():
        state = _living_state(var_dir)
        state.holders = [holder for holder in state.holders if holder != _mine(state)]
        if regardless or not state.holders:
            _warn(state.holders)
            _stop(state)
        registry.write_state(var_dir, state)


def _lock(var_dir: Path) -> Path:
    return var_dir / "run" / "engines.lock"


def _living_state(var_dir: Path) -> State:
    """Return what is recorded, without the engines and the holders that have died."""
    holders = [holder for holder in registry.read_state(var_dir).holders if processes.is_alive(holder)]
    return State(engines=registry.living_engines(var_dir), holders=holders)


def _mine(state: State) -> Holder | None:
    me = processes.this_process("")
    return next((holder for holder in state.holders if holder.pid == me.pid), None)


def _start(var_dir: Path, state: State, names: list[str], *, durable: bool) -> None:
    with ThreadPoolExecutor() as pool:
        starting = {name: pool.submit(MODULES[name].start, var_dir, durable=durable) for name in names}
    state.engines |= {name: future.result() for name, future in starting.items() if not future.exception()}
    for future in starting.values():
        future.result()  # raises what kept an engine from starting, once the others are recorded


def _stop(state: State) -> None:
    for name in list(state.engines):
        MODULES[name].stop(state.engines.pop(name))


def _warn(others: list[Holder]) -> None:
    for holder in others:
        say(f"stopping the engines under `{holder.command}` (pid {holder.pid}), which still uses them.")
