"""Open-vocabulary detectors: what becomes of their boxes, their answers, and their failures."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest

from robot.specs import UR5E
from robot.vision.cameras import OVERHEAD
from robot.vision.fit import outline
from robot.vision.open import (
    Detection,
    DetectorError,
    OpenSight,
    ServedDetector,
    open_detector,
    parse,
    placed,
)
from robot.vision.things import STANDING
from robot.worker import after

BLANK = np.zeros((OVERHEAD.height, OVERHEAD.width, 3), np.uint8)


def box(name, x, y):
    """The box of a block or a bowl that stands at [x, y] [m]."""
    kind = name.split()[-1]
    hull = outline(kind, np.array([x, y, STANDING[kind]]), 0.3, OVERHEAD)
    return Detection(name, (*hull.min(axis=0), *hull.max(axis=0)))


class Told:
    """A detector that says what it is told to."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def detect(self, pixels, names):
        self.asked.append(names)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def look(sight, time):
    return sight.look(time, UR5E.home, {"overhead": BLANK})


@pytest.mark.parametrize("name", ["red block", "blue bowl"])
@pytest.mark.parametrize("xy", [(-0.2, -0.7), (0.25, -0.3), (0.0, -0.5)])
def test_a_box_becomes_a_place(name, xy):
    place, size = placed(box(name, *xy), OVERHEAD)
    assert place[:2] == pytest.approx(xy, abs=0.003)
    assert size.shape == (3,)


@pytest.mark.parametrize("width", [0.03, 0.08])
@pytest.mark.parametrize("height", [0.02, 0.1])
def test_of_anything_else_the_size_is_seen_as_well(width, height):
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)]) - [0.5, 0.5, 0]
    pixels = OVERHEAD.project(corners * [width, width, height] + [0.1, -0.5, 0])
    found = Detection("mug", (*pixels.min(axis=0), *pixels.max(axis=0)))
    place, size = placed(found, OVERHEAD)
    assert place == pytest.approx([0.1, -0.5, height / 2], abs=0.015)
    assert size == pytest.approx([width, width, height], abs=0.015)


def test_the_first_look_waits_and_others_come_when_they_are_due():
    first = [box("red block", 0.1, -0.5), box("red block", -0.2, -0.5)]
    then = [box("red block", 0.11, -0.5), box("red block", -0.19, -0.5)]
    sight = OpenSight(UR5E, Told(first, then), due=after(1.0))
    seen = look(sight, 0.0)
    assert sorted(seen) == ["red block", "second red block"]
    right = max(seen, key=lambda name: seen[name].position[0])
    assert look(sight, 0.5) == {} and look(sight, 1.0) == {}
    later = look(sight, 1.5)
    assert later[right].time == 0.5  # of its picture
    assert later[right].position[0] == pytest.approx(0.11, abs=0.003)
    assert sorted(later) == sorted(seen)


def test_a_detector_that_fails_is_one_line_and_the_next_look_works(caplog):
    sight = OpenSight(
        UR5E, Told(DetectorError("it is down"), [box("red block", 0, -0.5)]), due=after(0.5)
    )
    assert look(sight, 0.0) == {}
    assert "it is down; objects stay where they were last seen" in caplog.text
    assert look(sight, 0.2) == {}
    assert set(look(sight, 0.8)) == {"red block"}


NAMES = ["red block", "mug"]


def test_answers_are_taken_as_far_as_they_make_sense():
    good = {"name": "mug", "box": [1, 2, 30, 40]}
    bad = [{"name": "cat", "box": [1, 2, 3, 4]}, {"name": "mug", "box": [5, 2, 3, 4]}, 7]
    bad += [{"name": "mug", "box": [1, 2, 3]}, {"name": "mug", "box": [1, "x", 3, 4]}]
    answer = f"Here:\n```json\n{json.dumps([good, *bad])}\n```"
    assert parse(answer, NAMES) == [Detection("mug", (1, 2, 30, 40))]
    assert parse("[]", NAMES) == []
    for garbage in ("nothing", "[1, 2", "{}"):
        with pytest.raises(ValueError):
            parse(garbage, NAMES)


@pytest.fixture
def server():
    class Handler(BaseHTTPRequestHandler):
        answer, asked = "[]", []

        def do_POST(self):
            length = int(self.headers["Content-Length"])
            Handler.asked.append(json.loads(self.rfile.read(length)))
            message = {"role": "assistant", "content": Handler.answer}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            body = {"id": "1", "object": "chat.completion", "created": 0, "model": "m"}
            data = json.dumps({**body, "choices": [choice]}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args): ...

    served = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    Handler.url = f"http://127.0.0.1:{served.server_port}/v1"
    yield Handler
    served.shutdown()
    served.server_close()


def test_a_served_model_is_shown_the_picture(server):
    server.answer = '[{"name": "mug", "box": [10, 20, 30, 40]}]'
    found = ServedDetector(server.url, "m").detect(BLANK, NAMES)
    assert found == [Detection("mug", (10, 20, 30, 40))]
    text, picture = server.asked[-1]["messages"][0]["content"]
    assert "red block, mug" in text["text"]
    assert picture["image_url"]["url"].startswith("data:image/png;base64,")
    server.answer = "I see a mug."
    with pytest.raises(DetectorError, match="no JSON list"):
        ServedDetector(server.url, "m").detect(BLANK, NAMES)


def test_what_is_missing_is_said_in_one_line(tmp_path):
    with pytest.raises(DetectorError, match=r"no detections from http://127\.0\.0\.1:9"):
        ServedDetector("http://127.0.0.1:9/v1", "m").detect(BLANK, NAMES)
    with pytest.raises(DetectorError, match="valid are colors, the URL"):
        open_detector("yolo")
    with pytest.raises(DetectorError, match=r"transformers|zero-shot"):
        open_detector(str(tmp_path))
