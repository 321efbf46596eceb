"""Language models: every way to one, and every way that one fails, within bounded time."""

import ast
import json
import random
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from planners import llm
from planners.embedded import EmbeddedServer
from planners.llm import ModelError, embedded_path, open_model
from planners.program.hierarchy import Request
from planners.program.prompt import extract, open_writer, prompt
from planners.program.words import PLACES, WORDS

OBJECTS = ["red block", "green block", "blue bowl", "orange bowl"]
HI = Request("program", "say hi", OBJECTS)


FAULTY = {  # what a server may send: its type, its text and its status
    "error 500": ("application/json", '{"error": {"message": "out of memory"}}', 500),
    "error 500 as a page": ("text/html", "<html>" + "no " * 10_000 + "</html>", 500),
    "error 404": ("application/json", '{"error": {"message": "no such model"}}', 404),
    "error 401": ("application/json", '{"error": {"message": "whose key?"}}', 401),
    "error 429": ("application/json", '{"error": {"message": "slower"}}', 429),
    "no choices": ("text/event-stream", 'data: {"choices": []}\n\ndata: [DONE]\n\n'),
    "choices of none": ("text/event-stream", 'data: {"choices": null}\n\ndata: [DONE]\n\n'),
    "no content": ("text/event-stream", 'data: {"choices": [{"delta": {}}]}\n\ndata: [DONE]\n\n'),
    "content of numbers": (
        "text/event-stream",
        'data: {"choices": [{"delta": {"content": 7}}]}\n\n',
    ),
    "a list": ("text/event-stream", "data: [1, 2]\n\ndata: [DONE]\n\n"),
    "an error in the stream": ("text/event-stream", 'data: {"error": {"message": "died"}}\n\n'),
    "wrong json": ("application/json", '{"choices": "none"}'),
    "whole, no choices": ("application/json", '{"choices": []}'),
    "cut json": ("application/json", '{"choices": [{"message": {"content": "say('),
    "one huge line": ("text/event-stream", "data: " + "x" * 3_000_000),
    "binary": ("application/octet-stream", "\x00\xff" * 1000),
    "cut off": (
        "text/event-stream",
        'data: {"choices": [{"delta": {"content": "say(1)"}, "finish_reason": "length"}]}\n\n',
    ),
    "nothing at all": ("text/event-stream", ""),
}


class Server(BaseHTTPRequestHandler):
    """An OpenAI-compatible server that answers as the test wants."""

    answer = ""
    asked: dict = {}  # noqa: RUF012

    def do_GET(self):
        self.reply("application/json", json.dumps({"data": [{"id": "tiny", "object": "model"}]}))

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        type(self).asked = json.loads(self.rfile.read(length))
        if self.answer == "garbage":
            return self.reply("text/event-stream", "data: {]\n\n")
        if self.answer in FAULTY:
            return self.reply(*FAULTY[self.answer])
        if self.answer in ("half", "endless"):
            return self.break_off(3 if self.answer == "half" else 10_000)
        if self.answer == "web page":
            return self.reply("text/html", "<html>hello</html>")
        if self.answer == "gone":  # as it asks
            return self.connection.close()
        if self.answer == "drip":
            return self.drip()
        if self.answer == "silence":
            time.sleep(3)
        parts = [
            json.dumps({"choices": [{"index": 0, "delta": {"content": part}}]})
            for part in self.answer.partition(" ")
        ]
        self.reply("text/event-stream", "".join(f"data: {p}\n\n" for p in [*parts, "[DONE]"]))

    def break_off(self, parts):
        """A word, again and again, and then nobody is there."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        part = json.dumps({"choices": [{"index": 0, "delta": {"content": "say('hi')\n"}}]})
        with suppress(OSError):
            for _ in range(parts):
                self.wfile.write(f"data: {part}\n\n".encode())

    def drip(self):
        """Alive for ever, and never a word."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for _ in range(100):
            time.sleep(0.1)
            try:
                self.wfile.write(b": still here\n\n")
            except OSError:
                return

    def reply(self, kind, text, status=200):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *args): ...


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        served.url = f"http://127.0.0.1:{served.server_port}/v1"
        yield served
        served.shutdown()


def test_a_server_is_asked_and_its_fences_are_taken_off(server):
    Server.answer = "Sure:\n```python\nsay('hi')\n```\nDone."
    with closing(open_writer(server.url)) as writer:
        assert writer.write(HI) == "say('hi')\n"
    assert Server.asked["model"] == "tiny" and Server.asked["temperature"] == 0
    assert Server.asked["messages"][-1]["content"].endswith("# say hi")
    with closing(open_writer(server.url, "big")) as writer:
        writer.write(replace(HI, program="sya('hi')", error="unknown name `sya`"))
    assert Server.asked["model"] == "big"
    assert [m["role"] for m in Server.asked["messages"][-3:]] == ["user", "assistant", "user"]
    assert "unknown name `sya`" in Server.asked["messages"][-1]["content"]


def test_a_repair_is_told_of_all_tries():
    request = replace(
        *(HI,),
        program="x = 1\nsay(x.y)",
        error="no y",
        line=2,
        tried=[("sya('hi')", "unknown name")],
    )
    told = [(m["role"], m["content"]) for m in prompt(request).messages[-5:]]
    assert told[0] == ("user", f"objects = {OBJECTS!r}\n# say hi")
    assert told[1] == ("assistant", "sya('hi')") and "It failed: unknown name" in told[2][1]
    assert told[3] == ("assistant", request.program)
    assert told[4][1].startswith("It failed in line 2, `say(x.y)`: no y\nWrite the whole program")
    given = Request("parse_obj_name", "the red one", OBJECTS, context="objects = ['red block']")
    asked = prompt(given).messages[-1]["content"]
    assert asked == "objects = ['red block']\n# the red one."


@pytest.mark.parametrize(
    "answer", ["garbage", "silence", "", "half", "endless", "web page", "gone", *FAULTY]
)
def test_a_server_that_misbehaves_is_one_error(server, answer, monkeypatch):
    monkeypatch.setattr(llm, "SILENCE", 0.5)
    monkeypatch.setattr(llm, "RETRIES", 0)
    Server.answer = answer
    with closing(open_model(server.url, "tiny")) as model:
        with pytest.raises(ModelError) as error:
            model.complete(prompt(HI))
        Server.answer = "say('hi')"  # and the next command works
        assert model.complete(prompt(HI)) == "say('hi')"
    assert server.url in str(error.value) and "\n" not in str(error.value)
    assert len(str(error.value)) < 400


def test_a_server_that_drips_is_given_up(server, monkeypatch):
    monkeypatch.setattr(llm, "ANSWER", 0.5)
    Server.answer = "drip"
    began = time.monotonic()
    with closing(open_model(server.url, "tiny")) as model:
        with pytest.raises(ModelError, match=r"takes longer than 0\.5 s"):
            model.complete(prompt(HI))
        assert time.monotonic() - began < 4
        Server.answer = "say('hi')"
        assert model.complete(prompt(HI)) == "say('hi')"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("http://127.0.0.1:9/v1", "no language model at"),
        ("embeded", "valid are embedded"),
        ("missing.gguf", "no model file missing.gguf"),
        ("embedded:missing.gguf", "no model file missing.gguf"),
        ("replay:missing.json", "cannot replay missing.json"),
    ],
)
def test_a_model_that_is_not_there(name, message):
    began = time.monotonic()
    with pytest.raises(ModelError, match=message):
        open_model(name)
    assert time.monotonic() - began < 15


def test_replayed_answers(tmp_path):
    path = tmp_path / "answers.json"
    path.write_text(json.dumps(["say('one')", "say('two')"]))
    writer = open_writer(f"replay:{path}")
    assert [writer.write(HI), writer.write(HI)] == ["say('one')\n", "say('two')\n"]
    with pytest.raises(ModelError, match="no further answer"):
        writer.write(HI)
    path.write_text('{"a": 1}')
    with pytest.raises(ModelError, match="list of strings"):
        open_model(f"replay:{path}")


def test_a_file_that_is_no_model(tmp_path):
    path = tmp_path / "broken.gguf"
    path.write_bytes(b"GGUF" + bytes(100))
    with closing(open_model(str(path))) as model, pytest.raises(ModelError, match="not start"):
        model.complete(prompt(HI))


@pytest.fixture(scope="module")
def embedded():
    with closing(open_writer("embedded")) as writer:
        yield writer


@pytest.mark.parametrize(
    ("instruction", "call"),
    [
        ("put the red block in the blue bowl", "put_first_on_second('red block', 'blue bowl')"),
        (
            "place the green block into the orange bowl",
            "put_first_on_second('green block', 'orange bowl')",
        ),
    ],
)
def test_the_embedded_model_gets_the_main_job_right(embedded, instruction, call):
    written = embedded.write(Request("program", instruction, OBJECTS))
    assert [line for line in written.splitlines() if not line.startswith("#")] == [call]


@pytest.mark.parametrize("seed", [0, 3])
def test_whatever_the_embedded_model_writes_is_a_valid_program(embedded, seed):
    rng = random.Random(seed)
    words = (
        "put stack banana the red every 'quote\" \\ on 42 block bowl drop table; import os".split()
    )
    instruction = " ".join(rng.choices(words, k=8))
    objects = [] if seed == 3 else OBJECTS
    tree = ast.parse(embedded.write(Request("program", instruction, objects)))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert {call.func.id for call in calls} <= {*WORDS, "zip"}
    for call in calls:
        if call.func.id == "put_first_on_second":
            named = [a.value for a in call.args if isinstance(a, ast.Constant)]
            assert set(named) <= {*objects, *PLACES}


def test_the_embedded_server_ends_with_its_parent():
    code = (
        "from planners.embedded import EmbeddedServer; from planners.llm import embedded_path\n"
        "s = EmbeddedServer(embedded_path()); print(s._child.pid, flush=True)\n"
        "import os; os.kill(os.getpid(), 9)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    pid = int(out.stdout)
    for _ in range(150):
        if not alive(pid):
            return
        time.sleep(0.1)
    raise AssertionError("it lives on")


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
            return file.read().split(")")[-1].split()[0] != "Z"
    except OSError:
        return False


def test_the_embedded_server_wants_its_key():
    import urllib.error
    import urllib.request

    server = EmbeddedServer(embedded_path())
    try:
        url, _ = server.address()
        assert url.startswith("http://127.0.0.1:")
        request = urllib.request.Request(f"{url}/completions", b"{}", method="POST")
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(request, timeout=5)
    finally:
        server.close()
        server.close()


def test_extract():
    assert extract("say('a')") == "say('a')\n"
    assert extract("<think>say('b')?\n```\n1\n```</think>\nsay('a')") == "say('a')\n"
    assert extract("```\nsay('a')\n") == "say('a')\n"
