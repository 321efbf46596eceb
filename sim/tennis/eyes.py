"""The court's two cameras: pictures of the world as it is, drawn by MuJoCo, and fixes of the ball.

The world stands still while a picture is drawn. Only those parts are drawn that are read, and they
are, pixel for pixel, those of the whole picture.
"""

# pyright: reportAttributeAccessIssue=false
# (MuJoCo comes without types.)

from collections import deque
from collections.abc import Callable

import mujoco

from robot.ball_sight import EYES, PERIOD, Pixels, Sight, Window
from robot.camera import Pinhole
from robot.types import Fix, Vector
from sim.tennis.engine import One
from sim.tennis.model import DT

STEPS = round(PERIOD / DT)  # of physics between two pictures
PLAIN = ("SHADOW", "REFLECTION", "SKYBOX", "FOG", "HAZE")  # what is not drawn


class Eyes:
    """Watches the ball of one world."""

    def __init__(self, engine: One) -> None:
        self._engine = engine
        self._sight = Sight(tuple(EYES.values()))
        self._fixes: deque[Fix] = deque()  # on their way
        self._painter = Painter(engine)
        # For judges: is told of every moment's fix, or of None, and where the ball was (3,) [m].
        self.witness: Callable[[Fix | None, Vector], None] = lambda fix, truth: None

    def open(self) -> None:
        """Draw for the first time, which takes longer; whatever goes wrong goes wrong now."""
        self._painter.prepare(ball=True)
        name, eye = next(iter(EYES.items()))
        Live(self._painter, name).read(Window(0, 0, eye.width, eye.height), 4)

    def expose(self, step: int, ball: bool) -> None:
        """Take the pictures that are due after `step` steps of physics; is there a `ball`?"""
        if step % STEPS:
            return
        self._painter.prepare(ball)
        pictures = [Live(self._painter, name) for name in EYES]
        fix = self._sight.look(step * DT, pictures)
        if fix is not None:
            self._fixes.append(fix)
        if ball:
            self.witness(fix, self._engine.ball_position[0].copy())

    def seen(self, time: float) -> Fix | None:
        """The newest fix up to `time` [s]; None if there is no new one."""
        newest = None
        while self._fixes and self._fixes[0].time <= time + 1e-9:
            newest = self._fixes.popleft()
        return newest

    def close(self) -> None:
        self._painter.close()


class Live:
    """A picture of the world as it is now; a `robot.ball_sight.Picture`."""

    def __init__(self, painter: "Painter", name: str) -> None:
        self._painter, self._name = painter, name

    def read(self, window: Window, every: int = 1) -> Pixels:
        return self._painter.draw(self._name, window, every)


class Painter:
    """Draws parts of what the eyes see."""

    def __init__(self, engine: One) -> None:
        self._model, self._data = engine.model, engine.data
        self._renderers: dict[tuple[int, int], mujoco.Renderer] = {}

    def prepare(self, ball: bool) -> None:
        """Draw the world as it is now, with the `ball` or without."""
        self._ball = ball
        mujoco.mj_kinematics(self._model, self._data)

    def draw(self, name: str, window: Window, every: int) -> Pixels:
        """(window.height / every, window.width / every, 3) RGB."""
        renderer, colour = self._renderer(window, every), self._model.geom("ball").rgba
        shown = colour[3]
        colour[3] = shown if self._ball else 0.0
        renderer.update_scene(self._data, name)
        colour[3] = shown
        for view in renderer.scene.camera:
            _narrow(view, EYES[name], window)
        return renderer.render()

    def _renderer(self, window: Window, every: int) -> mujoco.Renderer:
        size = window.height // every, window.width // every
        if size not in self._renderers:
            samples, self._model.vis.quality.offsamples = self._model.vis.quality.offsamples, 0
            renderer = mujoco.Renderer(self._model, *size)
            self._model.vis.quality.offsamples = samples
            for name in PLAIN:
                renderer.scene.flags[int(getattr(mujoco.mjtRndFlag, f"mjRND_{name}"))] = 0
            self._renderers[size] = renderer
        return self._renderers[size]

    def close(self) -> None:
        for renderer in self._renderers.values():
            renderer.close()
        self._renderers.clear()


def _narrow(view: "mujoco.MjvGLCamera", camera: Pinhole, window: Window) -> None:
    """Have `view`, which looks as `camera` does, see no more than `window`."""
    scale = view.frustum_near / camera.focal  # [m] on the near plane, of a pixel
    view.frustum_center = (window.left + window.width / 2 - camera.width / 2) * scale
    view.frustum_width = window.width / 2 * scale  # half of it
    view.frustum_top = (camera.height / 2 - window.top) * scale
    view.frustum_bottom = view.frustum_top - window.height * scale
