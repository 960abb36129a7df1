"""Ways to break the mechanism on purpose."""


def apply() -> None: ...
