"""What a workflow is called."""

from __future__ import annotations

import re
from pathlib import PurePath


def workflow_name(source: str) -> str:
    """A workflow's name from that of its file.

    >>> workflow_name("flows/nightly.asl.json")
    'nightly'
    """
    return re.sub(r"\.(asl\.)?(json|ya?ml)$", "", PurePath(source).name, flags=re.IGNORECASE)
