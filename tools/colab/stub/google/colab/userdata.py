"""Secrets of the reader: there are none."""


class SecretNotFoundError(Exception):
    """No secret has this name."""


def get(key: str) -> str:
    """Find no secret."""
    raise SecretNotFoundError(f"Secret {key} does not exist.")
