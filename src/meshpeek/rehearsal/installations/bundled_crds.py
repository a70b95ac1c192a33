"""Reading the CRDs that come with meshpeek: JSON files, each in the folder of its product."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from meshpeek.rehearsal.types.objects import Object


@cache
def read_crds(folder: Path) -> Mapping[str, Object]:
    """Return the CRDs in the JSON files of `folder` by name.

    They are shared between clusters, so nothing may change them.
    """
    found = [json.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))]
    return {each["metadata"]["name"]: each for each in found}
