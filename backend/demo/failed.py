"""How a journey says that it went wrong."""


class Failed(Exception):
    """A step did not come out as it must."""
