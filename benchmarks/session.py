"""A visitor without a browser: one websocket that speaks Streamlit's own messages.

In: the address of a server, a page, and values for its widgets. Out: for each of them how long the
server took to answer, how many bytes came, and what the page now shows. What the browser adds
(drawing) is not in here; `benchmarks.pages` measures that.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

from pages.shared import scripts

PATIENCE_S = 120.0
# Kinds of widget a visitor of ours uses, and the field their value travels in.
FIELDS = {
    "selectbox": "string_value",
    "button_group": "string_array_value",
    "slider": "double_array_value",
    "text_input": "string_value",
}


class Unanswered(RuntimeError):
    """A page answered with an error, or without what was asked for."""


@dataclass(frozen=True)
class Answer:
    """What one run of a page took and brought: seconds since the visitor's act, and bytes."""

    map_s: float | None  # until what the map is to draw was here; None where it stayed as it was
    whole_s: float  # until the run ended
    received: int


@dataclass
class Session:
    """One visitor: what she sees, and what she has chosen."""

    server: str
    widgets: dict[str, Any] = field(default_factory=dict)  # key -> message of the widget
    kinds: dict[str, str] = field(default_factory=dict)
    fragments: dict[str, str] = field(default_factory=dict)
    chosen: dict[str, WidgetState] = field(default_factory=dict)
    maps: dict[str, dict[str, Any]] = field(default_factory=dict)  # key -> what it is given to draw
    query: str = ""
    page_hash: str = ""
    _page: str = ""
    _socket: ClientConnection | None = None

    async def __aenter__(self) -> Session:
        host = urlsplit(self.server).netloc
        # Browsers ask for compression too; whether there is any is for the server to say.
        self._socket = await connect(
            f"ws://{host}/_stcore/stream",
            subprotocols=["streamlit"],  # type: ignore[list-item]
            origin=f"http://{host}",  # type: ignore[arg-type]
            max_size=None,
            open_timeout=PATIENCE_S,
            ping_interval=None,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._socket is not None:
            await self._socket.close()

    async def open(self, path: str) -> Answer:
        """Open a page by its address, as a browser does that follows a link."""
        parts = urlsplit(path)
        self._page, self.query, self.page_hash = parts.path.strip("/"), parts.query, ""
        self.chosen.clear()
        self.widgets.clear()
        return await self._run("")

    async def choose(self, key: str, value: str | float) -> Answer:
        """Set one widget, named by its key, and wait for the page's answer."""
        if key not in self.widgets:
            raise Unanswered(f"no {key} on the page; there are {sorted(self.widgets)}")
        self.chosen[key] = self._state(key, [value])
        return await self._run(self.fragments.get(key, ""))

    def value(self, key: str) -> str | float | None:
        """Return what a widget holds that this visitor has set, or None."""
        state = self.chosen.get(key)
        if state is None:
            return None
        held = getattr(state, FIELDS[self.kinds[key]])
        return held if isinstance(held, str) else next(iter(held.data), None)

    def options(self, key: str) -> Sequence[str]:
        """Return what a list or a row of buttons offers, as it is written on the screen."""
        found = self.widgets[key].options
        return [getattr(option, "content", option) for option in found]

    def asked(self, name: str) -> str:
        """Return a choice as it stands in the address of the page, or ""."""
        return parse_qs(self.query).get(name, [""])[0]

    async def _run(self, fragment: str) -> Answer:
        assert self._socket is not None
        sent = BackMsg()
        client = sent.rerun_script
        client.query_string = self.query
        client.page_script_hash = self.page_hash
        client.page_name = "" if self.page_hash else self._page
        client.fragment_id = fragment
        client.widget_states.widgets.extend(self.chosen.values())
        client.context_info.timezone = "Europe/London"
        client.context_info.locale = "en-GB"
        client.context_info.url = f"{self.server}/{self._page}"
        started, size, mapped = time.perf_counter(), 0, None
        await self._socket.send(sent.SerializeToString())
        while True:
            data = await self._socket.recv()
            size += len(data)
            message = ForwardMsg.FromString(data)  # type: ignore[arg-type]
            kind = message.WhichOneof("type")
            if kind == "delta" and self._see(message.delta):
                mapped = time.perf_counter() - started
            elif kind == "page_info_changed":
                self.query = message.page_info_changed.query_string
            elif kind == "navigation":
                self.page_hash = message.navigation.page_script_hash
            elif kind == "script_finished" and self._is_last(message):
                break
        return Answer(map_s=mapped, whole_s=time.perf_counter() - started, received=size)

    def _is_last(self, message: ForwardMsg) -> bool:
        if message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
            raise Unanswered("the page could not be run")
        return message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN

    def _see(self, delta: Any) -> bool:
        """Take in one element of the page; return whether a map is to be drawn from it."""
        if delta.WhichOneof("type") != "new_element":
            return False
        kind = delta.new_element.WhichOneof("type")
        if kind == "exception":
            raise Unanswered(delta.new_element.exception.message)
        if kind == "bidi_component":
            return self._see_component(delta.new_element.bidi_component)
        if kind in FIELDS:
            self._see_widget(kind, getattr(delta.new_element, kind), delta.fragment_id)
        return False

    def _see_widget(self, kind: str, widget: Any, fragment: str) -> None:
        # A widget's id is a hash and then the key that its page gave it.
        key = widget.id.split("-", 2)[-1]
        self.widgets[key], self.kinds[key], self.fragments[key] = widget, kind, fragment
        if key in self.chosen and getattr(widget, "set_value", False):
            self.chosen[key] = self._state(key, self._given(widget))  # as the page would have it

    def _state(self, key: str, values: Sequence[Any]) -> WidgetState:
        name = FIELDS[self.kinds[key]]
        state = WidgetState(id=self.widgets[key].id)
        if name.endswith("_array_value"):
            getattr(state, name).data.extend(values)
        elif values:
            setattr(state, name, values[0])
        return state

    @staticmethod
    def _given(widget: Any) -> list[Any]:
        """Return the value that a page has put into a widget."""
        for name in ("raw_values", "raw_value", "value"):
            found = getattr(widget, name, None)
            if found:  # a slider has a list of words too, empty where it is one of numbers
                return [found] if isinstance(found, str) else list(found)
        return []

    def _see_component(self, component: Any) -> bool:
        if not component.json:
            return False
        given = scripts.opened(json.loads(component.json))
        if "/live_map.js" not in given.get("module", ""):
            return False
        self.maps[component.id.split("-", 2)[-1]] = given
        return True
