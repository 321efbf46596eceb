"""Errors that end a command with one line."""


class Failure(Exception):
    """The command was right, but could not be carried out: exit code 1."""


class WrongUse(ValueError):
    """The command was wrong: exit code 2."""
