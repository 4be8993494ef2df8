"""The widget manager: widgets of others show in Colab only once it was asked to allow them.

anywidget asks by itself, and reads ``_installed_url``.
"""

from IPython import get_ipython

VIEW = "application/vnd.jupyter.widget-view+json"
_installed_url = None


def _mark(message: dict) -> dict:
    """Note in what is displayed that the custom manager shows it."""
    content = message.get("content") or {}
    if VIEW in content.get("data", {}):
        custom = {"custom_widget_manager": {"url": _installed_url}}
        content.setdefault("metadata", {}).setdefault(VIEW, {})["colab"] = custom
    return message


def enable_custom_widget_manager() -> None:
    """Allow widgets of others from here on."""
    global _installed_url
    if _installed_url is None:
        get_ipython().display_pub.register_hook(_mark)
    _installed_url = "imitated"


def disable_custom_widget_manager() -> None:
    """Allow them no longer."""
    global _installed_url
    if _installed_url is not None:
        get_ipython().display_pub.unregister_hook(_mark)
    _installed_url = None
