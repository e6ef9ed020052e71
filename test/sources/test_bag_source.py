from __future__ import annotations

import shutil

import numpy as np
import pytest
from made_h264 import HEIGHT, WIDTH, picture
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import get_types_from_msg
from tiny_bags import COMPRESSED, IMAGE, INFO, START_NS, STEP_NS

from fer_ros.errors import SourceError
from fer_ros.sources import open_source
from fer_ros.types import CameraIntrinsics

FFMPEG = 'ffmpeg_image_transport_msgs/msg/FFMPEGPacket'
FOXGLOVE = 'foxglove_msgs/msg/CompressedVideo'


def level(frame) -> int:
    return round(float(frame.pixels.mean()))


def refusal(spec, **how) -> str:
    with pytest.raises(SourceError) as error:
        open_source(spec, **how)
    assert '\n' not in str(error.value)
    return str(error.value)


def truncate(path, share: float) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])


@pytest.mark.parametrize('how', [{}, {'zstd': True}, {'sqlite': True}])
def test_stamps_to_the_nanosecond_and_frames_of_the_header(camera_bag, how):
    with open_source(camera_bag(**how)) as source:
        frames = list(source)
        assert [f.stamp_ns for f in frames] == [START_NS + i * STEP_NS for i in range(5)]
        assert [f.sequence for f in frames] == [0, 1, 2, 3, 4]
        assert {f.frame_id for f in frames} == {'cam_optical'}
        assert [level(f) for f in frames] == [20, 40, 60, 80, 100]
        info = source.info
        assert (info.width, info.height, info.frames, info.frame_id) == (32, 24, 5, 'cam_optical')
        assert info.fps == pytest.approx(30.0, rel=1e-3)
        assert info.topic == '/cam/image_raw'
        assert len(source) == 5
        assert source.intrinsics == CameraIntrinsics(32, 24, 40.0, 40.0, 16.0, 12.0)
        assert source.notes == ()
        assert len(list(source)) == 5


@pytest.mark.parametrize('suffix', ['.mcap', '.db3'])
def test_a_bare_file(camera_bag, suffix, tmp_path):
    folder = camera_bag(sqlite=suffix == '.db3')
    bare = tmp_path / f'bare{suffix}'
    shutil.move(next(folder.glob(f'*{suffix}')), bare)
    assert len(list(open_source(bare))) == 5


def test_compressed_images(make_bag, messages):
    rows = [('/cam/image/compressed', COMPRESSED, START_NS, messages.jpeg(START_NS, 90))]
    rows.append(('/cam/camera_info', INFO, START_NS, messages.info(START_NS, 40.0)))
    source = open_source(make_bag(rows))
    assert [level(frame) for frame in source] == [90]
    assert source.intrinsics is not None


def test_a_header_without_a_stamp_takes_the_time_of_recording(make_bag, messages):
    rows = [('/image', IMAGE, START_NS, messages.raw(0, 1))]
    assert [frame.stamp_ns for frame in open_source(make_bag(rows))] == [START_NS]


def test_an_uncalibrated_camera_has_no_intrinsics(make_bag, messages):
    rows = [
        ('/image', IMAGE, START_NS, messages.raw(START_NS, 1)),
        ('/camera_info', INFO, START_NS, messages.info(START_NS, 0.0)),
    ]
    assert open_source(make_bag(rows)).intrinsics is None


def two_cameras(messages):
    return [
        ('/left/image', IMAGE, START_NS, messages.raw(START_NS, 10)),
        ('/left/camera_info', INFO, START_NS, messages.info(START_NS, 30.0)),
        ('/right/image', IMAGE, START_NS, messages.raw(START_NS, 20)),
        ('/right/camera_info', INFO, START_NS, messages.info(START_NS, 50.0)),
    ]


def test_several_cameras_need_a_choice(make_bag, messages):
    bag = make_bag(two_cameras(messages))
    assert 'found /left/image, /right/image; choose one' in refusal(bag)
    source = open_source(bag, topic='/right/image')
    assert [level(frame) for frame in source] == [20]
    assert source.intrinsics is not None
    assert source.intrinsics.fx == 50.0
    assert source.info.topics == ('/left/image', '/right/image')


def test_raw_and_compressed_are_one_camera(make_bag, messages):
    rows = [
        ('/image', IMAGE, START_NS, messages.raw(START_NS, 10)),
        ('/image/compressed', COMPRESSED, START_NS, messages.jpeg(START_NS, 90)),
    ]
    bag = make_bag(rows)
    assert open_source(bag).info.topic == '/image'
    assert [level(f) for f in open_source(bag, topic='/image/compressed')] == [90]


def test_a_topic_may_be_named_without_its_transport(make_bag, messages):
    rows = [('/image/compressed', COMPRESSED, START_NS, messages.jpeg(START_NS, 90))]
    assert open_source(make_bag(rows), topic='/image').info.topic == '/image/compressed'


def test_a_missing_topic_lists_those_that_are_there(camera_bag):
    text = refusal(camera_bag(), topic='/nope')
    assert "'/nope'" in text
    assert '/cam/image_raw' in text


def test_a_bag_without_images_lists_its_topics(make_bag, messages):
    bag = make_bag([('/camera_info', INFO, START_NS, messages.info(START_NS, 1.0))])
    assert '/camera_info (sensor_msgs/msg/CameraInfo)' in refusal(bag)


def test_a_camera_that_said_nothing_is_told_as_empty(tmp_path, store):
    with Writer(tmp_path / 'bag', version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        writer.add_connection('/image', IMAGE, typestore=store)
    assert 'found topics: /image (sensor_msgs/msg/Image, empty)' in refusal(tmp_path / 'bag')


def test_packets_of_a_video_are_told_from_images(make_bag, messages, store):
    kind = FFMPEG
    store.register(get_types_from_msg(
        'std_msgs/Header header\nstring encoding\nuint8[] data\n', kind,
    ))  # fmt: skip
    header = messages.jpeg(START_NS, 90).header
    packet = store.types[kind](header, 'libvpx-vp9', np.zeros(9, np.uint8))
    text = refusal(make_bag([('/image/ffmpeg', kind, START_NS, packet)]))
    assert "expected H.264 or H.265 on /image/ffmpeg, found 'libvpx-vp9'; play it through" in text
    packet.encoding = 'libx264'
    text = refusal(make_bag([('/image/ffmpeg', kind, START_NS, packet)], name='other'))
    assert 'a video on /image/ffmpeg that OpenCV decodes, found 1 packets of h264' in text


def h264(kind, store, messages, stamp_ns: int, data: bytes):
    """Return a packet as the three kinds of messages hold it."""
    header = messages.jpeg(stamp_ns, 0).header
    content = np.frombuffer(data, np.uint8)
    if kind == COMPRESSED:
        return store.types[COMPRESSED](header, 'h264', content)
    if kind == FFMPEG:
        store.register(get_types_from_msg(
            'std_msgs/Header header\nstring encoding\nuint8[] data\n', FFMPEG,
        ))  # fmt: skip
        return store.types[FFMPEG](header, 'libx264', content)
    store.register(get_types_from_msg(
        'builtin_interfaces/Time timestamp\nstring frame_id\nuint8[] data\nstring format\n',
        FOXGLOVE,
    ))  # fmt: skip
    return store.types[FOXGLOVE](header.stamp, header.frame_id, content, 'h264')


@pytest.mark.parametrize('kind', [COMPRESSED, FFMPEG, FOXGLOVE])
def test_h264_where_opencv_reads_it(make_bag, messages, store, kind):
    # Recording began between two key frames: nothing can be made of the first packet.
    packets = [b'\0\0\0\1\x41\x9a', *(picture(40 * index + 20, index) for index in range(5))]
    stamps_ns = [START_NS + index * STEP_NS for index in range(6)]
    rows = [
        ('/cam/image/ffmpeg', kind, stamp_ns, h264(kind, store, messages, stamp_ns, packet))
        for stamp_ns, packet in zip(stamps_ns, packets)
    ]
    with open_source(make_bag(rows), topic='/cam/image') as source:
        for _ in range(2):
            frames = list(source)
            assert [frame.stamp_ns for frame in frames] == stamps_ns[1:]
            # Luma of 16 to 235 is black to white.
            levels = [(40 * index + 20 - 16) * 255 / 219 for index in range(5)]
            assert [level(frame) for frame in frames] == pytest.approx(levels, abs=1)
            assert source.broken == 1
            assert 'expected a key frame first' in source.notes[0]
        assert (source.info.width, source.info.height) == (WIDTH, HEIGHT)
        assert frames[0].frame_id == 'cam_optical'


def test_raw_images_are_taken_before_the_same_as_a_video(make_bag, messages, store):
    packet = h264(FFMPEG, store, messages, START_NS, picture(100, 0))
    rows = [
        ('/image/ffmpeg', FFMPEG, START_NS, packet),
        ('/image', IMAGE, START_NS, messages.raw(START_NS, 10)),
    ]
    assert open_source(make_bag(rows)).info.topic == '/image'


def test_broken_frames_are_counted(make_bag, messages):
    rows = [
        ('/image', IMAGE, START_NS, messages.raw(START_NS, 10)),
        ('/image', IMAGE, START_NS + 1, messages.raw(START_NS + 1, 10, short=1)),
        ('/image', IMAGE, START_NS + 2, messages.raw(START_NS + 2, 10, encoding='odd')),
        ('/image', IMAGE, START_NS + 3, messages.raw(START_NS + 3, 30)),
    ]
    source = open_source(make_bag(rows))
    assert [level(frame) for frame in source] == [10, 30]
    assert source.broken == 2
    assert '2 broken frames' in source.notes[0]
    assert 'found 2303' in source.notes[0]


def test_nothing_but_broken_frames(make_bag, messages):
    rows = [('/image', IMAGE, START_NS, messages.raw(START_NS, 10, encoding='odd'))]
    assert "'odd'" in refusal(make_bag(rows))


@pytest.mark.parametrize('zstd', [False, True])
@pytest.mark.parametrize('bare', [False, True])
def test_a_truncated_mcap_keeps_what_is_readable(camera_bag, zstd, bare):
    folder = camera_bag(count=200, noisy=True, zstd=zstd)
    path = next(folder.glob('*.mcap'))
    truncate(path, 0.5)
    with open_source(path if bare else folder) as source:
        frames = list(source)
        assert 30 <= len(frames) < 200
        assert [f.stamp_ns for f in frames] == [START_NS + i * STEP_NS for i in range(len(frames))]
        assert len(source) == len(frames)
        assert source.intrinsics is not None
        assert any('cut off' in note for note in source.notes)


def test_an_interrupted_recording_without_metadata(camera_bag):
    folder = camera_bag()
    (folder / 'metadata.yaml').unlink()
    assert len(list(open_source(folder))) == 5


@pytest.mark.parametrize('bare', [False, True])
def test_a_truncated_sqlite_bag_keeps_what_is_readable(camera_bag, bare):
    folder = camera_bag(count=200, noisy=True, sqlite=True)
    path = next(folder.glob('*.db3'))
    truncate(path, 0.5)
    with open_source(path if bare else folder) as source:
        frames = list(source)
        assert 80 <= len(frames) < 120
        assert [f.stamp_ns for f in frames] == [START_NS + i * STEP_NS for i in range(len(frames))]
        assert source.intrinsics is not None
        assert any('cut off' in note for note in source.notes)
    truncate(path, 0.01)
    assert str(path) in refusal(folder)


@pytest.mark.parametrize('name', ['bag.mcap', 'bag.db3', 'bag.bag'])
@pytest.mark.parametrize('data', [b'', b'not a bag', b'\x89MCAP0\r\n'])
def test_files_that_are_no_bags(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data)
    assert str(path) in refusal(path)


def test_a_folder_whose_metadata_is_broken(tmp_path):
    (tmp_path / 'metadata.yaml').write_text('no: bag')
    assert 'expected a bag' in refusal(tmp_path)
