"""Groups of plots: of about equal weight, compact, and in one piece.

In: seeds, weights (homes) and neighbours of small pieces. Out: a group number for each piece.
Output areas, small areas and wards are all made this way, each with a target of its own, which is
why they nest only where one is made out of the other.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from data.demo.arrays import Floats, Ints, tally

ROUNDS = 32
SETTLE = 10  # rounds before the shapes have forgotten the first cuts
NUDGE = 0.22
SWEEPS = 60
SLACK = 0.2
HOLD = 0.8
FAR_OFF = (0.55, 1.7)
TOO_LIGHT = 0.46


def balanced(xy: Floats, weight: Floats, pairs: Ints, *, n_groups: int, shared_m: Floats) -> Ints:
    """Group pieces so that every group has about the same weight.

    Weighted centres are moved to the middle of what is theirs, and the reach of each grows or
    shrinks until the weights are about even (a power diagram); then stray parts are handed to the
    neighbour with the longest common border.

    Parameters
    ----------
    xy, weight
        Positions (n, 2) and weights (n,) of the pieces.
    pairs, shared_m
        Neighbours (m, 2) and the length of their common border (m,).
    n_groups
        Number of groups; every group gets at least one piece.

    Returns
    -------
    (n,) group numbers 0 to n_groups - 1.
    """
    if n_groups == 1:
        return np.zeros(len(xy), dtype=np.int64)
    # A piece without homes still has to belong somewhere: it weighs next to nothing.
    mass = weight + 1e-3 * max(float(weight.mean()), 1e-9)
    group = _halved(xy, mass, n_groups)
    target = mass.sum() / n_groups
    reach = np.zeros(n_groups)
    centre = np.zeros((n_groups, 2))
    best, best_spread = group, np.inf
    for turn in range(ROUNDS):
        load = np.bincount(group, mass, n_groups)
        held = load > 0  # a centre that lost all its pieces waits where it was
        for axis in (0, 1):
            sums = np.bincount(group, mass * xy[:, axis], n_groups)
            centre[held, axis] = sums[held] / load[held]
        if turn > SETTLE and held.all() and np.square(load / target - 1).mean() < best_spread:
            best, best_spread = group, float(np.square(load / target - 1).mean())
        own = cKDTree(centre).query(centre, k=2)[0][:, 1] ** 2
        reach += NUDGE * own * np.clip(1 - load / target, -0.7, 0.7)
        reach = np.clip(reach, -0.9 * own, 0.9 * own)
        group = _nearest(xy, centre, reach)
    whole = in_one_piece(best, weight, pairs, shared_m)
    return _traded(whole, mass, pairs, shared_m, target)


def in_one_piece(group: Ints, weight: Floats, pairs: Ints, shared_m: Floats) -> Ints:
    """Keep the heaviest part of each group and hand the rest to the neighbours it borders most."""
    group = group.copy()
    n = len(group)
    same = group[pairs[:, 0]] == group[pairs[:, 1]]
    link = coo_array((np.ones(same.sum()), (pairs[same, 0], pairs[same, 1])), shape=(n, n))
    part = connected_components(link, directed=False)[1]
    part_weight = np.bincount(part, weight + 1e-6)
    part_group = np.zeros(len(part_weight), dtype=np.int64)
    part_group[part] = group
    order = np.lexsort((-part_weight, part_group))
    first = np.r_[True, np.diff(part_group[order]) != 0]
    main = np.zeros(len(part_weight), dtype=bool)
    main[order[first]] = True
    group[~main[part]] = -1
    while (group < 0).any():
        group = _adopt(group, pairs, shared_m)
    return group


def neighbours(group: Ints, pairs: Ints, shared_m: Floats) -> tuple[Ints, Floats]:
    """Return which groups border which, and for how long, from the borders of their pieces."""
    a, b = group[pairs[:, 0]], group[pairs[:, 1]]
    apart = (a != b) & (a >= 0) & (b >= 0)
    low, high = np.minimum(a, b)[apart], np.maximum(a, b)[apart]
    n = int(group.max()) + 1
    key, where = np.unique(low * n + high, return_inverse=True)
    return np.stack([key // n, key % n], axis=1).astype(np.int64), tally(where, shared_m[apart])


def _adopt(group: Ints, pairs: Ints, shared_m: Floats) -> Ints:
    """Give every stray piece that borders a group to the one with the longest common border."""
    piece, host, border_m = _borders(group, pairs, shared_m)
    stray = group[piece] < 0
    piece, host, border_m = piece[stray], host[stray], border_m[stray]
    if not len(piece):
        return np.where(group < 0, group[group >= 0][0], group)
    order = np.lexsort((host, -border_m, piece))
    best = order[np.r_[True, np.diff(piece[order]) != 0]]
    fresh = group.copy()
    fresh[piece[best]] = host[best]
    return fresh


def _traded(group: Ints, mass: Floats, pairs: Ints, shared_m: Floats, target: float) -> Ints:
    """Hand border pieces from heavy to light neighbours, as long as both stay compact.

    Centres and reaches alone leave a few groups far too light where homes stand in clumps. A
    piece may move if it borders its new group nearly as much as the rest of its old one (else
    groups grow arms), and if its old group stays in one piece.
    """
    group = group.copy()
    load, count = np.bincount(group, mass), np.bincount(group)
    beside: list[list[int]] = [[] for _ in range(len(group))]
    for a, b in pairs.tolist():
        beside[a].append(b)
        beside[b].append(a)
    for _ in range(SWEEPS):
        piece, taker, border_m = _borders(group, pairs, shared_m)
        giver = group[piece]
        kept_m = np.zeros(len(group))
        own = taker == giver
        kept_m[piece[own]] = border_m[own]
        # How much the squares of both loads fall; a field without homes helps nobody by itself.
        gain = mass[piece] * (load[giver] - load[taker] - mass[piece])
        off = (load[giver] > target * (1 + SLACK)) | (load[taker] < target * (1 - SLACK))
        far_off = (load[giver] > FAR_OFF[1] * target) | (load[taker] < FAR_OFF[0] * target)
        hold = np.where(far_off, 0.5 * HOLD, HOLD)
        # A group that is far too light takes what it can get, and fields on the way to homes.
        poor = (load[taker] < TOO_LIGHT * target) & (gain > 0)
        fit = poor | ((border_m > hold * kept_m[piece]) & (gain > 0.002 * target**2))
        moves = np.flatnonzero(~own & off & fit & (count[giver] > 1))
        touched: set[int] = set()
        for move in moves[np.lexsort((moves, -gain[moves]))].tolist():
            old, new = int(giver[move]), int(taker[move])
            if old in touched or new in touched or not _spared(int(piece[move]), group, beside):
                continue
            group[piece[move]] = new
            load[old], load[new] = load[old] - mass[piece[move]], load[new] + mass[piece[move]]
            count[old], count[new] = count[old] - 1, count[new] + 1
            touched |= {old, new}
        if not touched:
            break
    return group


def _borders(group: Ints, pairs: Ints, shared_m: Floats) -> tuple[Ints, Ints, Floats]:
    """Return how long each piece borders each group, its own among them: piece, group, metres."""
    both, length = np.vstack([pairs, pairs[:, ::-1]]), np.tile(shared_m, 2)
    known = group[both[:, 1]] >= 0
    n = int(group.max()) + 1
    key, where = np.unique(both[known, 0] * n + group[both[known, 1]], return_inverse=True)
    return (key // n).astype(np.int64), (key % n).astype(np.int64), tally(where, length[known])


def _spared(piece: int, group: Ints, beside: list[list[int]]) -> bool:
    """Say whether a group stays in one piece without one of its pieces."""
    own = [other for other in beside[piece] if group[other] == group[piece]]
    if len(own) < 2:
        return bool(own)
    seen, todo = {piece, own[0]}, [own[0]]
    while todo:
        for other in beside[todo.pop()]:
            if other not in seen and group[other] == group[piece]:
                seen.add(other)
                todo.append(other)
    return seen.issuperset(own)


def _halved(xy: Floats, mass: Floats, n_groups: int) -> Ints:
    """Cut the pieces in two across their longer side, again and again, in the ratio needed."""
    group = np.zeros(len(xy), dtype=np.int64)
    todo = [(np.arange(len(xy)), 0, n_groups)]
    while todo:
        members, first, count = todo.pop()
        if count == 1:
            group[members] = first
            continue
        left = count // 2
        x, y = (xy[members] - xy[members].mean(axis=0)).T
        turn = 0.5 * np.arctan2(2 * (x * y).sum(), (x * x - y * y).sum())  # the longer axis
        ordered = members[np.argsort(x * np.cos(turn) + y * np.sin(turn), kind="stable")]
        walked = np.cumsum(mass[ordered])
        cut = int(np.searchsorted(walked, walked[-1] * left / count)) + 1
        cut = int(np.clip(cut, left, len(ordered) - (count - left)))
        todo.append((ordered[:cut], first, left))
        todo.append((ordered[cut:], first + left, count - left))
    return group


def _nearest(xy: Floats, centre: Floats, reach: Floats) -> Ints:
    """Return the centre with the least squared distance minus reach, by lifting to 3 dimensions."""
    lift = np.sqrt(reach.max() - reach)
    tree = cKDTree(np.column_stack([centre, lift]))
    return np.asarray(tree.query(np.column_stack([xy, np.zeros(len(xy))]))[1], dtype=np.int64)
