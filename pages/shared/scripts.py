"""Our scripts in the browser: their addresses, and the shim that starts them in a component.

In: the name of a script in `js/`. Out: an address that changes with its content, so that browsers
keep it for ever, and components of Streamlit made of it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

JS = Path(__file__).parent / "js"
LOOK, AREA_LOOK = "look.css", "area.css"
LEAFLET_VERSION = "1.9.3"  # xstatic-leaflet, pinned in pyproject.toml; part of the address
LEAFLET = f"/local/leaflet/leaflet.js?v={LEAFLET_VERSION}"
LEAFLET_STYLE = f"/local/leaflet/leaflet.css?v={LEAFLET_VERSION}"

# The inline script travels with every run, so it only imports the real module, which the browser
# keeps. It runs from a blob, where a relative address means nothing: hence document.baseURI. The
# browser gives equal scripts one module, so nothing of one component may be kept in it by name.
_SHIM = """
const latest = new WeakMap();
async function opened({ packed, ...data }) {
  if (!packed) return data;
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return { ...await new Response(stream).json(), ...data };
}
export default function (args) {
  const el = args.parentElement;
  latest.set(el, args);
  const wanted = import(new URL(args.data.module, document.baseURI).href);
  Promise.all([wanted, opened(args.data)]).then(([module, data]) => {
    if (latest.get(el) === args) el.leave = module.default({ ...args, data });
  });
  return () => { latest.delete(el); el.leave?.(); el.leave = null; };
}
"""


MANY = 100  # rows above which texts are sent without what they all begin and end with
LONG = 4000  # letters above which data are sent packed


def packed(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return data of a component as they travel: above some length compressed, as `packed`.

    What is kept of them needs to be written and compressed once only, and a browser opens it in a
    millisecond. Other data given beside it win over what is in it.
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    if len(text) <= LONG:
        return data
    # As short as zlib's usual way for figures, in little more than half of its time.
    press = zlib.compressobj(4, strategy=zlib.Z_FILTERED)
    pressed = press.compress(text.encode()) + press.flush()
    return {"packed": base64.b64encode(pressed).decode("ascii")}


def opened(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return data of a component as its script sees them, whether or not they were packed."""
    if "packed" not in data:
        return dict(data)
    inside = json.loads(zlib.decompress(base64.b64decode(data["packed"])))
    return inside | {name: value for name, value in data.items() if name != "packed"}


def shortened(texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return texts without their common beginning and end, and these two.

    Empty texts stay empty. Short lists, and those that would not be told apart from empty ones, are
    left as they are.
    """
    written = [text for text in texts if text]
    if len(written) <= MANY:
        return list(texts), ["", ""]
    start = _beginning(written)
    end = _beginning([text[len(start) :][::-1] for text in written])[::-1]
    if any(len(text) == len(start) + len(end) for text in written):
        return list(texts), ["", ""]
    cut = [text[len(start) : len(text) - len(end)] if text else "" for text in texts]
    return cut, [start, end]


def _beginning(texts: Sequence[str]) -> str:
    """Return what all texts begin with: what the first and the last of them in order share."""
    low, high = min(texts), max(texts)
    same = (at for at, (one, other) in enumerate(zip(low, high, strict=False)) if one != other)
    return low[: next(same, min(len(low), len(high)))]


@cache
def address(name: str) -> str:
    """Return the address of one of our scripts; its hash lets the browser keep it for ever."""
    digest = hashlib.sha256((JS / name).read_bytes()).hexdigest()[:12]
    return f"/local/js/{name}?v={digest}"


def sheet(name: str) -> None:
    """Put a style sheet of ours on the page: its address, which a run can name in few bytes."""
    st.html(f'<style>@import url("{address(name)}");</style>')


def component(name: str, *sheets: str) -> Any:
    """Return the component `name`: its markup, its style sheet and `sheets`, and its script.

    The data it is mounted with must hold `module`, the address of its script.
    """
    links = "".join(
        f'<link rel="stylesheet" href="{sheet}">' for sheet in (*sheets, address(f"{name}.css"))
    )
    markup = (JS / f"{name}.html").read_text(encoding="utf-8")
    return st.components.v2.component(name, html=links + markup, js=_SHIM, isolate_styles=True)


def preload(*, mapped: bool, told: bool) -> str:
    """Return the `Link` header that lets a browser fetch what a page needs together with it.

    Without it the browser learns of our style sheets, one more where a page tells of an area, and
    of the scripts of a page with a map, only once the page runs, half a second later.
    """
    modules: tuple[str, ...] = ()
    sheets = [address(LOOK), *([address(AREA_LOOK)] if told else [])]
    if mapped:
        scripts = ("live_map.js", "live_map_areas.js", "live_map_legend.js", "live_table.js")
        modules = (*map(address, scripts), LEAFLET)
        sheets += [address("live_map.css"), address("live_table.css"), LEAFLET_STYLE]
    links = [f"<{module}>; rel=modulepreload" for module in modules]
    links += [f"<{sheet}>; rel=preload; as=style" for sheet in sheets]
    return ", ".join(links)
