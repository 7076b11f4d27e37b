"""What a visitor does is carried out whole, however fast she does the next thing.

In: Streamlit's own way to end a run. Out: the same, but never in the middle of a callback. When a
browser asks for something while a page still runs, Streamlit ends that run at the next call of its
own, and reading `st.session_state` is one. The callbacks that carry out what was done run at the
beginning of the same run: ended in one of them, a title that was typed is gone, for Streamlit has
noted the field's new value and never calls for it again. There is no setting for it and no public
way to say "not now", hence one method of Streamlit's is wrapped here, and nothing else.
"""

from __future__ import annotations

from functools import wraps
from typing import Any, Final

from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.scriptrunner_utils.script_run_context import RunLocation, ThreadState

_NAME: Final = "_maybe_handle_execution_control_request"


def keep_whole() -> None:
    """Let every callback of this process end before its run does; a second call changes nothing.

    The request that would have ended it is honoured as soon as the callbacks are done: Streamlit
    asks once more then, before it draws anything.

    Raises
    ------
    AttributeError
        This version of Streamlit ends its runs otherwise; `docs/decisions` says what to look at.
    """
    ends = getattr(ScriptRunner, _NAME)
    if hasattr(ends, "__wrapped__"):
        return

    @wraps(ends)
    def unless_in_a_callback(runner: Any) -> None:
        if not _in_a_callback():
            ends(runner)

    setattr(ScriptRunner, _NAME, unless_in_a_callback)


def _in_a_callback() -> bool:
    try:
        return ThreadState.get().run_location is RunLocation.CALLBACK
    except RuntimeError:  # a thread that runs no page
        return False
