"""How MuJoCo looks through a calibrated camera."""

# pyright: reportAttributeAccessIssue=false
# (MuJoCo comes without types.)

import mujoco

from robot.camera import Pinhole


def look(renderer: mujoco.Renderer, camera: Pinhole) -> None:
    """Have `renderer`, its scene up to date, draw next what `camera` sees."""
    _, down, ahead = camera.rotation
    for view in renderer.scene.camera:
        scale = view.frustum_near / camera.focal  # [m] on the near plane, of a pixel
        view.pos, view.forward, view.up = camera.eye, ahead, -down
        view.frustum_center = 0.0
        view.frustum_width = camera.width / 2 * scale  # half of it
        view.frustum_top = camera.height / 2 * scale
        view.frustum_bottom = -view.frustum_top
