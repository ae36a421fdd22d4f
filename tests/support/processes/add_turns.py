"""A process that adds turns to a conversation until it is killed, and prints which ones are stored.

Arguments: the folder, the collection's name, the conversation's id.
"""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

from rag.conversations.store import Conversations
from rag.store.collection import Collection
from tests.support.turns import made_turn

if __name__ == "__main__":
    conversations = Conversations(Collection.open(Path(sys.argv[1]), sys.argv[2]))
    for number in count():
        added = conversations.add(int(sys.argv[3]), made_turn(f"Question {number}"))
        print(added.turn_id, flush=True)
