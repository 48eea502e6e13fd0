"""What a pick costs with a thousand credentials, in every strategy and situation. Exit code 1 where it is over budget.

The budget holds for a pick and for a pick with its give-back. The rounds are made in blocks and the median of the best
block is judged: a shared machine only ever adds to it. The 99th percentile, of all rounds, tells of others too.

    .venv/bin/python scripts/bench/pool.py [--size 1000] [--rounds 2000] [--budget-us 50]
"""

import argparse
import gc
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from pydantic import SecretStr  # noqa: E402

from addons.accounts.cooldown import Rest  # noqa: E402
from addons.accounts.credential import Credential, credential_id  # noqa: E402
from addons.accounts.outcome import OK, OutcomeKind  # noqa: E402
from addons.accounts.pool import Exhausted, Lease, Pool, Strategy  # noqa: E402
from addons.accounts.seats import WHOLE  # noqa: E402
from addons.accounts.state import MemoryState  # noqa: E402

STRATEGIES: Final[Sequence[Strategy]] = ("round-robin", "weighted-round-robin", "fill-first")
BLOCKS: Final = 8
HOUR_S: Final = 3600.0
NOBODY: Final[frozenset[str]] = frozenset()


@dataclass(slots=True)
class Situation:
    """A pool, and what a request for the model `m` says. `before`: done before each pick, not measured."""

    name: str
    pool: Pool
    tried: Set[str] = NOBODY
    among: frozenset[str] | None = None
    resting_too: bool = False
    before: Callable[[int], None] | None = None


def situations(strategy: Strategy, size: int) -> Iterator[Situation]:
    """Everything that may make a pick slow."""
    plain = members(size)
    ids = [one.id for one in plain]

    def made(credentials: Sequence[Credential], state: MemoryState | None = None) -> Pool:
        return Pool(credentials, strategy, state=state)

    yield Situation("all free", made(plain))
    if strategy == "weighted-round-robin":
        yield Situation("all free, 20 weights", made(members(size, weight=lambda n: n % 20 + 1)))
        yield Situation("all free, all weights differ", made(members(size, weight=lambda n: 7919 * n % 999_983 + 1)))
    yield Situation("half free, among 750", made(plain, resting(ids[::2], "m")), among=frozenset(ids[size // 4 :]))
    for about, what in ((WHOLE, "whole"), ("m", "model")):
        yield Situation(f"all but one resting ({what})", made(plain, resting(ids[:-1], about)))
        yield Situation(f"all resting ({what})", made(plain, resting(ids, about)))
    both = resting(ids, "m")
    rest(both, ids, WHOLE)
    yield Situation("all resting (both)", made(plain, both))
    passing = resting(ids, "m", OutcomeKind.TRANSIENT)
    yield Situation("all resting in passing, one is lent", made(plain, passing), resting_too=True)
    changing = resting(ids, "m")
    yield Situation(
        "all resting, one changes each time",
        made(plain, changing),
        before=lambda turn: rest(changing, [ids[turn % size]], "m", later_s=turn),
    )
    limited = members(size, limit=1)
    yield Situation("all busy", busy(made(limited), size))
    yield Situation("all busy but one", busy(made(limited), size - 1))
    half_busy = made(limited, resting(ids[::2], "m"))
    waited_for = busy(made(limited), size)
    for number in range(100):
        waited_for.wait(f"m{number}", frozenset(ids[number : number + 1]), lambda: None)
    yield Situation("all busy, 100 in line", waited_for)
    yield Situation("half resting, the others busy", busy(half_busy, size // 2))
    yield Situation("10 tiers", made(members(size, priority=lambda n: n % 10)))
    tiers = members(size, priority=lambda n: n)
    yield Situation(f"{size} tiers", made(tiers))
    yield Situation(f"{size} tiers, all but the last resting", made(tiers, resting(ids[1:], WHOLE)))
    yield Situation("all but one tried", made(plain), tried=frozenset(ids[:-1]))
    yield Situation("half tried", made(plain), tried=frozenset(ids[::2]))
    yield Situation("half tried, a quarter resting", made(plain, resting(ids[1::4], WHOLE)), tried=frozenset(ids[::2]))


def members(
    size: int,
    weight: Callable[[int], int] = lambda _: 1,
    priority: Callable[[int], int] = lambda _: 0,
    limit: int = 0,
) -> list[Credential]:
    """So many credentials of one pool."""
    return [
        Credential(
            credential_id("pool", "http://x", f"test-key-{number}"),
            "provider",
            "pool",
            SecretStr(f"test-key-{number}"),
            "http://x",
            priority=priority(number),
            weight=weight(number),
            max_concurrency=limit,
        )
        for number in range(size)
    ]


def resting(ids: Sequence[str], about: str, kind: OutcomeKind = OutcomeKind.RATE_LIMITED) -> MemoryState:
    """A state in which these rest."""
    state = MemoryState()
    rest(state, ids, about, kind)
    return state


def rest(
    state: MemoryState,
    ids: Sequence[str],
    about: str,
    kind: OutcomeKind = OutcomeKind.RATE_LIMITED,
    later_s: float = 0.0,
) -> None:
    """Lets them rest for hours, each a little longer than the one before."""
    for place, one in enumerate(ids):
        state.rest(one, about, Rest(kind, 0.0, 24 * HOUR_S + place + later_s))


def busy(pool: Pool, leases: int) -> Pool:
    """The pool, with so many leases out."""
    for _ in range(leases):
        assert isinstance(pool.pick(0.0, "m"), Lease)
    return pool


@dataclass(frozen=True, slots=True)
class Cost:
    """Microseconds: a pick, and with its give-back. None where nobody was picked."""

    pick: Sequence[float]
    both: Sequence[float] | None


def measure(situation: Situation, rounds: int) -> Cost:
    """A request after another, each given back as a success."""
    pool, tried, among, resting_too = situation.pool, situation.tried, situation.among, situation.resting_too
    picks: list[float] = []
    both: list[float] = []
    clock = time.perf_counter_ns
    for turn in range(rounds + 50):
        now_s = 1.0 + turn * 1e-3
        if situation.before is not None:
            situation.before(turn)
        started = clock()
        answer = pool.pick(now_s, "m", tried, among, resting_too=resting_too)
        picked = clock()
        if isinstance(answer, Lease):
            # A success would end the rest of one that was lent: then the next pick is another situation.
            answer.since_s = -1.0
            given = clock()
            pool.give_back(answer, OK, now_s)
            both.append((picked - started + clock() - given) / 1e3)
        elif isinstance(answer, Exhausted):
            assert answer.retry_at_s is not None
        picks.append((picked - started) / 1e3)
    return Cost(picks[50:], both[50:] or None)


def hand_over(strategy: Strategy, size: int, rounds: int) -> Cost:
    """Everybody is busy and a hundred wait: what it costs to give one back, which hands it to the first in line."""
    pool = Pool(members(size, limit=1), strategy)
    out = [answer for _ in range(size) if isinstance(answer := pool.pick(0.0, "m"), Lease)]
    line = [pool.wait("m", None, lambda: None) for _ in range(100)]
    series: list[float] = []
    for turn in range(rounds):
        lease = out.pop(0)
        started = time.perf_counter_ns()
        pool.give_back(lease, OK, 1.0 + turn * 1e-3)
        series.append((time.perf_counter_ns() - started) / 1e3)
        first = line.pop(0)
        assert first is not None
        assert first.lease is not None
        out.append(first.lease)
        line.append(pool.wait("m", None, lambda: None))
    return Cost(series, None)


def costs(strategy: Strategy, size: int, rounds: int) -> Iterator[tuple[str, Cost]]:
    """The rows of the table."""
    for situation in situations(strategy, size):
        gc.collect()
        yield situation.name, measure(situation, rounds)
    yield "100 in line, one is given back", hand_over(strategy, size, rounds)


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--size", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=2000)
    parser.add_argument("--budget-us", type=float, default=50.0)
    arguments = parser.parse_args()
    over = 0
    print(f"{'strategy':22}{'situation':42}{'pick':>8}{'p99':>8}{'and back':>10}{'p99':>8}   µs, budget", end=" ")
    print(f"{arguments.budget_us:g}, {arguments.size} credentials")
    for strategy in STRATEGIES:
        for name, cost in costs(strategy, arguments.size, arguments.rounds):
            medians = [best_median(series) for series in (cost.pick, cost.both) if series is not None]
            bad = max(medians) > arguments.budget_us
            over += bad
            figures = "".join(shown(series) for series in (cost.pick, cost.both))
            print(f"{strategy:22}{name:42}{figures}{'   OVER' if bad else ''}")
    if over:
        print(f"{over} over the budget")
    return 1 if over else 0


def best_median(series: Sequence[float]) -> float:
    """That of the block that was disturbed least."""
    size = max(1, len(series) // BLOCKS)
    return min(statistics.median(series[first : first + size]) for first in range(0, size * BLOCKS, size))


def shown(series: Sequence[float] | None) -> str:
    """Median and 99th percentile, as columns."""
    if series is None:
        return f"{'-':>10}{'-':>8}"
    return f"{best_median(series):10.1f}{statistics.quantiles(series, n=100)[98]:8.1f}"


if __name__ == "__main__":
    sys.exit(main())
