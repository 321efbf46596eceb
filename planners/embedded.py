"""llama.cpp in a child process, so that whatever it does, the control loop goes on.

`python -m planners.embedded MODEL.gguf [ADAPTER.gguf]` reads a line of JSON from standard input, an
API key and how prompts begin, serves the OpenAI protocol on a loopback port of its choosing, prints
the address, and ends when its standard input is closed: with its parent, however that ends.

How prompts begin is read before anybody asks, and kept in the user's cache for the next time: that
takes seconds, and the rest of a prompt tenths of one.
"""

# pyright: reportAttributeAccessIssue=false
# (xllamacpp comes without types.)

import contextlib
import hashlib
import http.client
import json
import os
import secrets
import subprocess
import sys
import threading
from pathlib import Path

from robot.process import begin

# llama.cpp's threads wait for each other by spinning: on two cores beside busy neighbours, two of
# them take 4 s a command and 35 s for the first, one takes .9 s and 8 s; alone, .3 s against .4 s.
THREADS = 1
CONTEXT = 4096  # tokens
START = 60.0  # [s] to load a model
READ = 120.0  # [s] to read how prompts begin
KEPT = 3  # beginnings in the cache, of 20 MB each


class EmbeddedServer:
    """The parent's side. Starts the child at once; `address` waits until it serves."""

    def __init__(self, path: Path, adapter: Path | None = None, beginning: str = "") -> None:
        self._key = secrets.token_hex(16)
        self._lock = threading.Lock()
        self._address = ""
        self._child = begin(
            [sys.executable, "-m", "planners.embedded", *map(str, filter(None, (path, adapter)))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the robot first
            text=True,
        )
        assert self._child.stdin
        told = {"key": self._key, "beginning": beginning}
        self._child.stdin.write(json.dumps(told) + "\n")
        self._child.stdin.flush()

    def address(self) -> tuple[str, str]:
        """URL and API key; raises RuntimeError when the child does not come up."""
        with self._lock:
            if not self._address:
                assert self._child.stdout
                line = self._child.stdout.readline()  # the child limits how long
                if not line:
                    raise RuntimeError(f"its process ended with code {self._child.wait()}")
                told = json.loads(line)
                if "error" in told:
                    raise RuntimeError(told["error"])
                self._address = told["url"]
            return self._address, self._key

    def close(self) -> None:
        """End the child. May be called twice."""
        if self._child.poll() is None:
            self._child.kill()  # it keeps nothing that could be lost
            self._child.wait()


def cached(files: list[str], beginning: str) -> Path | None:
    """Where the state after `beginning` is kept; None where nothing can be."""
    import xllamacpp

    parts = [xllamacpp.__version__, str(CONTEXT), beginning]
    for file in map(Path, files):
        parts.append(f"{file} {file.stat().st_size} {file.stat().st_mtime}")
    name = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(home) / "courtside"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder / f"{name}.slot" if os.access(folder, os.W_OK) else None


def post(address: str, key: str, path: str, body: dict[str, object]) -> bool:
    """Ask the server for something that is only about time; whether it did that."""
    host, _, port = address.removeprefix("http://").partition(":")
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    with contextlib.closing(http.client.HTTPConnection(host, int(port), timeout=READ)) as asked:
        try:
            asked.request("POST", path, json.dumps(body), headers)
            answer = asked.getresponse()
            answer.read()
            return answer.status == 200
        except (OSError, http.client.HTTPException):
            return False


def read(address: str, key: str, beginning: str, kept: Path | None) -> None:
    """Have the server read `beginning`, and keep its state for the next time."""
    done = post(address, key, "/completion", {"prompt": beginning, "n_predict": 0})
    if not done or kept is None:
        return
    part = kept.with_suffix(f".{os.getpid()}")  # whole or not at all
    if post(address, key, "/slots/0?action=save", {"filename": part.name}):
        part.replace(kept)
        for old in sorted(kept.parent.glob("*.slot"), key=lambda file: file.stat().st_mtime)[
            :-KEPT
        ]:
            old.unlink(missing_ok=True)


def end_with_parent() -> None:
    sys.stdin.read()  # until the parent closes it, or is gone
    os._exit(0)


def main() -> None:
    """The child's side."""
    given = json.loads(sys.stdin.readline())
    key, beginning = given["key"], given["beginning"]
    ended = threading.Thread(target=end_with_parent)
    ended.start()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # llama.cpp's own output is no answer
    loaded = threading.Event()
    # A model that does not load in time ends the process.
    threading.Thread(target=lambda: loaded.wait(START) or os._exit(1), daemon=True).start()
    try:
        import xllamacpp

        params = xllamacpp.CommonParams()
        params.model.path = sys.argv[1]
        params.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(each) for each in sys.argv[2:]]
        params.n_ctx = CONTEXT
        params.n_parallel = 1
        params.port = 0
        params.api_keys = [key]
        kept = cached(sys.argv[1:], beginning) if beginning else None
        if kept is not None:
            params.slot_save_path = f"{kept.parent}/"
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = THREADS
        params.cpuparams.poll = params.cpuparams_batch.poll = 0  # leave the cores to the loop
        server = xllamacpp.Server(params)
        address = server.listening_address
        told = {"url": f"{address}/v1"}
        if kept is not None and kept.is_file():
            restored = post(address, key, "/slots/0?action=restore", {"filename": kept.name})
            beginning = "" if restored else beginning
            kept.touch()  # the oldest go first
        if beginning:
            threading.Thread(target=read, args=(address, key, beginning, kept), daemon=True).start()
    except Exception as error:
        told = {"error": str(error)}
    loaded.set()
    print(json.dumps(told), file=answers, flush=True)
    ended.join()


if __name__ == "__main__":
    main()
