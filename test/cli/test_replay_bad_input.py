"""What a replay says of sources and labels that are not as they should be; the rest is kept."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rclpy.serialization import serialize_message
from sensor_msgs.msg import Image
from std_msgs.msg import Header, String

from fer_ros.cli.main import main
from fer_ros.evaluation.recorder import ResultsBag
from fer_ros.nodes import conversions
from fer_ros.rosless import typestore

START_NS = 1_700_000_000 * 10**9
STEP_NS = 100_000_000
FRAMES = 12


def write(path: Path, encodings: dict[int, str], *, images: bool = True) -> Path:
    """Write a second of noise without a face; some frames have another encoding."""
    rng = np.random.default_rng(0)
    with closing(ResultsBag(path, typestore())) as bag:
        for index in range(FRAMES):
            stamp_ns = START_NS + index * STEP_NS
            header = Header(stamp=conversions.ns_to_stamp(stamp_ns), frame_id='cam')
            message = conversions.image_from(
                rng.integers(0, 255, (120, 160, 3)).astype(np.uint8), header
            )
            message.encoding = encodings.get(index, 'rgb8')
            if images:
                kind = conversions.type_name(Image)
                bag.write('/camera/image', kind, serialize_message(message), stamp_ns)
            text = serialize_message(String(data='hello'))
            bag.write('/chatter', 'std_msgs/msg/String', text, stamp_ns)
    return path


def replay(capsys: pytest.CaptureFixture[str], source: Path, *words: str) -> dict[str, Any]:
    assert main(['eval', 'replay', '--source', str(source), '--json', '--quiet', *words]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def refused(capsys: pytest.CaptureFixture[str], source: Path, *words: str) -> str:
    assert main(['eval', 'replay', '--source', str(source), '--quiet', *words]) == 2
    out, err = capsys.readouterr()
    assert out == ''
    assert len(err.strip().splitlines()) == 1, err
    return err


def test_a_bag_without_a_face(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / 'out'
    labels = tmp_path / 'labels.csv'
    labels.write_text('start_s,end_s,label\n0,0.5,happy\n', encoding='utf-8')
    source = write(tmp_path / 'clip.mcap', {})
    figures = replay(capsys, source, '--labels', str(labels), '--out', str(out))
    assert (figures['frames'], figures['faces']) == (FRAMES, 0)
    assert 'expected a face, found none in any frame' in figures['notes']
    # Every labelled frame is missed, and that is wrong.
    assert (figures['WAR'], figures['UAR'], figures['missed_frames']) == (0.0, 0.0, 5)
    assert figures['flips_per_frame'] is None
    assert figures['ECE'] is None
    assert 'No face was seen' in (out / 'report.html').read_text(encoding='utf-8')


def test_a_bag_that_was_cut_off(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write(tmp_path / 'clip.mcap', {})
    content = source.read_bytes()
    source.write_bytes(content[: len(content) // 2])
    figures = replay(capsys, source)
    assert 0 < figures['frames_processed'] < FRAMES
    assert any('cut off or damaged' in note for note in figures['notes'])


def test_some_frames_of_an_unknown_encoding(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write(tmp_path / 'clip.mcap', {3: 'smell8', 7: 'smell8'})
    figures = replay(capsys, source)
    assert figures['frames_processed'] == FRAMES - 2
    assert figures['drops']['bad_encoding'] == 2
    assert any("found 'smell8'" in note for note in figures['notes'])


def test_all_frames_of_an_unknown_encoding(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write(tmp_path / 'clip.mcap', dict.fromkeys(range(FRAMES), 'smell8'))
    assert 'smell8' in refused(capsys, source)


def test_no_image_topic_names_those_that_are_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write(tmp_path / 'clip.mcap', {}, images=False)
    assert 'found topics: /chatter (std_msgs/msg/String)' in refused(capsys, source)


def test_another_topic_names_those_with_images(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write(tmp_path / 'clip.mcap', {})
    err = refused(capsys, source, '--topic', '/other')
    assert "expected images on '/other', found image topics: /camera/image" in err


def test_labels_outside_the_bag(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labels = tmp_path / 'labels.csv'
    labels.write_text('start_s,end_s,label\n0,0.5,sad\n60,61,happy\n', encoding='utf-8')
    source = write(tmp_path / 'clip.mcap', {})
    figures = replay(capsys, source, '--labels', str(labels))
    assert figures['labelled_frames'] == 5
    assert any('found happiness from 60.00 to 61.00 s' in note for note in figures['notes'])
    assert 'happiness' in figures['not_labelled']
    assert figures['recall']['happiness'] is None


def test_labels_that_no_frame_has(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labels = tmp_path / 'labels.csv'
    labels.write_text('start_s,end_s,label\n60,61,happy\n', encoding='utf-8')
    figures = replay(capsys, write(tmp_path / 'clip.mcap', {}), '--labels', str(labels))
    assert figures['WAR'] is None
    assert 'labels: expected labelled frames, found none; no score is given' in figures['notes']


def test_a_label_topic_that_holds_no_emotion(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write(tmp_path / 'clip.mcap', {})
    assert "label 'hello': expected an emotion" in refused(
        capsys, source, '--labels', 'topic:/chatter'
    )


def test_the_rate_holds_where_time_went_back(monkeypatch: pytest.MonkeyPatch) -> None:
    from fer_ros.nodes import replay as module

    now_ns, waits_s = [0], []

    def sleep(seconds: float) -> None:
        waits_s.append(seconds)
        now_ns[0] += round(seconds * 1e9)

    monkeypatch.setattr(module.time, 'monotonic_ns', lambda: now_ns[0])
    monkeypatch.setattr(module.time, 'sleep', sleep)
    clock = module._Clock(2.0)
    for stamp_s in (10, 11, 12, 5, 6, 7):
        clock.wait_for(stamp_s * 10**9)
    assert waits_s == [0.0, 0.5, 0.5, 0.0, 0.5, 0.5]


def test_a_replay_without_any_result_is_no_success(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from fer_ros.nodes.recognition import Recognition

    def fail(*words: Any) -> None:
        raise RuntimeError('no net')

    monkeypatch.setattr(Recognition, 'recognise', fail)
    source = write(tmp_path / 'clip.mcap', {})
    assert main(['eval', 'replay', '--source', str(source), '--json', '--quiet']) == 1
    figures = json.loads(capsys.readouterr().out)
    assert (figures['frames_processed'], figures['drops']['error']) == (0, FRAMES)
    assert 'error: RuntimeError: no net' in figures['notes']
