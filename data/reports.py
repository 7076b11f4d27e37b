"""What is to be said of layers in files: how they fit, what is wrong with them, what was mended.

In: files of layers, or a place. Out: sentences, and tables to be written.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from boundaries import coterminosity
from data import place as places
from data import tables
from data.crosswalks import base_to
from data.exchange import Weighing, crosswalk, write_table
from data.sources import LayerFile
from geo import layers as geo_layers
from geo import repair
from geo.errors import Faults


@dataclass(frozen=True)
class FitReport:
    """How layers fit: sentences, and tables by the ending of the file each is written to."""

    sentences: tuple[str, ...]
    tables: dict[str, pd.DataFrame]

    def write(self, out: Path) -> list[Path]:
        """Write the first table to `out` and the others beside it."""
        return [
            write_table(table, out.with_name(f"{out.stem}{end}{out.suffix}"), index=False)
            for end, table in self.tables.items()
        ]


def fit_layers(
    source: LayerFile, target: LayerFile, weighed: Weighing, *, sliver: float
) -> FitReport:
    """Measure how two layers in files fit, both ways, and who lives where a border cuts."""
    walk = crosswalk(source, target, weighed)
    found = coterminosity.fit(walk, sliver=sliver)
    cut = coterminosity.crossing(walk, sliver=sliver).rename(columns={"people": walk.unit})
    areas = cut["base_code"].nunique()
    cuts = (
        f"{areas:,} of {len(walk.sources):,} areas of {walk.sources.name} are cut by a border of "
        f"{walk.targets.name} (pieces above {sliver:.1%})."
    )
    sentences = (
        found.forward.sentence(),
        found.backward.sentence(),
        cuts,
    )
    return FitReport(sentences, {"": found.to_frame(), "-crossing": cut})


def fit_place(folder: Path, *, sliver: float) -> FitReport:
    """Measure how every two levels of a place fit, by the people of its base areas."""
    place = places.load(folder)
    levels = [layer for layer in place.settings.levels if layer != place.base_layer]
    walks = {layer: base_to(place, layer) for layer in levels}
    table = coterminosity.place_fit(walks, place.people, sliver=sliver)
    if table.empty:
        return FitReport((f"{place.name} has no two levels to compare.",), {"": table})
    titles = {layer.id: layer.title for layer in place.settings.layers}
    named = table.assign(
        source=table["source"].map(titles),
        target=table["target"].map(titles),
        pair=[" and ".join(titles[part] for part in pair.split(" and ")) for pair in table["pair"]],
    )
    said = coterminosity.pair_sentences(named)
    return FitReport(tuple(said), {"": table})


def check(layer: LayerFile, *, expected: Path | None = None) -> repair.Diagnosis:
    """Look for everything that commonly is wrong with a layer; nothing is changed."""
    return repair.diagnose(layer.read_raw(), expected=_expected(expected))


def mend(
    layer: LayerFile,
    out: Path,
    *,
    fill_gaps: bool,
    cut_overlaps: bool,
    tolerance_m2: float | None,
) -> repair.Repaired:
    """Mend a layer, write it and say what was changed; see `geo.repair.repair`."""
    allowed = repair.TOLERANCE_M2 if tolerance_m2 is None else tolerance_m2
    done = repair.repair(
        layer.read_raw(), fill_gaps=fill_gaps, cut_overlaps=cut_overlaps, tolerance_m2=allowed
    )
    geo_layers.write(done.frame, out)
    return done


def _expected(path: Path | None) -> list[str] | None:
    if path is None:
        return None
    faults = Faults(str(path))
    frame = tables.read(path, where=str(path), faults=faults)
    faults.raise_any()
    assert frame is not None  # a missing frame has left a fault
    return frame.iloc[:, 0].tolist()
