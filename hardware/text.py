"""What people and other programs say, as one line that can be logged."""

from hardware import topics


def clean(text: str) -> str:
    """One printable line of bounded length."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[: topics.LONGEST]
