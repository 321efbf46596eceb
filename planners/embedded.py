"""llama.cpp in a child process, so that whatever it does, the control loop goes on.

`python -m planners.embedded MODEL.gguf [ADAPTER.gguf]` reads an API key from standard input, serves
the OpenAI protocol on a loopback port of its choosing, prints the address, and ends when its
standard input is closed: with its parent, however that ends.
"""

# pyright: reportAttributeAccessIssue=false
# (xllamacpp comes without types.)

import json
import os
import secrets
import subprocess
import sys
import threading
from pathlib import Path

# llama.cpp's threads wait for each other by spinning: on two cores beside busy neighbours, two of
# them take 4 s a command and 35 s for the first, one takes .9 s and 8 s; alone, .3 s against .4 s.
THREADS = 1
CONTEXT = 4096  # tokens
START = 60.0  # [s] to load a model


class EmbeddedServer:
    """The parent's side. Starts the child at once; `address` waits until it serves."""

    def __init__(self, path: Path, adapter: Path | None = None) -> None:
        self._key = secrets.token_hex(16)
        self._lock = threading.Lock()
        self._address = ""
        self._child = subprocess.Popen(
            [sys.executable, "-m", "planners.embedded", *map(str, filter(None, (path, adapter)))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the robot first
            text=True,
        )
        assert self._child.stdin
        self._child.stdin.write(self._key + "\n")
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


def main() -> None:
    """The child's side."""
    key = sys.stdin.readline().strip()
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
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = THREADS
        params.cpuparams.poll = params.cpuparams_batch.poll = 0  # leave the cores to the loop
        server = xllamacpp.Server(params)
        told = {"url": f"{server.listening_address}/v1"}
    except Exception as error:
        told = {"error": str(error)}
    loaded.set()
    print(json.dumps(told), file=answers, flush=True)
    sys.stdin.read()  # until the parent closes it, or is gone
    os._exit(0)


if __name__ == "__main__":
    main()
