"""Admission: how many episodes of each lane may be under way.

As many as keep the servers of the lane busy, but no more than the conversations that the servers' KV caches hold, where they
tell their size: half-played games would throw each other out of it. Lanes with a server in common share its width and its
cache by what each of them has left to play.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence

from clemsim._util.fair_shares import TINY, fair_shares, whole_shares
from clemsim.runtime.shared_state import Lane, SchedulerState
from clemsim.runtime.turn_gate import ServerGate

ENDING = 4  # times as many episodes as are played at once are the last ones, and may all begin
KV_SHARE = 0.9  # of a server's KV cache that started episodes may fill
OFTEN = 4  # lanes for each change after which all of them are looked at


class Admission:
    """Sets how many workers each lane may have (`Lane.most`), and how many its servers' caches hold (`Lane.most_cached`)."""

    def __init__(self, state: SchedulerState, lanes: Sequence[Lane], *, in_order: bool, limited: bool = True) -> None:
        """Without `limited`, every episode may begin at once."""
        self._state = state
        self._lanes = lanes
        self._in_order = in_order
        self._limited = limited
        self._changes = 0
        self._servers: dict[ServerGate, list[Lane]] = {}
        self._controllers = {state.gates[agent].server: controller for agent, controller in state.controllers.items()}
        for lane in lanes:
            for server in self._servers_of(lane):
                self._servers.setdefault(server, []).append(lane)

    def allot(self, *, now: bool = False) -> None:
        """Set the bounds of all lanes anew, for widths, caches and what is left have changed. Where there are many lanes,
        one episode changes little, and it is done after a few of them, unless it must be `now`.
        """
        self._changes += 1
        if not now and self._changes * OFTEN < len(self._lanes):
            return
        self._changes = 0
        wanted = {lane: self._wanted(lane, width) for lane, width in self._widths().items()}
        cached = self._cached(wanted)
        for lane in self._lanes:
            lane.most_cached = cached.get(lane, sys.maxsize)
            lane.most = min(wanted[lane], lane.most_cached) if self._limited else lane.left

    def _servers_of(self, lane: Lane) -> Iterable[ServerGate]:
        return dict.fromkeys(self._state.gates[agent].server for agent in lane.agents)

    def _widths(self) -> dict[Lane, int]:
        """Return for each lane the turns in flight that it keeps up, at all of its servers together."""
        widths = dict.fromkeys(self._lanes, 0)
        for server, lanes in self._servers.items():
            if len(lanes) == 1:
                widths[lanes[0]] += server.width
                continue
            left = [lane.left for lane in lanes]
            wants = [min(lane.left, self._most_at(server, lane)) for lane in lanes]
            for lane, share in zip(lanes, whole_shares(server.width, wants, left), strict=True):
                widths[lane] += share
        return widths

    def _most_at(self, server: ServerGate, lane: Lane) -> int:
        """Return the turns that the agents of a lane may have at a server."""
        gates = [self._state.gates[agent] for agent in lane.agents]
        return min(sys.maxsize, sum(gate.most for gate in gates if gate.server is server))

    def _wanted(self, lane: Lane, width: int) -> int:
        """Return enough episodes to keep the servers busy; the last ones all begin at once."""
        if not self._in_order and lane.estimates.longest and len(lane.queue) <= ENDING * width:
            return width * (1 + ENDING)
        return width

    def _cached(self, wanted: Mapping[Lane, int]) -> dict[Lane, int]:
        """Return how many episodes' conversations the servers' KV caches hold, of the lanes for which that is known."""
        room: dict[Lane, float] = {}  # tokens
        tokens = self._tokens()
        shared = set[Lane]()
        for server, lanes in self._servers.items():
            known = [lane for lane in lanes if tokens[lane]]
            shares = [KV_SHARE * self._kv_tokens(server)]
            if not shares[0] or not known:
                continue
            if len(known) > 1:
                shared.update(known)
                wants = [min(wanted[lane], lane.left) * tokens[lane] for lane in known]
                shares = fair_shares(shares[0], wants, [lane.left * tokens[lane] for lane in known])
                shares = whole_episodes(shares, [tokens[lane] for lane in known])
            for lane, share in zip(known, shares, strict=True):
                room[lane] = room.get(lane, 0.0) + share
        return {lane: max(lane not in shared, int(share / tokens[lane] + TINY)) for lane, share in room.items()}

    def _tokens(self) -> dict[Lane, float]:
        """Return the tokens of an episode of each lane, by those of others where none of it has ended; 0: unknown."""
        known = [lane.estimates.tokens.value for lane in self._lanes if lane.estimates.tokens.count]
        mean = sum(known) / len(known) if known else 0.0
        return {lane: lane.estimates.tokens.value or mean for lane in self._lanes}

    def _kv_tokens(self, server: ServerGate) -> int:
        """Return the tokens that the KV cache of a server holds; 0: it does not say."""
        controller = self._controllers.get(server)
        return controller.load.kv_tokens if controller and controller.load else 0


def whole_episodes(shares: Sequence[float], tokens: Sequence[float]) -> list[float]:
    """Return shares of a cache that hold whole episodes of so many tokens each. What is left over goes to those that miss
    least for one more, and before that to those that have none; where no share holds an episode, one gets one all the same.
    """
    whole = [int(share / size + TINY) for share, size in zip(shares, tokens, strict=True)]
    spare = sum(shares) - sum(count * size for count, size in zip(whole, tokens, strict=True))
    missing = [whole[index] - shares[index] / tokens[index] for index in range(len(shares))]
    for index in sorted(range(len(shares)), key=lambda index: (whole[index] > 0, missing[index])):
        if missing[index] < -TINY and (tokens[index] <= spare + TINY or not any(whole)):
            whole[index] += 1
            spare -= tokens[index]
    return [count * size for count, size in zip(whole, tokens, strict=True)]
