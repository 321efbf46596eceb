"""What a policy is, apart from its weights. Without torch."""

from dataclasses import dataclass
from math import inf


@dataclass(frozen=True)
class NetworkConfig:
    """Sizes. Tokens: sigma, `goals` goals, `history` states, `horizon` / `patch` action tokens.

    With `rows`, a state holds a list of things, each of which is a token (see skills.beso.things).
    """

    state: int  # features of one state
    action: int  # numbers in one action
    goal: int  # features of one goal: a state's, an image's, a sentence's; 0: there are no goals
    history: int = 2  # states seen
    goals: int = 1  # goal tokens
    horizon: int = 16  # actions in a chunk
    patch: int = 2  # consecutive actions in one token
    layers: int = 4
    width: int = 128
    heads: int = 4
    dropout: float = 0.0
    rows: tuple[int, int, int] | None = None  # where rows begin, how many, numbers in each

    def __post_init__(self) -> None:
        if self.horizon % self.patch or self.width % self.heads:
            raise ValueError("patch must divide horizon, and heads must divide width")

    @property
    def context(self) -> int:
        """Tokens before the actions."""
        things = self.rows[1] if self.rows else 0
        return 1 + (self.goals if self.goal else 0) + self.history + things


@dataclass(frozen=True)
class NoiseConfig:
    """Noise levels, in the units of normalised actions (deviation 0.5).

    In training they are log-logistic. The actions of a long chunk are much alike, so that they show
    through noise that would hide one of them: then what they are is read off them, and not off what
    is seen and said, unless there is more noise.
    """

    sigma_min: float = 0.02
    sigma_max: float = 1.0
    median: float = 0.5  # of training, before the ends are cut off; BESO's
    spread: float = 0.5  # scale of its logarithm; BESO's

    def __post_init__(self) -> None:
        if not 0 < self.sigma_min < self.sigma_max < inf:
            raise ValueError("need 0 < sigma_min < sigma_max")
        if not (0 < self.median < inf and 0 < self.spread < inf):
            raise ValueError("median and spread must be above 0")


@dataclass(frozen=True)
class Layout:
    """Which numbers of an observation mean what, and which robot they are of."""

    robot: str  # name of its RobotSpec
    angles: tuple[int, ...] = ()  # [rad], shown to the network as sine and cosine
    folds: int = 1  # of a turn, after which things look the same: 4 for squares
    near: tuple[tuple[int, int], ...] = ()  # pairs whose difference matters most when small
    reach: float = 1.0  # up to about so much difference; in the pairs' unit
    goal: tuple[int, ...] = ()  # those that a goal gives; none: a policy without such goals
    sentence: int = 0  # numbers in a sentence's embedding, where goals are sentences
    anchor: tuple[int, ...] = ()  # actions are places relative to these; none: they are as given
    # Things in rows that mean the same: where they begin, how many, numbers in each.
    rows: tuple[int, int, int] | None = None
