"""Inference: chunks of actions from states and goals, by ONNX Runtime on one thread."""

from dataclasses import dataclass
from math import hypot
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.beso.checkpoint import Checkpoint
from skills.beso.encoding import SCALE, Encoding
from skills.beso.episodes import Floats
from skills.beso.samplers import SAMPLERS, SCHEDULES, Array, Denoise, guided

Numbers = NDArray[np.floating]


@dataclass(frozen=True)
class SamplingConfig:
    """How actions are drawn."""

    steps: int = 3  # denoising steps
    sampler: str = "ddim"  # a name in samplers.SAMPLERS
    schedule: str = "exponential"  # a name in samplers.SCHEDULES
    guidance: float = 1.0  # lambda: 0 forgets the goal, 1 follows it, more insists
    warm: float = 0.0  # noise level to restart the last chunk from; 0: always from pure noise

    def __post_init__(self) -> None:
        for name, value, valid in (
            ("sampler", self.sampler, SAMPLERS),
            ("schedule", self.schedule, SCHEDULES),
        ):
            if value not in valid:
                raise ValueError(f"unknown {name} {value!r}; valid are {', '.join(valid)}")
        if self.steps < 1:
            raise ValueError(f"at least one denoising step is needed, not {self.steps}")
        if not (np.isfinite(self.guidance) and 0 <= self.warm < np.inf):
            raise ValueError("guidance must be finite, and warm a noise level from 0 up")


class Policy:
    """A trained policy at work. One thread, no torch; the same draw for the same generator."""

    def __init__(self, checkpoint: Checkpoint, config: SamplingConfig | None = None) -> None:
        self.config = config or SamplingConfig()
        self.network, self.noise = checkpoint.network, checkpoint.noise
        self.encoding: Encoding = checkpoint.encoding
        self.fps = checkpoint.fps
        self.session = _session(checkpoint)
        self.inputs = {node.name for node in self.session.get_inputs()}
        schedule = SCHEDULES[self.config.schedule]
        sigma_min, sigma_max = self.noise.sigma_min, self.noise.sigma_max
        self._cold = schedule(self.config.steps, sigma_min, sigma_max)
        # Noise of sigma_max around clean actions that deviate by SCALE.
        self._start = np.float32(hypot(sigma_max, SCALE))
        warm = min(max(self.config.warm, sigma_min), sigma_max)
        self._warm = schedule(self.config.steps, sigma_min, warm)

    @property
    def wants_goal(self) -> bool:
        """Does what it does depend on a goal?"""
        return bool(self.network.goal) and self.config.guidance != 0

    def sample(
        self,
        history: Numbers,
        goals: Numbers | None,
        rng: np.random.Generator,
        last: Numbers | None = None,
    ) -> Numbers:
        """Actions (B, horizon, action), in the data's units, from now on.

        history (B, history, observation), oldest first; goals (B or 1, goals, observation) or None;
        last (B, horizon, action): the chunk that is under way, shifted to begin now, from which
        `warm` starts.
        """
        encoding = self.encoding
        anchors = encoding.anchors(history[:, -1])
        states = encoding.states(history)
        shape = (len(history), self.network.horizon, self.network.action)
        sigmas = self._cold
        x = rng.standard_normal(shape, np.float32)
        if last is not None and self.config.warm:
            sigmas = self._warm
            x = encoding.encoded(last, anchors) + x * np.float32(sigmas[0])
        else:
            x *= self._start
        denoise = self._denoise(states, self._goals(goals, len(history)))

        def noise(like: Array) -> Array:
            return rng.standard_normal(like.shape, np.float32)

        clean = SAMPLERS[self.config.sampler](denoise, x, sigmas, noise)
        return encoding.actions(clean, anchors)

    def _goals(self, goals: Numbers | None, batch: int) -> Floats | None:
        """(B, goals, G), or None where the policy does without."""
        if not self.wants_goal:
            return None
        if goals is None:
            raise ValueError("this policy needs a goal; guidance 0 makes it do without")
        encoded = self.encoding.goals(goals)
        return np.ascontiguousarray(np.broadcast_to(encoded, (batch, *encoded.shape[1:])))

    def _denoise(self, states: Floats, goals: Floats | None) -> Denoise:
        """D(x, sigma), with the goal as strongly as guidance says."""
        network, guidance, batch = self.network, self.config.guidance, len(states)
        known = np.full(batch, goals is not None, np.float32)
        if goals is None:
            goals = np.zeros((batch, network.goals, network.goal), np.float32)
        both = bool(known[0]) and guidance != 1
        if both:  # with the goal and without, in one call
            states, goals = np.concatenate([states, states]), np.concatenate([goals, goals])
            known = np.concatenate([known, 0 * known])
        condition = {"states": states, "goals": goals, "known": known}
        condition = {name: condition[name] for name in condition if name in self.inputs}

        def denoise(x: Array, sigma: float) -> Array:
            x = np.concatenate([x, x]) if both else x
            feed = {"x": x, "sigma": np.full(len(x), sigma, np.float32), **condition}
            clean = self.session.run(None, feed)[0]
            return guided(clean[:batch], clean[batch:], guidance) if both else clean

        return denoise


def _session(checkpoint: Checkpoint) -> Any:
    """The ONNX Runtime session of a checkpoint's graph and weights, on one thread."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    values = [ort.OrtValue.ortvalue_from_numpy(value) for value in checkpoint.weights.values()]
    options.add_external_initializers(list(checkpoint.weights), values)
    return ort.InferenceSession(checkpoint.graph, options, ["CPUExecutionProvider"])
