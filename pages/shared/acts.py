"""What a visitor does is carried out whole, however fast she does the next thing.

In: Streamlit's own way to end a run. Out: the same, but never before what was done is carried out.
When a browser asks for something while a page still runs, Streamlit ends that run at the next call
of its own, and reading `st.session_state` is one. The callbacks that carry out what was done run at
the beginning of the same run. Ended in one of them, a title that was typed is gone, for Streamlit
has noted the field's new value and never calls for it again. Ended before them, as on a busy
server, a button that was pressed is gone, for a browser tells of a press once. There is no setting
for it and no public way to say "not now", hence two methods of Streamlit's are wrapped here: the
one that runs the callbacks, to know when it does, and the one that ends runs.
"""

from __future__ import annotations

import threading
from functools import wraps
from typing import Any, Final

from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.state.safe_session_state import SafeSessionState

_ENDS: Final = "_maybe_handle_execution_control_request"
_CARRIES_OUT: Final = "on_script_will_rerun"
_THIS = threading.local()  # of a run's thread: `busy` while callbacks are carried out


def keep_whole() -> None:
    """Let what was done be carried out before a run ends; a second call changes nothing.

    The request that would have ended it is honoured as soon as the callbacks are done: Streamlit
    asks once more then, before it draws anything.

    Raises
    ------
    AttributeError
        This version of Streamlit ends its runs otherwise; `docs/decisions` says what to look at.
    """
    ends, carries_out = getattr(ScriptRunner, _ENDS), getattr(SafeSessionState, _CARRIES_OUT)
    if hasattr(ends, "__wrapped__"):
        return

    @wraps(carries_out)
    def whole(state: Any, *args: Any, **named: Any) -> None:
        _THIS.busy = True
        try:
            carries_out(state, *args, **named)
        finally:
            _THIS.busy = False

    @wraps(ends)
    def unless_busy(runner: Any) -> None:
        if not getattr(_THIS, "busy", False):
            ends(runner)

    setattr(SafeSessionState, _CARRIES_OUT, whole)
    setattr(ScriptRunner, _ENDS, unless_busy)
