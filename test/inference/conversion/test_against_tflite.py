"""The converted models against the TFLite interpreter on real faces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import onnxruntime
import pytest
from nchw_batch import Float32, nchw

from fer_ros.inference.conversion.convert import convert
from fer_ros.inference.conversion.recipes import RECIPES, Recipe

pytest.importorskip('ai_edge_litert', reason='needs the TFLite interpreter: ai-edge-litert')
import mediapipe_reference as reference

pytestmark = pytest.mark.reference
Source = Callable[[Recipe], bytes]
BY_ID = {recipe.id: recipe for recipe in RECIPES}


def run(model: bytes, batch: Float32) -> list[Any]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=['CPUExecutionProvider'])
    return list(session.run(None, {'image': batch}))


@pytest.mark.parametrize('name', ['blazeface-short', 'blazeface-full'])
def test_detectors(name: str, tflite_file: Source, portrait: Any) -> None:
    recipe = BY_ID[name]
    source = tflite_file(recipe)
    images = []
    for part in (portrait, portrait[:256, 100:356], portrait[::-1], np.zeros_like(portrait)):
        small = cv2.resize(part, (recipe.size, recipe.size), interpolation=cv2.INTER_AREA)
        images.append((small.astype(np.float32) - recipe.mean) / recipe.std)
    boxes, scores = run(convert(source, recipe), nchw(*images))
    for i, image in enumerate(images):
        expected = sorted(reference.run(source, image).values(), key=lambda a: a.shape[-1])
        # Upside down the short-range logits reach -2000, where float32 itself ends at 1e-4.
        np.testing.assert_allclose(scores[i], expected[0][0, :, 0], rtol=2e-5, atol=4e-4)
        np.testing.assert_allclose(boxes[i], expected[1][0], rtol=2e-5, atol=4e-4)


def test_mesh(tflite_file: Source, face_crops: list[Float32]) -> None:
    recipe = BY_ID['facemesh-468']
    source = tflite_file(recipe)
    landmarks, presence = run(convert(source, recipe), nchw(*face_crops))
    for i, crop in enumerate(face_crops):
        flag, points = sorted(reference.run(source, crop).values(), key=np.size)
        np.testing.assert_allclose(landmarks[i], points.reshape(468, 3), atol=2e-4)
        np.testing.assert_allclose(presence[i, 0], 1 / (1 + np.exp(-flag.item())), atol=1e-5)


def test_attention_mesh(tflite_file: Source, face_crops: list[Float32]) -> None:
    recipe = BY_ID['facemesh-478']
    source = tflite_file(recipe)
    landmarks, presence = run(convert(source, recipe), nchw(*face_crops))
    for i, crop in enumerate(face_crops):
        points, flag = reference.run_attention(source, crop)
        # The turned crop reaches 2.03e-4, as float32 does at 200 px over 100 layers.
        np.testing.assert_allclose(landmarks[i], points, atol=2.5e-4)
        np.testing.assert_allclose(presence[i, 0], 1 / (1 + np.exp(-flag)), atol=1e-5)
