from __future__ import annotations

import os
from pathlib import Path
from xml.etree import ElementTree

import pytest

from fer_ros import config
from fer_ros.config import load_yaml, share_dir
from fer_ros.errors import ConfigError


def test_reads_a_mapping(tmp_path: Path) -> None:
    path = tmp_path / 'a.yaml'
    path.write_text('width: 48\nname: "Gesicht: größer"\n', encoding='utf-8')
    assert load_yaml(path) == {'width': 48, 'name': 'Gesicht: größer'}


@pytest.mark.parametrize(
    ('content', 'words'),
    [
        (b'- 1\n- 2\n', 'expected a mapping, found list'),
        (b'', 'expected a mapping, found NoneType'),
        (b'text', 'expected a mapping, found str'),
        (b'a: [1, 2', 'not readable as YAML'),
        (b'a: 1\n\tb: 2\n', 'not readable as YAML'),
        (b'\xff\xfe\x00\x80', 'not readable as YAML'),
        (b'day: 2024-13-45\n', 'not readable as YAML'),
        (b'a: !!python/object:os.system {}\n', 'not readable as YAML'),
        (b'[' * 5000, 'not readable as YAML'),
    ],
)
def test_a_broken_file_is_one_line(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / 'broken.yaml'
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_yaml(path)
    assert words in str(caught.value)
    assert str(caught.value).startswith(f'{path}: ')
    assert '\n' not in str(caught.value)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='expected a YAML file, found none'):
        load_yaml(tmp_path / 'none.yaml')
    with pytest.raises(ConfigError, match='not readable as YAML'):
        load_yaml(tmp_path)


def test_a_checkout_is_its_own_share() -> None:
    assert share_dir() == Path(__file__).resolve().parents[1]


def test_an_installed_package_finds_its_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / 'lib' / 'python3.10' / 'site-packages' / 'fer_ros'
    share = tmp_path / 'share' / 'fer_ros'
    package.mkdir(parents=True)
    monkeypatch.setattr(config, '__file__', str(package / 'config.py'))
    with pytest.raises(ConfigError, match='install the package again'):
        share_dir()
    (share / 'models').mkdir(parents=True)
    assert share_dir() == share


def test_a_name_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    """OpenCV would end the process at it."""
    assert config.utf8_name(tmp_path / 'größer.mp4') == str(tmp_path / 'größer.mp4')
    with pytest.raises(ConfigError, match='expected a name in UTF-8'):
        config.utf8_name(tmp_path / 'clip\udcfe.mp4')


def test_a_name_that_the_locale_has_not_read_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With LC_ALL=C, Python reads the bytes of names as they are."""
    name = 'größer'.encode().decode('ascii', 'surrogateescape')
    monkeypatch.setattr(os, 'fsencode', lambda path: str(path).encode('utf-8', 'surrogateescape'))
    assert config.utf8_name(tmp_path / name) == str(tmp_path / 'größer')


def test_shared_memory_of_fast_dds_holds_images() -> None:
    root = ElementTree.parse(share_dir() / 'config' / 'fastdds.xml').getroot()
    space = {'dds': root.tag[1:].partition('}')[0]}
    made = root.iterfind('.//dds:transport_descriptor/dds:transport_id', space)
    used = root.iterfind('.//dds:userTransports/dds:transport_id', space)
    assert [item.text for item in made] == [item.text for item in used]
    size = root.findtext('.//dds:segment_size', namespaces=space)
    assert int(size or 0) > 2 * 1920 * 1080 * 3
