"""Run in one checkout: do one task with that checkout's code and write the results as JSON.

`python probe.py TASK INPUT.json OUTPUT.json`, with the checkout as working directory and as PYTHONPATH. The two
checkouts may keep a name in different modules: `find` tries the newer module first.
"""

from __future__ import annotations

import io
import json
import os
import runpy
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import fields, is_dataclass
from hashlib import sha256
from importlib import import_module
from pathlib import Path

Json = dict[str, object]
SAMPLE = "Sample"
ANSWER = "Full-time staff have 29 days of paid leave a year. The moon is made of cheese."
LAYOUTS: tuple[Json, ...] = (
    {}, {"n_components": 3}, {"method": "tsne"}, {"method": "pca"}, {"n_neighbors": 5, "min_dist": 0.5},
    {"metric": "correlation", "seed": 7},
)  # fmt: skip
"""Settings of the projections to compute, as differences from the default."""


def find(name: str, *modules: str):
    """The class or function `name` from the first of these modules that has it."""
    for home in modules:
        try:
            module = import_module(home)
        except ModuleNotFoundError as error:
            if error.name and (home == error.name or home.startswith(f"{error.name}.")):
                continue
            raise
        if hasattr(module, name):
            return getattr(module, name)
    raise ImportError(f"'{name}' is in none of {', '.join(modules)}. Name its module in {__file__}.")


def made(kind, values: Json):
    """An object of a dataclass. Of a key "old or new", two names of a field, the one in this checkout is used."""
    known = {field.name for field in fields(kind)}
    return kind(**{next(each for each in name.split(" or ") if each in known): value for name, value in values.items()})


def plain(value: object) -> object:
    """Dataclasses, arrays and bytes as JSON values; floats keep all their bits."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, bytes):
        return sha256(value).hexdigest()
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, (set, frozenset)):
        return sorted(map(str, value))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(part) for part in value]
    return value if isinstance(value, (str, int, float, type(None))) else str(value)


def open_sample(name: str = SAMPLE):
    from rag import config

    return find("Collection", "rag.store.collection", "rag.collection").open(config.data_dir(), name)


def run(arguments: Sequence[str]) -> Json:
    """What `python -m rag ARGUMENTS` prints, and its exit code."""
    out, code = io.StringIO(), 0
    sys.argv = ["rag", *arguments]
    with redirect_stdout(out), redirect_stderr(io.StringIO()):
        try:
            runpy.run_module("rag", run_name="__main__", alter_sys=True)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    text = out.getvalue()
    try:
        printed: object = json.loads(text)
    except ValueError:
        printed = text
    return {"command": " ".join(arguments), "code": code, "printed": printed}


def commands(task: Mapping[str, object]) -> object:
    """Each command line of the task, one after the other."""
    return [run(arguments) for arguments in task["commands"]]


def neighbors(task: Mapping[str, object]) -> object:
    """The command `neighbors` for texts and for chunks, with and without variety and the chunk's own document."""
    ids = open_sample().chunk_ids().tolist()
    subjects = [["--text", text] for text in task["questions"]]
    subjects += [["--chunk", str(ids[len(ids) * part // 7])] for part in range(7)]
    variants = [[], ["--variety", "0.4"], ["--variety", "1", "-k", "12"], ["--other-documents"]]
    return [
        run(["neighbors", "--collection", SAMPLE, "--json", *subject, *variant])
        for subject in subjects
        for variant in variants
    ]


def layouts(task: Mapping[str, object]) -> object:
    """Coordinates, figures of quality and clusters of each layout."""
    parameters = find("ProjectionParameters", "rag.map.projection_settings", "rag.projection_parameters")
    load = find("load_layout", "rag.map.layout", "rag.layout")
    make = find("make_layout", "rag.map.layout", "rag.layout")
    clusters = find("find_clusters", "rag.map.clusters.finding", "rag.map_view")
    measure = find("measure_map", "rag.map.quality", "rag.map_quality")
    sample = open_sample()
    results = []
    for wanted in LAYOUTS:
        chosen = parameters(**wanted)
        kept = load(sample, chosen) if task["keeps"] else None
        layout = kept or make(sample, chosen)
        found = [clusters(sample, layout)]
        results.append(
            {
                "was_kept": kept is not None,
                "layout": {name: value for name, value in plain(layout).items() if name not in ("note", "seconds")},
                "clusters": [{"labels": plain(one.labels), "names": one.names()} for one in found],
                "quality": plain(measure(sample.embeddings()[1], layout.xy)),
            }
        )
    return results


@contextmanager
def servers() -> Iterator[Callable[[], list[Json]]]:
    """A scripted Ollama and a scripted OpenAI-compatible server; the value gives what they were sent, in order."""
    home = ("tests.support.scripted_ollama", "tests.scripted_ollama")
    serve, streamed, stream = (find(name, *home) for name in ("scripted_server", "streamed", "Stream"))
    ollama = {**find("HEALTHY", *home), "/api/chat": streamed(ANSWER, prompt_tokens=321)}
    event = {"choices": [{"index": 0, "delta": {"content": ANSWER}, "finish_reason": "stop"}]}
    lines = [f"data: {json.dumps(event)}\n\n".encode(), b"data: [DONE]\n\n"]
    openai = {
        "/v1/models": (200, {"object": "list", "data": [{"id": "scripted", "object": "model"}]}),
        "/v1/chat/completions": stream(lines, content_type="text/event-stream"),
    }
    with serve(ollama) as first, serve(openai) as second:
        os.environ["OLLAMA_HOST"] = first.address
        os.environ["EXPLORER_OPENAI_URL"] = f"{second.address}/v1"
        yield lambda: [
            {"path": request.path, "body": request.body.decode()} for request in [*first.requests, *second.requests]
        ]


def prompts(task: Mapping[str, object]) -> object:
    """The bytes that servers are sent for questions, and the answers that are made of what they send back."""
    with servers() as sent:
        printed = [
            run(["ask", question, "--collection", SAMPLE, "--model", model, "--json", "-k", k])
            for model in ("ollama:scripted:latest", "openai:scripted")
            for question, k in zip(task["questions"], "513842167", strict=False)
        ]
        turns = [answered(values) for values in requests()]
        return {"commands": printed, "turns": turns, "requests": sent()}


def requests() -> list[Json]:
    """Questions with a history, a template, another search, and no documents."""
    exchange = find("Exchange", "rag.answering.types", "rag.chat_types")
    settings = find("RetrievalSettings", "rag.retrieval.settings", "rag.retrieval_settings")
    template = find("PromptTemplate", "rag.answering.prompt_template", "rag.prompt_template")
    history = (exchange("How many days of paid leave are there?", "Full-time staff have 29 days."),)
    wording = template("Answer like a pirate. {braces}", "Sources: {passages}\nNow: {question} ====")
    return [
        {"question": "And for part-timers?", "history": history},
        {"question": "And for part-timers?", "history": history, "rewrites": False},
        {"question": "And for part-timers?", "history": history, "query": "part-time leave"},
        {"question": "Which planet is the largest?", "template": wording, "settings": settings(3, "hybrid")},
        {"question": "Which planet is the largest?", "settings": settings(8, "keyword", 0.3, (), 0.5, 200)},
        {"question": "Which planet is the largest?", "settings": settings(2, minimum=0.99)},
        {
            "question": "Which planet is the largest?", "settings": settings(2, minimum=0.99),
            "whatever or ignore_minimum": True,
        },
        {"question": "Which planet is the largest?", "uses_documents": False},
    ]  # fmt: skip


def answered(values: Json) -> object:
    """One question answered by the scripted Ollama: the record of its answer."""
    request, equipment, answer_question = (
        find(name, "rag.answer") for name in ("Request", "Equipment", "answer_question")
    )
    retriever, embedder = find("dense_retriever", "rag.cli.common", "rag.command_line")(open_sample())
    generator = find("load_generator", "rag.generation.generators", "rag.generation")("ollama:scripted:latest")
    *_, answer = answer_question(made(request, values), equipment(retriever, embedder, generator))
    return record_of(answer)


def record_of(answer: object) -> object:
    """An answer as a conversation keeps it."""
    labelled = find("LabelledAnswer", "rag.answering.types", "rag.chat_types")
    turn = find("Turn", "rag.answering.types", "rag.chat_types")
    to_json = find("to_json", "rag.conversations.export", "rag.conversation_export")
    return json.loads(to_json("", [turn(answer.question, (labelled("", answer),))]))


def recordings(task: Mapping[str, object]) -> object:
    """Recorded answers, found in the sample: their JSON byte for byte, and the citations computed once more."""
    turns = recorded_turns(str(task["recorded"]))
    to_json = find("to_json", "rag.conversations.export", "rag.conversation_export")
    support = find("support", "rag.answering.grounding", "rag.grounding")
    embedder = find("dense_retriever", "rag.cli.common", "rag.command_line")(open_sample())[1]
    answers = [labelled.answer for turn in turns for labelled in turn.answers]
    return {
        "json": [to_json(turn.question, [turn]) for turn in turns],
        "supports": [plain(support(answer.text, answer.prompt.hits, embedder)) for answer in answers],
    }


def recorded_turns(path: str):
    """The turns of an exported conversation, with their passages found in the sample."""
    from_json = find("from_json", "rag.conversations.export", "rag.conversation_export")
    attached = find("attached", "rag.conversations.recordings", "rag.recorded")
    sample = open_sample()
    return [attached(turn, sample) for turn in from_json(Path(path).read_text("utf-8")).turns]


def write_collection(task: Mapping[str, object]) -> object:
    """Fill the data folder with everything that a person can leave in it; the sample is there already."""
    from rag import config

    sample, turns = open_sample(), recorded_turns(str(task["recorded"]))
    conversations = find("Conversations", "rag.conversations.store", "rag.conversations")(sample)
    first = conversations.create()
    stored = [conversations.add(first, turn) for turn in turns[:6]]
    conversations.add_version(first, 2, turns[7])
    conversations.choose(stored[2].turn_id)
    conversations.add_version(first, 3, turns[8])
    conversations.rename(conversations.fork(first, 4), "A branch, renamed")
    conversations.create("Nothing yet")
    find("choose_index", "rag.index.loading", "rag.chosen_index")(
        sample, find("IndexSpec", "rag.index.spec", "rag.index_spec")("hnsw", ef_search=32)
    )
    template = find("PromptTemplate", "rag.answering.prompt_template", "rag.prompt_template")
    choose_prompt = find("choose_prompt", "rag.answering.prompt_template", "rag.chosen_prompt")
    choose_prompt(sample, template("Be brief. {", "{passages} ??? {question}"))
    sample.count_retrieved(sample.chunk_ids()[:9].tolist())
    saved = find("SavedSettings", "rag.settings", "rag.saved_settings")
    save = find("save_settings", "rag.settings", "rag.saved_settings")
    save(config.data_dir(), saved("http://192.168.1.20:11434", "http://localhost:8080/v1"))
    folder = Path(str(task["exports"]))
    export = find("export_collection", "rag.transfer.files", "rag.collection_files")
    export(sample, folder / "whole.sqlite")
    export(sample, folder / "shared.sqlite", conversations=False)
    copy = find("copy_chunks", "rag.transfer.selected_chunks", "rag.subset")
    copy(sample, config.data_dir(), "Some chunks", sample.chunk_ids()[::3].tolist())
    keep = find("keep_name", "rag.map.clusters.model_names", "rag.cluster_naming")
    keep(sample.cache_folder, sample.uid, "0123456789abcdef", "A name from a model")
    return True


def read_collections(task: Mapping[str, object]) -> object:
    """Everything in the data folder and in the export files, read with this checkout's code."""
    from rag import config

    folder = config.data_dir()
    bring_in = find("import_collection", "rag.transfer.files", "rag.collection_files")
    for exported in sorted(Path(str(task["exports"])).iterdir()):
        bring_in(folder, exported, f"Imported {exported.stem}")
    names = find("list_collections", "rag.store.collection", "rag.collection")(folder)
    load = find("load_settings", "rag.settings", "rag.saved_settings")
    return {
        "settings": plain(load(folder)),
        "collections": {name: read_collection(name) for name in names},
        "search": [run([*command, "--collection", SAMPLE, "--json"]) for command in task["commands"]],
    }


def read_collection(name: str) -> Json:
    """One collection: what it was built with, documents, chunks, vectors, conversations and choices."""
    collection = open_sample(name)
    ids, vectors = collection.embeddings()
    documents = [collection.document(summary.document_id) for summary in collection.documents()]
    load_names = find("load_names", "rag.map.clusters.model_names", "rag.cluster_naming")
    index = find("chosen_index", "rag.index.loading", "rag.chosen_index")(collection)
    prompt = find("chosen_prompt", "rag.answering.prompt_template", "rag.chosen_prompt")(collection)
    return {
        "spec": plain(collection.spec),
        "generation": collection.generation(),
        "documents": plain(documents),
        "chunks": plain(collection.chunks()),
        "ids": ids.tolist(),
        "vectors": [sha256(vector.tobytes()).hexdigest() for vector in vectors],
        "retrieved": plain(collection.retrieved_counts()),
        "conversations": read_conversations(collection),
        "index": plain(index),
        "prompt": plain(prompt),
        "kept_names": load_names(collection.cache_folder, collection.uid),
    }


def read_conversations(collection) -> list[Json]:
    """The JSON of every version of every turn, and what a later question is given as its history."""
    to_json = find("to_json", "rag.conversations.export", "rag.conversation_export")
    conversations = find("Conversations", "rag.conversations.store", "rag.conversations")(collection)
    return [
        {
            "summary": plain(summary),
            "turns": to_json(summary.title, conversations.turns(summary.conversation_id)),
            "versions": [
                to_json("", conversations.versions(summary.conversation_id, slot))
                for slot in range(conversations.n_slots(summary.conversation_id))
            ],
            "history": plain(conversations.history(summary.conversation_id)),
        }
        for summary in conversations.list()
    ]


TASKS: dict[str, Callable[[Mapping[str, object]], object]] = {
    "commands": commands, "neighbors": neighbors, "layouts": layouts, "prompts": prompts, "recordings": recordings,
    "write_collection": write_collection, "read_collections": read_collections,
}  # fmt: skip


def main() -> None:
    name, source, target = sys.argv[1:]
    result = TASKS[name](json.loads(Path(source).read_text("utf-8")))
    Path(target).write_text(json.dumps(result, ensure_ascii=False), "utf-8")


if __name__ == "__main__":
    main()
