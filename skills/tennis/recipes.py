"""The controllers that come with the package: what each is taught, and from which it starts."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from skills.tennis.controller import Style

if TYPE_CHECKING:  # what was learned must run without its teacher
    from skills.tennis.stroke import StrokeConfig

FOLDER = Path(__file__).parent / "controllers"
FOLDERS = {"paper": FOLDER, "physical": FOLDER / "physical"}  # of those for each track
LEFT, CENTRE, RIGHT = (-0.45, 0.8), (0.0, 0.8), (0.45, 0.8)  # [m] as the robot sees the far side


@dataclass(frozen=True)
class Recipe:
    """One controller's."""

    style: Style
    balls: str = "rally"  # rally or serve
    category: str = ""  # of balls: one of sim.tennis.states.CATEGORIES; all of them if empty
    target: tuple[float, float] = CENTRE  # [m] where they shall land
    flight: float = 0.58  # [s] until then
    brush: float = 1.0  # [m/s] of the racket upwards along its face: some topspin, for control
    begin: str = ""  # the controller to start from

    @property
    def stroke(self) -> "StrokeConfig":
        """The teacher's."""
        from skills.tennis.stroke import StrokeConfig

        return StrokeConfig(self.target, self.flight, self.brush, self.style)


def _specialists(style: Style) -> dict[str, Recipe]:
    def made(**changes: object) -> Recipe:
        return Recipe(style, begin=style, **changes)  # pyright: ignore[reportArgumentType]

    return {
        style: Recipe(style),
        f"{style}_left": made(target=LEFT),
        f"{style}_right": made(target=RIGHT),
        f"{style}_hard": made(flight=0.46, brush=1.5),
        f"{style}_loop": made(flight=0.52, brush=2.0),
        f"{style}_fast": made(category="fast", brush=2.0),
        f"{style}_topspin": made(category="topspin", brush=2.0),
        f"{style}_underspin": made(category="underspin", brush=2.0),
        f"{style}_serve": made(balls="serve"),
    }


RECIPES = {**_specialists("forehand"), **_specialists("backhand")}
