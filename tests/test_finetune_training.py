"""Training the adapter, on a tiny model: torch and llama.cpp say the same, and runs go on."""

import json
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
gguf = pytest.importorskip("gguf")

from gbnf import regex_of  # noqa: E402

from planners.finetune import adapter  # noqa: E402
from planners.finetune.llama import load  # noqa: E402
from planners.finetune.pairs import pairs  # noqa: E402
from planners.finetune.train import (  # noqa: E402
    NOTHING,
    DataError,
    TrainConfig,
    bucketed,
    example,
    padded,
    train,
)
from planners.finetune.vocabulary import Tokens  # noqa: E402
from planners.llm import Embedded, Prompt, Tuned  # noqa: E402
from planners.program.prompt import brief  # noqa: E402
from planners.program.statements import grammar_of  # noqa: E402

RANK, ALPHA = 2, 4.0
TEXT = "# put the red block in the blue bowl\n"
MERGES = (("t", "h"), ("th", "e"), ("Ġ", "the"), ("o", "c"), ("b", "l"))


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    """A Llama of two layers with random weights, which knows printable characters."""
    path = tmp_path_factory.mktemp("tiny") / "tiny.gguf"
    names = ["<|im_end|>", *map(chr, range(33, 127)), "Ġ", "Ċ", *("".join(m) for m in MERGES)]
    writer = gguf.GGUFWriter(path, "llama")
    width, heads, kv_heads, inner, layers = 32, 4, 2, 48, 2
    writer.add_context_length(512)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_rope_dimension_count(width // heads)
    writer.add_rope_freq_base(10_000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(names))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(names)
    writer.add_token_types([3] + [1] * (len(names) - 1))
    writer.add_token_merges([" ".join(pair) for pair in MERGES])
    writer.add_eos_token_id(0)
    writer.add_bool("tokenizer.ggml.add_bos_token", False)
    rng = np.random.default_rng(5)
    small = width * kv_heads // heads
    shapes = {
        "attn_q": (width, width),
        "attn_k": (small, width),
        "attn_v": (small, width),
        "attn_output": (width, width),
        "ffn_gate": (inner, width),
        "ffn_up": (inner, width),
        "ffn_down": (width, inner),
        "attn_norm": (width,),
        "ffn_norm": (width,),
    }

    def add(name: str, shape: tuple[int, ...]) -> None:
        spread = 0.3 if len(shape) > 1 else 0.1
        values = rng.normal(len(shape) == 1, spread, shape).astype(np.float32)
        writer.add_tensor(f"{name}.weight", values)

    add("token_embd", (len(names), width))
    add("output_norm", (width,))
    for layer in range(layers):
        for name, shape in shapes.items():
            add(f"blk.{layer}.{name}", shape)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def written(path: Path, tuned: Path | None, with_it: bool = True) -> str:
    """What llama.cpp writes after TEXT."""
    anything = "root ::= [ -~\\n]*"
    asked = Prompt((), TEXT, anything, Tuned(TEXT, anything) if with_it else None)
    with closing(Embedded(path, True, tuned)) as model:
        return model.complete(asked)


@pytest.mark.timeout(300)
def test_torch_and_llama_cpp_write_the_same_with_and_without_an_adapter(base, tmp_path):
    tokens = Tokens(base)
    model = load(base, RANK, ALPHA)
    plain = tokens.text(model.write(tokens.of(TEXT), tokens.end, 40))
    theirs = written(base, None)
    assert len(plain) > 10 and theirs.startswith(plain)

    torch.manual_seed(1)
    for name, parameter in model.named_parameters():
        if name.endswith(".b"):
            parameter.data.normal_(0, 0.3)
    path = tmp_path / "adapter.gguf"
    adapter.write(path, model, ALPHA, {"why": "test"})
    adapter.read(path, model)  # rounded to 16 bits
    changed = tokens.text(model.write(tokens.of(TEXT), tokens.end, 40))
    assert changed != plain
    assert written(base, path).startswith(changed)
    assert written(base, path, with_it=False).startswith(plain)


@pytest.mark.timeout(300)
def test_random_weights_keep_to_the_grammar(base):
    """The grammar is one that llama.cpp reads; what is cut off in the middle is no statement."""
    objects = ("red block", "blue bowl")
    text, grammar = brief("put the red block in the blue bowl", objects), grammar_of(objects)
    with closing(Embedded(base, True)) as model:
        answer = model.complete(Prompt((), text, grammar))
    assert regex_of(grammar).match(answer), answer


def test_tokens_come_back_as_text(base):
    tokens = Tokens(base)
    assert tokens.text(tokens.of(TEXT)) == TEXT
    assert len(tokens.of("the the")) == 2


def test_only_programs_are_learned(base):
    tokens = Tokens(base)
    batch = [example(tokens, pair) for pair in pairs(np.random.default_rng(0), 5)]
    text, targets = padded(batch, tokens.end)
    for row, each in enumerate(batch):
        learned = [int(token) for token in targets[row] if token != NOTHING]
        assert learned == list(each.tokens[each.prompt :]) and learned[-1] == tokens.end
        assert list(text[row, : each.prompt]) == list(each.tokens[: each.prompt])


def test_batches_hold_like_lengths_and_everything_once(base):
    tokens = Tokens(base)
    examples = [example(tokens, pair) for pair in pairs(np.random.default_rng(0), 64)]
    batches = bucketed(examples, 4, np.random.default_rng(0))
    assert sorted(id(each) for batch in batches for each in batch) == sorted(map(id, examples))
    spread = [max(map(size, batch)) - min(map(size, batch)) for batch in batches]
    assert np.median(spread) < 40


def size(each) -> int:
    return len(each.tokens)


CONFIG = TrainConfig(steps=6, batch=4, rank=RANK, validation=4, every=2, warmup=2, threads=1)


def test_a_run_that_was_killed_ends_as_one_that_was_not(base, tmp_path):
    losses = []
    whole = train(base, CONFIG, tmp_path / "whole.gguf", show=lambda now: losses.append(now.loss))
    assert losses[-1] < losses[0]

    def die(progress) -> None:
        if progress.step == 5:
            raise KeyboardInterrupt

    out = tmp_path / "broken.gguf"
    with pytest.raises(KeyboardInterrupt):
        train(base, CONFIG, out, show=die)
    assert not out.exists()
    seen = []
    assert train(base, CONFIG, out, show=lambda now: seen.append(now.step)) == whole
    assert seen == [5, 6]
    assert out.read_bytes() == (tmp_path / "whole.gguf").read_bytes()
    assert len(json.loads(out.with_suffix(".json").read_text())) == 3
    assert sorted(path.name for path in tmp_path.glob("broken*")) == ["broken.gguf", "broken.json"]


def test_the_adapter_that_is_right_most_often_is_kept(base, tmp_path):
    rights = iter((0.2, 0.9, 0.4))
    kept = {}

    def evaluate(path, held_out):
        right = next(rights)
        kept[right] = path.read_bytes()
        return {"right": right}

    out = tmp_path / "adapter.gguf"
    assert train(base, CONFIG, out, evaluate=evaluate)["right"] == 0.9
    assert out.read_bytes() == kept[0.9] != kept[0.4]


def test_a_run_with_other_settings_is_not_gone_on_with(base, tmp_path):
    def die(progress) -> None:
        if progress.step == 3:
            raise KeyboardInterrupt

    out = tmp_path / "adapter.gguf"
    with pytest.raises(KeyboardInterrupt):
        train(base, CONFIG, out, show=die)
    with pytest.raises(DataError, match="other settings"):
        train(base, TrainConfig(steps=8, batch=4, rank=RANK, validation=4, every=2), out)
