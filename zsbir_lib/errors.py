"""The one exception a caller of this library has to know."""


class ZsbirError(ValueError):
    """Bad input: the message says what is wrong, where, and what to do about it.

    The command line prints the message alone, without a traceback, and exits with status 2.
    """
