"""Writes the data files: `python -m meshpeek.rehearsal.generate FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

from meshpeek.rehearsal.generate.data_files import made_from

for path, text in made_from(Path(sys.argv[1])).items():
    path.write_text(text)
