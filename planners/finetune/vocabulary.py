"""The tokens of a model, from its GGUF file: those that llama.cpp uses."""

from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers


class Tokens:
    """Text to tokens, and back."""

    def __init__(self, path: Path) -> None:
        from gguf import GGUFReader

        fields = GGUFReader(path).fields
        kind = fields["tokenizer.ggml.pre"].contents()
        if kind != "smollm":
            raise ValueError(f"{path.name}: tokens of the kind {kind!r}; known is 'smollm'")
        names = fields["tokenizer.ggml.tokens"].contents()
        merges = [tuple(each.split(" ")) for each in fields["tokenizer.ggml.merges"].contents()]
        vocabulary = {name: index for index, name in enumerate(names)}
        self._tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
        self._tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Digits(individual_digits=True),
                pre_tokenizers.ByteLevel(add_prefix_space=False),
            ]
        )
        self._tokenizer.decoder = decoders.ByteLevel()
        self.end = int(fields["tokenizer.ggml.eos_token_id"].contents())

    def of(self, text: str) -> list[int]:
        return self._tokenizer.encode(text, add_special_tokens=False).ids

    def text(self, tokens: list[int]) -> str:
        return self._tokenizer.decode(tokens)
