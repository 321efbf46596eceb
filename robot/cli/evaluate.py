"""`courtside eval`: how good something is, over many episodes, with intervals."""

from dataclasses import dataclass
from typing import Annotated

from tyro.conf import subcommand

from robot.cli.eval_beso import EvalBeso
from robot.cli.eval_cap import EvalCap
from robot.cli.eval_coach import EvalCoach
from robot.cli.eval_match import EvalMatch
from robot.cli.eval_tennis import EvalTennis


@dataclass(frozen=True)
class Eval:
    """Measure how good something is, over many episodes."""

    what: (
        Annotated[EvalBeso, subcommand("beso")]
        | Annotated[EvalTennis, subcommand("tennis")]
        | Annotated[EvalMatch, subcommand("match")]
        | Annotated[EvalCap, subcommand("cap")]
        | Annotated[EvalCoach, subcommand("coach")]
    )

    @property
    def verbose(self) -> bool:
        return self.what.verbose

    def main(self) -> int:
        return self.what.main()
