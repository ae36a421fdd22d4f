"""Entry point of the console script `embedding-explorer`.

`app.py`, `rag` and `pages` lie next to this file: in a checkout, and in an installed copy, where it becomes
`embedding_explorer/__init__.py`. They share that folder so that no package with a name as general as `pages` is
installed at the top level of the environment.
"""

import sys
from pathlib import Path


def main() -> int:
    """Run the command line with the folder of this file first on the import path. Returns the exit code."""
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    from rag.cli.main import main as run_command_line

    return run_command_line(program="embedding-explorer")
