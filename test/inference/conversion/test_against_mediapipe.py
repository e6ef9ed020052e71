"""The converted meshes against MediaPipe itself: its custom operators and its own merge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from nchw_batch import Float32, nchw

from fer_ros.inference.store import model_dir

mediapipe = pytest.importorskip('mediapipe', reason='needs mediapipe==0.10.21')
pytestmark = pytest.mark.reference

GRAPH = """
    input_stream: "image"
    input_stream: "roi"
    output_stream: "landmarks"
    input_side_packet: "with_attention"
    node {
      calculator: "FaceLandmarkCpu"
      input_stream: "IMAGE:image"
      input_stream: "ROI:roi"
      input_side_packet: "WITH_ATTENTION:with_attention"
      output_stream: "LANDMARKS:landmarks"
    }
"""


def landmarks_of(crop: Float32, with_attention: bool) -> Any:
    """Run MediaPipe's landmark graph on a crop as its own whole ROI; (points, 3) in pixels."""
    from mediapipe.framework.formats import rect_pb2
    from mediapipe.python._framework_bindings import resource_util

    resource_util.set_resource_dir(str(Path(mediapipe.__file__).parents[1]))
    create, found = mediapipe.packet_creator, []
    graph = mediapipe.CalculatorGraph(graph_config=GRAPH)
    graph.observe_output_stream(
        'landmarks', lambda _, packet: found.append(mediapipe.packet_getter.get_proto(packet))
    )
    graph.start_run({'with_attention': create.create_bool(with_attention)})
    roi = rect_pb2.NormalizedRect(x_center=0.5, y_center=0.5, width=1, height=1)
    pixels = np.ascontiguousarray((crop * 255).round().astype(np.uint8))
    image = create.create_image_frame(image_format=mediapipe.ImageFormat.SRGB, data=pixels)
    graph.add_packet_to_input_stream('image', image.at(1))
    graph.add_packet_to_input_stream('roi', create.create_proto(roi).at(1))
    graph.wait_until_idle()
    graph.close()
    return np.array([(p.x, p.y, p.z) for p in found[0].landmark]) * 192


@pytest.mark.parametrize('points', [468, 478])
def test_landmarks(points: int, face_crops: list[Float32]) -> None:
    session = onnxruntime.InferenceSession(
        str(model_dir() / f'facemesh-{points}.onnx'), providers=['CPUExecutionProvider']
    )
    landmarks, _ = session.run(None, {'image': nchw(*face_crops)})
    for crop, found in zip(face_crops, landmarks, strict=True):
        expected = landmarks_of(crop, with_attention=points == 478)
        np.testing.assert_allclose(found, expected, atol=2.5e-4)
