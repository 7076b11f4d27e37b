"""The look of the pages, as every answer tells it, composed once instead of with every answer.

In: Streamlit's own way to write the theme of config.toml into a message. Out: the same message.
Each answer to a visitor begins with the whole theme, and Streamlit reads its hundred options anew
for it: a twelfth of what a change on the Map takes. When config.toml is edited they are read again.
"""

from __future__ import annotations

from functools import wraps
from typing import Final

from streamlit import config
from streamlit.proto.NewSession_pb2 import CustomThemeConfig
from streamlit.runtime import app_session

_NAME: Final = "_populate_theme_msg"


def compose_once() -> None:
    """Let this process read each section of the theme once; a second call changes nothing.

    Raises
    ------
    AttributeError
        This version of Streamlit tells its theme otherwise, and perhaps faster.
    """
    compose = getattr(app_session, _NAME)
    if hasattr(compose, "__wrapped__"):
        return
    composed: dict[str, CustomThemeConfig] = {}

    @wraps(compose)
    def as_composed(message: CustomThemeConfig, section: str = "theme") -> None:
        if section not in composed:
            fresh = CustomThemeConfig()
            compose(fresh, section)
            composed[section] = fresh
        # To merge nothing would still say that the section is there.
        if composed[section].ByteSize():
            message.MergeFrom(composed[section])

    config.on_config_parsed(composed.clear, force_connect=True)
    setattr(app_session, _NAME, as_composed)
