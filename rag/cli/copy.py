"""The command `copy`: a collection from one home to the other, files and the store in EXPLORER_STORE."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from rag import config
from rag.cli.common import Commands, add_json, print_result


def add_commands(commands: Commands) -> None:
    """Add `copy`."""
    copy = commands.add_parser(
        "copy", help="copy a collection between files and the store in EXPLORER_STORE, and compare both by hash"
    )
    copy.add_argument("name", metavar="COLLECTION")
    copy.add_argument(
        "--to", choices=["files", "store"], required=True,
        help="files: from the store to a file in the data folder; store: from such a file to the store",
    )  # fmt: skip
    copy.add_argument("--new-name", metavar="NAME", help="the copy's name (default: the same)")
    copy.set_defaults(command=_copy)
    add_json(copy)


def _copy(options: argparse.Namespace) -> int:
    from rag.store.homes import Home, milvus_home
    from rag.store.sqlite.home import SqliteHome
    from rag.transfer.copying import content_hash, copy_collection

    folder = config.data_dir()
    homes: list[Home] = [SqliteHome(folder), milvus_home(folder)]
    source, target = homes if options.to == "store" else homes[::-1]
    copied = copy_collection(source.open(options.name), target, options.new_name or options.name)
    found = content_hash(copied)
    line = (
        f"Copied '{copied.spec.name}' to {copied.location}: {found.documents:,} documents, {found.chunks:,} chunks, "
        f"{found.conversations:,} conversations. Source and copy have the same SHA-256: {found.sha256}"
    )
    print_result(options, {"copy": {"name": copied.spec.name, "location": copied.location, **asdict(found)}}, [line])
    return 0
