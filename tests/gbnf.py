"""Grammars, as Python can check them."""

import re


def regex_of(grammar: str) -> re.Pattern[str]:
    """A grammar without recursion as a regular expression."""
    rules = dict(line.split(" ::= ", 1) for line in grammar.splitlines())
    token = re.compile(r'"((?:[^"\\]|\\.)*)"|(\[[^\]]+\]\{\d+,\d+\})|(\w+)|(\{\d+,\d+\})|([|()?])')

    def build(rule: str) -> str:
        built = ""
        for literal, characters, name, times, bar in token.findall(rules[rule]):
            if name:
                built += f"(?:{build(name)})"
            elif characters or times or bar:
                built += characters or times or bar
            else:
                text = literal.replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\")
                built += re.escape(text)
        return built

    return re.compile(build("root"))
