"""The one module that keeps anything between runs of a page; `cache_choices` is its second half.

In: which place is asked for. Out: its result, scenarios of it and the addresses of its shapes,
computed once for all visitors. Id and content hash of the place stand in every key: two places, or
two states of one, never answer for each other. Pages read what is cached and never change it.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path
from weakref import ref

import pandas as pd
import streamlit as st

from boundaries import coterminosity
from budgets import baseline, doubtful, scenario
from data import (
    baseline_tables,
    demo,
    lines,
    lines_table,
    mappable,
    masking,
    per_person,
    place,
    prepare,
    run,
    scenarios,
    settings,
)
from data import mapped as data_mapped
from data import profiles as data_profiles
from data.errors import NoPlaceFile
from data.home import home
from data.store import Store, address
from data.store_errors import NoStore
from geo.errors import CommonGroundError
from indices.profiles_errors import NothingToShow
from pages.shared import links
from pages.shared.cache_kept import kept

VARIABLE = "COMMONGROUND_PLACE"
LIGHT = 1_000_000  # bytes of shapes, a quarter of which travel; a country needs tens of times that
Stamp = tuple[tuple[str, int, int], ...]  # names, sizes and times of the files of a place
_SEEN: dict[str, tuple[Stamp, tuple[str, str]]] = {}  # by folder
_READ: dict[tuple[str, str], ref[run.Result]] = {}  # by id and content hash


def result(place_id: str | None = None) -> run.Result:
    """Return the result of a place: the one named, or the one the address and session name.

    Raises
    ------
    CommonGroundError
        The place cannot be read; the message names every fault.
    """
    folder = folder_of(links.chosen_place() if place_id is None else place_id)
    identity, content = _identity(str(folder), _stamp(folder))
    found = _result(identity, content, str(folder))
    _READ[identity, content] = ref(found)
    return found


def known() -> run.Result | None:
    """Return what `result` returns where nobody has to wait for it, else None.

    Raises
    ------
    CommonGroundError
        There is no such place.
    """
    folder = folder_of(links.chosen_place())
    held = _SEEN.get(str(folder))
    if held is None or held[1] not in _READ or held[0] != _stamp(folder):
        return None
    return _READ[held[1]]()


def what_if(base: run.Result, *, need_weight: float, neediest_per_head: float) -> run.Result:
    """Return the result with its money shared by other need settings."""
    if (need_weight, neediest_per_head) == (base.need_weight, base.neediest_per_head):
        return base
    place = base.place
    return _scenario(place.id, place.content_hash, need_weight, neediest_per_head, _base=base)


def allocation(base: run.Result, text: str, *, draws: int = doubtful.DRAWS) -> scenarios.Allocation:
    """Return what a scenario, as its text says, makes of a place; "" is the money as it is.

    Parameters
    ----------
    draws
        In how many ways need is counted anew for the doubt; 0 while somebody still moves a slider.

    Raises
    ------
    CommonGroundError
        Whatever is wrong with the scenario, or cannot be kept of it.
    """
    return _allocation(base.place.id, base.place.content_hash, text, draws, _base=base)


def with_lines(base: run.Result, frame: pd.DataFrame | None) -> run.Result:
    """Return the result of the same place with other lines of money; None are its own.

    Raises
    ------
    CommonGroundError
        Every fault of the lines together, or whatever is refused of sharing them out.
    """
    if frame is None:
        return base
    text = lines_table.written(frame)
    if text == lines_table.written(own_lines(base)):
        return result(base.place.id) if base.place.edited is not None else base
    folder = str(base.place.folder)
    return _edited(base.place.id, base.place.package_hash, text, folder)


def line_faults(base: run.Result, frame: pd.DataFrame) -> tuple[lines.Fault, ...]:
    """Return everything that keeps a place from being shared out by these lines, by line."""
    folder = str(base.place.folder)
    text = lines_table.written(frame)
    return _line_faults(base.place.id, base.place.package_hash, text, folder, frame)


def second_method(base: run.Result, by: str) -> baseline.Second:
    """Return the money of a place by a second method; "" is the plainest other way of each."""
    key = (base.place.id, base.place.content_hash, base.need_weight, base.neediest_per_head)
    return _second_method(*key, by, _base=base)


def own_lines(base: run.Result) -> pd.DataFrame:
    """Return the lines of a place's package as a table of text, whoever edited them since."""
    return _own_lines(base.place.id, base.place.package_hash, _base=base).copy()


def profiles(base: run.Result) -> data_profiles.Prepared | None:
    """Return what the profiles of a place have in common; None where it has no measures."""
    place = base.place
    return kept(base, "profiles", make=lambda: _profiles(place.id, place.content_hash, _base=base))


def offers(base: run.Result) -> dict[str, mappable.Offer]:
    """Return what a map of a place can show beside need, people and money, by id."""
    place = base.place
    return kept(base, "offers", make=lambda: _offers(place.id, place.content_hash, _base=base))


def mapped(base: run.Result, level: str, figure: str) -> data_mapped.Mapped:
    """Return one of `offers` by area of a level; programmes are those that run today."""
    key = (base.place.id, base.place.content_hash, level, figure, dt.date.today())
    return kept(base, "mapped", level, figure, make=lambda: _mapped(*key, _base=base))


def unusual(base: run.Result, level: str) -> per_person.PerPerson:
    """Return money per person of a level, with the areas in which it misleads."""
    return kept(base, "unusual", level, make=lambda: per_person.money_per_person(base, level))


def fit(base: run.Result, level: str, other: str) -> coterminosity.Fit:
    """Return how well the borders of two levels fit, in people."""
    one, two = base.crosswalks[level], base.crosswalks[other]

    def make() -> coterminosity.Fit:
        return coterminosity.fit(coterminosity.through_base(one, two, base.place.people))

    return kept(base, "fit", level, other, make=make)


def shape_address(base: run.Result, layer: str) -> str:
    """Return the address of a layer's simplified shapes; they are prepared when first asked for."""
    key = (base.place.id, base.place.package_hash)
    names = kept(base, "shapes", make=lambda: _shapes(*key, _base=base))
    folder = shapes_folder(f"{base.place.id}-{base.place.package_hash[:12]}")
    if not (folder / names[layer]).is_file():  # somebody emptied the home folder meanwhile
        _shapes.clear()
        names = _shapes(*key, _base=base)
    return f"/shapes/{folder.parent.name}/{names[layer]}"


def light_shapes(base: run.Result, but: str) -> list[str]:
    """Return the addresses of all layers' shapes that are small enough to be fetched unasked."""

    def make() -> list[tuple[str, str]]:
        told = [(layer, shape_address(base, layer)) for layer in base.levels]
        folder = shapes_folder(f"{base.place.id}-{base.place.package_hash[:12]}")
        size = {address: (folder / address.rsplit("/", 1)[1]).stat().st_size for _, address in told}
        return [(layer, address) for layer, address in told if size[address] <= LIGHT]

    light = kept(base, "light shapes", make=make)
    return [address for layer, address in light if layer != but]


def shapes_folder(kept_as: str) -> Path:
    """Return the folder that holds the simplified shapes of one state of a place."""
    return home() / "places" / kept_as / "shapes"


def folder_of(place_id: str = "") -> Path:
    """Return the folder of a place by its id; without one, of the place the server opens with.

    An address can name only places that are kept in the home folder: a link never opens another
    folder of the machine.
    """
    served = _served()
    if not place_id or place_id == _identity(str(served), _stamp(served))[0]:
        return served
    kept = home() / "packages" / place_id
    if place_id.replace("-", "").isalnum() and kept.is_dir():
        return kept
    raise NoPlaceFile(f"place {place_id}")


def store() -> Store | None:
    """Return what people save, None where nobody has saved anything yet; no page makes a store.

    Raises
    ------
    CommonGroundError
        The address or the database cannot be used.
    """
    found = address.find()
    # Once it was opened it stays: a file that vanishes must be missed, and not be forgotten.
    if found.path is not None and not found.path.exists() and found.shown not in _opened():
        return None
    try:
        return _store(found.shown)
    except NoStore:
        return None


def warm() -> str:
    """Read the opening place, prepare its shapes and its profiles and return its id."""
    opened = result("")
    for layer in opened.levels:
        shape_address(opened, layer)
    if (prepared := profiles(opened)) is not None:
        prepared.complete()  # the types of areas take seconds, once; no visitor waits for them
    return opened.place.id


def _served() -> Path:
    named = os.environ.get(VARIABLE, "").strip()
    return Path(named).expanduser() if named else demo.cached()


def _stamp(folder: Path) -> Stamp:
    """Return names, sizes and times of a place's files: cheap to look at on every run."""
    found, folders = [], [str(folder)] if folder.is_dir() else []
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir():
                    folders.append(entry.path)
                facts = entry.stat()
                found.append((entry.path, facts.st_size, facts.st_mtime_ns))
    return tuple(sorted(found))


@st.cache_resource(show_spinner=False)
def _opened() -> set[str]:
    return set()


@st.cache_resource(max_entries=8, show_spinner=False)
def _store(shown: str) -> Store:
    opened = Store(create=False)
    _opened().add(shown)
    return opened


def _identity(folder: str, stamp: Stamp) -> tuple[str, str]:
    """Return id and content hash of a place, read again only when one of its files has changed.

    Every run asks for them; Streamlit's caches would hash names and times of all files each time.
    """
    held = _SEEN.get(folder)
    if held is None or held[0] != stamp:
        found = (settings.read(Path(folder)).place.id, place.content_hash(folder))
        _SEEN[folder] = held = (stamp, found)
    return held[1]


@st.cache_resource(max_entries=8, show_spinner=False)
def _result(place_id: str, content: str, _folder: str) -> run.Result:
    return masking.public(_whole(place_id, content, _folder))


@st.cache_resource(max_entries=8, show_spinner=False)
def _whole(place_id: str, content: str, _folder: str) -> run.Result:
    """Return the result with what may not be shown: for sharing out, and never for a page."""
    return run.run(place.load(_folder))


@st.cache_resource(max_entries=16, show_spinner=False)
def _edited(place_id: str, package: str, text: str, _folder: str) -> run.Result:
    return masking.public(_edited_whole(place_id, package, text, _folder))


@st.cache_resource(max_entries=16, show_spinner=False)
def _edited_whole(place_id: str, package: str, text: str, _folder: str) -> run.Result:
    """Return the result with edited lines and with what may not be shown: never for a page."""
    return lines.with_lines(_whole(place_id, package, _folder), lines_table.of_csv(text))


@st.cache_resource(max_entries=16, show_spinner=False)
def _own_lines(place_id: str, package: str, *, _base: run.Result) -> pd.DataFrame:
    return lines.own(_base.place)


@st.cache_resource(max_entries=64, show_spinner=False)
def _line_faults(
    place_id: str, package: str, text: str, _folder: str, _frame: pd.DataFrame
) -> tuple[lines.Fault, ...]:
    try:
        _edited_whole(place_id, package, text, _folder)
    except CommonGroundError as error:
        return tuple(lines.told(error, _frame))
    return ()


@st.cache_resource(max_entries=16, show_spinner=False)
def _second_method(
    place_id: str, content: str, weight: float, times: float, by: str, *, _base: run.Result
) -> baseline.Second:
    return baseline_tables.second_method(_base, by=by or None)


def whole_of(base: run.Result) -> run.Result:
    """Return a result with what may not be shown of it, whoever edited its lines: never shown."""
    key = (base.place.id, base.place.package_hash)
    folder = str(base.place.folder)
    if base.place.edited is None:
        return _whole(*key, folder)
    return _edited_whole(*key, base.place.edited.text, folder)


@st.cache_resource(max_entries=64, show_spinner=False)
def _scenario(
    place_id: str, content: str, need_weight: float, neediest_per_head: float, *, _base: run.Result
) -> run.Result:
    found = run.rebudget(_base, need_weight=need_weight, neediest_per_head=neediest_per_head)
    return masking.public(found)


@st.cache_resource(max_entries=32, show_spinner=False)
def _allocation(
    place_id: str, content: str, text: str, draws: int, *, _base: run.Result
) -> scenarios.Allocation:
    chosen = scenario.parse(text, where="scenario") if text.strip() else None
    # Shared out from what there is; the allocation itself says what of it may be shown.
    context = _context(place_id, content, _base=_base)
    return scenarios.allocate(whole_of(_base), chosen, draws=draws, context=context)


@st.cache_resource(max_entries=16, show_spinner=False)
def _context(place_id: str, content: str, *, _base: run.Result) -> scenario.Context:
    return scenarios.context_of(whole_of(_base))


@st.cache_resource(max_entries=8, show_spinner=False)
def _profiles(place_id: str, content: str, *, _base: run.Result) -> data_profiles.Prepared | None:
    try:
        return data_profiles.prepare(_base.place, result=_base)
    except NothingToShow:
        return None


@st.cache_resource(max_entries=16, show_spinner=False)
def _offers(place_id: str, content: str, *, _base: run.Result) -> dict[str, mappable.Offer]:
    return mappable.offers(_base)


@st.cache_resource(max_entries=256, show_spinner=False)
def _mapped(
    place_id: str, content: str, level: str, figure: str, on: dt.date, *, _base: run.Result
) -> data_mapped.Mapped:
    return data_mapped.values(_base, level, figure, prepared=profiles(_base), on=on)


@st.cache_resource(max_entries=16, show_spinner=False)
def _shapes(place_id: str, content: str, *, _base: run.Result) -> dict[str, str]:
    folder = run.prepare(_base.place)
    names: dict[str, str] = json.loads((folder / prepare.INDEX).read_text(encoding="utf-8"))
    return names
