"""A manifest to spoil, one entry at a time."""

from __future__ import annotations

import hashlib
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

CONTENT = b'stands for a net'
ENTRIES: dict[str, Any] = {
    'id': 'mine',
    'task': 'static_expression',
    'file': 'mine.onnx',
    'sha256': hashlib.sha256(CONTENT).hexdigest(),
    'url': None,
    'licence': 'MIT',
    'source': 'made for a test',
    'input': {
        'name': 'image',
        'width': 64,
        'height': 48,
        'colour': 'bgr',
        'mean': [1, 2.5, 3],
        'std': [4, 5, 6],
    },
    'outputs': ['logits', 'embedding'],
    'labels': ['neutral', 'happiness'],
    'temperature': 1.5,
    'options': {'template': 'ferplus'},
}
ABSENT = object()


def write(folder: Path, changes: dict[str, Any] | None = None, name: str = 'mine') -> Path:
    """Write the manifest and its file; ``input.width`` names an entry inside another."""
    entries = deepcopy(ENTRIES)
    for path, value in (changes or {}).items():
        *owners, last = path.split('.')
        target = entries
        for owner in owners:
            target = target[owner]
        if value is ABSENT:
            del target[last]
        else:
            target[last] = value
    (folder / 'mine.onnx').write_bytes(CONTENT)
    path = folder / f'{name}.yaml'
    path.write_text(yaml.safe_dump(entries), encoding='utf-8')
    return path
