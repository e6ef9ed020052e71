from __future__ import annotations

import json
import stat
import time
from array import array
from pathlib import Path

import cv2
import numpy as np
import pytest
from made_faces import expression, face, state
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from fer_ros.errors import ConfigError
from fer_ros.nodes.perception_node import PerceptionNode
from fer_ros.nodes.uncertain import CROP_PX, UncertainRecorder
from fer_ros.taxonomy import EMOTIONS
from fer_ros.types import FaceState, Frame

SECOND_NS = 1_000_000_000
UNSURE = expression(neutral=0.4, anger=0.35, sadness=0.25)


def frame() -> Frame:
    pixels = np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8)
    return Frame(0, 'camera', 0, pixels)


def shown(stamp_ns: int, face_id: str = 'f1', **fields: object) -> FaceState:
    rng = np.random.default_rng(1)
    points = rng.uniform(200, 300, (478, 3)).astype(np.float32)
    seen = face(face_id=face_id, stamp_ns=stamp_ns, landmarks_px=points)
    return state(face=seen, **{'expression': UNSURE, **fields})


def crops(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob('*.png'))


def test_an_uncertain_face_is_kept_with_what_was_thought_of_it(tmp_path: Path) -> None:
    folder = tmp_path / 'crops'
    recorder = UncertainRecorder(folder, 10)
    assert recorder.offer(frame(), shown(7 * SECOND_NS, abstained='blur'))
    assert crops(folder) == [f'{7 * SECOND_NS:020d}-f1.png']
    path = folder / crops(folder)[0]
    assert cv2.imread(str(path)).shape == (CROP_PX, CROP_PX, 3)
    told = json.loads(path.with_suffix('.json').read_text())
    assert told['label'] is None
    assert told['labels'] == list(EMOTIONS)
    assert told['probabilities'][0] == pytest.approx(0.4)
    assert told['abstained'] == 'blur'
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_certain_face_is_not(tmp_path: Path) -> None:
    recorder = UncertainRecorder(tmp_path, 10)
    assert not recorder.offer(frame(), shown(0, expression=expression(happiness=0.9)))
    assert crops(tmp_path) == []


def test_one_crop_a_second_and_face(tmp_path: Path) -> None:
    recorder = UncertainRecorder(tmp_path, 10)
    kept = [recorder.offer(frame(), shown(step * SECOND_NS // 4)) for step in range(9)]
    assert [index for index, is_kept in enumerate(kept) if is_kept] == [0, 4, 8]
    assert recorder.offer(frame(), shown(SECOND_NS // 4, 'f2'))
    recorder.forget(('f1',))
    assert recorder.offer(frame(), shown(2 * SECOND_NS + 1))


def test_the_oldest_go_first_those_of_an_earlier_run_too(tmp_path: Path) -> None:
    (tmp_path / 'notes.png').write_bytes(b'mine')
    for start in (0, 100):
        recorder = UncertainRecorder(tmp_path, 3)
        for step in range(5):
            recorder.offer(frame(), shown((start + step) * SECOND_NS))
        kept = [name for name in crops(tmp_path) if name != 'notes.png']
        assert kept == [f'{(start + step) * SECOND_NS:020d}-f1.png' for step in (2, 3, 4)]
        assert len(list(tmp_path.glob('*.json'))) == 3
    assert (tmp_path / 'notes.png').exists()


def test_a_folder_that_is_a_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / 'taken').write_text('')
    with pytest.raises(ConfigError, match='record_uncertain_dir: expected a folder') as caught:
        UncertainRecorder(tmp_path / 'taken', 3)
    assert '\n' not in str(caught.value)


@pytest.mark.xdist_group('dds')
def test_the_node_records_where_it_is_told_to(tmp_path: Path) -> None:
    data = pytest.importorskip('skimage.data', reason='scikit-image brings a free portrait')
    folder = tmp_path / 'crops'
    settings = {
        'record_uncertain_dir': str(folder),
        'min_quality': 1.0,  # nothing is good enough: every face is uncertain
        'max_age_s': 0.0,
    }
    node = PerceptionNode('uncertain')
    try:
        node.set_parameters([Parameter(name, value=value) for name, value in settings.items()])
        assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
        assert node.trigger_activate() == TransitionCallbackReturn.SUCCESS
        pixels = np.ascontiguousarray(data.astronaut()[:256, 100:356])
        header = Header(stamp=node.get_clock().now().to_msg(), frame_id='camera')
        node._worker.offer(
            Image(
                header=header,
                height=256,
                width=256,
                encoding='rgb8',
                is_bigendian=0,
                step=768,
                data=array('B', pixels.tobytes()),
            )
        )
        deadline = time.monotonic() + 60
        while not crops(folder) and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        node.destroy_node()
    [name] = crops(folder)
    assert json.loads((folder / name).with_suffix('.json').read_text())['abstained']


def test_a_folder_that_can_not_be_written_leaves_the_node_unconfigured(tmp_path: Path) -> None:
    (tmp_path / 'taken').write_text('')
    node = PerceptionNode('uncertain')
    try:
        value = str(tmp_path / 'taken')
        node.set_parameters([Parameter('record_uncertain_dir', value=value)])
        assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
    finally:
        node.destroy_node()
