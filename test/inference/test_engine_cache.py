from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fer_ros.errors import ModelError
from fer_ros.inference.engine_cache import EngineCache, EngineKey

KEY = EngineKey('net', 'a' * 64, '10.3.0', 'Orin', '8.7', '540.4.0', 'fp16', (1, 4, 16), 3)
OTHERS = [
    {'sha256': 'b' * 64},
    {'tensorrt': '11.4.0'},
    {'gpu': 'Thor'},
    {'sm': '11.0'},
    {'driver': '580.65.06'},
    {'precision': 'fp32'},
    {'batches': (1, 4)},
    {'level': 5},
    {'dla': 0},
]


@pytest.fixture
def cache(tmp_path: Path) -> EngineCache:
    return EngineCache(tmp_path / 'tensorrt')


def refused(cache: EngineCache, key: EngineKey = KEY) -> str:
    with pytest.raises(ModelError) as caught:
        cache.read(key)
    return str(caught.value)


def test_returns_what_was_kept(cache: EngineCache) -> None:
    cache.write(KEY, b'plan')
    assert cache.read(KEY) == b'plan'
    cache.write(KEY, b'another plan')
    assert cache.read(KEY) == b'another plan'
    (entry,) = cache.entries()
    assert (entry.key, entry.size, entry.state) == (KEY, 12, 'ok')


@pytest.mark.parametrize('change', OTHERS, ids=lambda change: next(iter(change)))
def test_everything_an_engine_depends_on_is_in_its_key(
    cache: EngineCache, change: dict[str, object]
) -> None:
    cache.write(KEY, b'plan')
    other = replace(KEY, **change)
    assert other.digest != KEY.digest
    assert 'not there' in refused(cache, other)


def test_an_engine_from_another_machine_is_foreign(cache: EngineCache) -> None:
    other = replace(KEY, driver='580.65.06')
    cache.write(KEY, b'plan')
    for suffix in ('.engine', '.json'):  # somebody copies the folder and renames
        cache.path(KEY).with_suffix(suffix).rename(cache.path(other).with_suffix(suffix))
    assert 'is foreign: built for driver 540.4.0 instead of 580.65.06' in refused(cache, other)


@pytest.mark.parametrize('content', [b'', b'pla', b'plan and more', b'PLAN'])
def test_a_changed_file_is_corrupt(cache: EngineCache, content: bytes) -> None:
    cache.write(KEY, b'plan')
    cache.path(KEY).write_bytes(content)
    assert 'is corrupt: its sum is not the one of its sidecar' in refused(cache)


@pytest.mark.parametrize('content', ['', '{}', '[1]', '{"key": {}, "sha256": 1}'])
def test_a_sidecar_that_says_nothing_vouches_for_nothing(cache: EngineCache, content: str) -> None:
    cache.write(KEY, b'plan')
    cache.path(KEY).with_suffix('.json').write_text(content, encoding='utf-8')
    assert 'sidecar is' in refused(cache)


def test_a_write_that_ends_in_the_middle_leaves_nothing_that_counts(
    cache: EngineCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.write(KEY, b'old plan')

    def fail(*_: object) -> None:
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr('fer_ros.inference.cache.os.fsync', fail)
    with pytest.raises(ModelError):
        cache.write(KEY, b'new plan')
    assert 'sidecar is not readable' in refused(cache)


def test_prune_keeps_what_is_whole_and_wanted(cache: EngineCache) -> None:
    old, broken = replace(KEY, tensorrt='10.3.0-old'), replace(KEY, model='broken')
    for key in (KEY, old, broken):
        cache.write(key, b'plan')
    cache.path(broken).write_bytes(b'x')
    (cache.folder / 'lonely.json').write_text('{}', encoding='utf-8')
    (cache.folder / '.net.engine.abc.part').write_bytes(b'')
    (cache.folder / 'timings-10.3.0-8.7.cache').write_bytes(b'kept')
    gone = cache.prune(lambda key: key.tensorrt == KEY.tensorrt)
    assert {path.name for path in gone} == {
        cache.path(old).name, cache.path(broken).name, 'lonely.json', '.net.engine.abc.part',
    }  # fmt: skip
    assert [entry.key for entry in cache.entries()] == [KEY]
    assert (cache.folder / 'timings-10.3.0-8.7.cache').is_file()


def test_an_empty_cache_has_nothing_to_prune(tmp_path: Path) -> None:
    cache = EngineCache(tmp_path / 'absent')
    assert cache.entries() == []
    assert cache.prune(lambda _: True) == []


def test_the_sidecar_is_for_people_too(cache: EngineCache) -> None:
    cache.write(KEY, b'plan')
    entries = json.loads(cache.path(KEY).with_suffix('.json').read_text(encoding='utf-8'))
    assert entries['key']['gpu'] == 'Orin'
    assert entries['size'] == 4
