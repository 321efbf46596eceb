"""The policies that come with the package, and how they are run."""

from dataclasses import dataclass
from pathlib import Path

from robot.mentions import colorless
from robot.sentences import embed
from skills.beso.checkpoint import Checkpoint
from skills.beso.policy import Policy, SamplingConfig
from skills.beso.skill import Beso, ChunkConfig
from skills.beso.tasks import BLOCKPUSH, PUSHT, Task, told
from skills.beso.told import AsTold
from skills.body import Body

CHECKPOINTS = Path(__file__).parent / "checkpoints"


@dataclass(frozen=True)
class Shipped:
    """A task, the file of the policy for it, and the settings that it is run with."""

    task: Task
    file: str  # in CHECKPOINTS
    sampling: SamplingConfig = SamplingConfig()
    chunks: ChunkConfig = ChunkConfig()

    @property
    def path(self) -> Path:
        return CHECKPOINTS / self.file


# How they are run was chosen on seeds that no reported figure uses. Fresh noise on the way down
# (euler-ancestral) keeps a policy from being stuck. PushT profits from a chunk that carries on the
# one before (warm); pushing a block with a point is unstable and wants each new look (execute 1).
CARRY_ON = SamplingConfig(sampler="euler-ancestral", warm=0.5)
SHIPPED = {
    "pusht": Shipped(PUSHT, "pusht.safetensors", CARRY_ON),
    "pusht-goal": Shipped(PUSHT, "pusht-goal.safetensors", CARRY_ON),
    "blockpush": Shipped(
        BLOCKPUSH,
        "blockpush.safetensors",
        SamplingConfig(sampler="euler-ancestral"),
        ChunkConfig(execute=1),
    ),
}


def make(
    body: Body,
    name: str,
    checkpoint: Path | None = None,
    sampling: SamplingConfig | None = None,
    chunks: ChunkConfig | None = None,
) -> Beso:
    """The skill of the shipped policy `name`, or of another checkpoint for the same task."""
    shipped = SHIPPED[name]
    loaded = Checkpoint.load(checkpoint or shipped.path, body.spec.name)
    task = shipped.task
    if loaded.encoding.layout.sentence:
        embed(["now"])  # it reads its files here, not in the loop
        task = told(task)
    policy = Policy(loaded, sampling or shipped.sampling)
    return Beso(body, task, policy, chunks or shipped.chunks)


def push_t(body: Body) -> Beso:
    """Push the T to a goal: argument `pose`, a name or [x, y, angle] in metres and radians."""
    return make(body, "pusht-goal")


def push_blocks(body: Body) -> Beso:
    """Push the blocks into the targets: argument `frame`, as in the data, says which where."""
    return make(body, "blockpush")


TABLE = CHECKPOINTS / "table.safetensors"
# Little is drawn at random where words and things say all, so that half a chunk fits the next.
TOLD, HALVES = SamplingConfig(), ChunkConfig(execute=8, patience=20.0)


def as_told(
    body: Body,
    checkpoint: Path = TABLE,
    sampling: SamplingConfig = TOLD,
    chunks: ChunkConfig = HALVES,
) -> AsTold:
    """Do what is said at the table: argument `text`; see `skills.beso.told.AsTold`."""
    colorless("now")  # it reads its files here, not in the loop
    return AsTold(body, Policy(Checkpoint.load(checkpoint, body.spec.name), sampling), chunks)
