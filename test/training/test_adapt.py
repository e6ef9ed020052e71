from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

pytest.importorskip('onnx', reason='export needs onnx: the train extra')

from fer_ros.cli.main import main
from fer_ros.errors import ConfigError, DataError, ModelError
from fer_ros.inference.manifest import load_manifest
from fer_ros.inference.onnxruntime_engine import OnnxRuntimeEngine
from fer_ros.inference.store import model_dir
from fer_ros.pipeline import PipelineConfig
from fer_ros.recognition import StaticRecogniser
from fer_ros.taxonomy import EMOTIONS
from fer_ros.training.adapt import (
    AdaptConfig,
    Crops,
    Head,
    adapt_static,
    answers,
    fit_head,
    load_crops,
    pseudo_labels,
    read_head,
)

SHIPPED = model_dir() / f'{PipelineConfig().expression_model}.yaml'
ANGER = EMOTIONS.index('anger')


def portraits(count: int) -> np.ndarray:
    """Return the same smile, a little darker each time."""
    data = pytest.importorskip('skimage.data', reason='scikit-image brings a free portrait')
    face = cv2.resize(data.astronaut()[60:190, 160:290], (96, 96), interpolation=cv2.INTER_AREA)
    return np.stack([(face * (1.0 - 0.05 * step)).astype(np.uint8) for step in range(count)])


def record(folder: Path, images: np.ndarray, label: str | None) -> Path:
    folder.mkdir(exist_ok=True)
    for index, image in enumerate(images):
        path = folder / f'{index:020d}-abc.png'
        cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        path.with_suffix('.json').write_text(json.dumps({'label': label}))
    return folder


def test_pseudo_labels_by_hand() -> None:
    plain = np.array([[0.6, 0.3, 0.1], [0.6, 0.3, 0.1], [0.5, 0.4, 0.1], [0.2, 0.3, 0.5]])
    other = np.array([[0.5, 0.4, 0.1], [0.3, 0.6, 0.1], [0.5, 0.4, 0.1], [0.1, 0.1, 0.8]])
    found = pseudo_labels(plain.astype(np.float32), other.astype(np.float32), 0.19)
    # A lead of .2; the mirror image disagrees; a lead of .1; a lead of .45.
    assert found.tolist() == [0, -1, -1, 2]


def test_a_head_learns_its_crops_and_remembers_ordinary_faces() -> None:
    rng = np.random.default_rng(0)
    old = Head(rng.normal(0, 1, (16, 3)), np.zeros(3))
    room, ordinary = rng.normal(0, 1, (2, 200, 16)).astype(np.float32)
    room[:, 0] += 4.0  # what sets the room's faces apart
    wanted = (old(room).argmax(axis=1) + 1) % 3
    free = fit_head(old, room, wanted, ordinary[:0], 1.0, AdaptConfig(anchor=0.0))
    assert (free(room).argmax(axis=1) == wanted).mean() > 0.8
    tied = fit_head(old, room, wanted, ordinary, 1.0, AdaptConfig(anchor=1e4))
    np.testing.assert_allclose(tied.weight, old.weight, atol=0.01)
    same = old(ordinary).argmax(axis=1)
    held = fit_head(old, room, wanted, ordinary, 1.0, AdaptConfig(anchor=0.0, rehearsal=5.0))
    assert (held(ordinary).argmax(axis=1) == same).mean() > 0.8
    assert (free(ordinary).argmax(axis=1) == same).mean() < 0.7


def test_a_new_head_is_a_model_that_the_run_time_loads(tmp_path: Path) -> None:
    folder = record(tmp_path / 'crops', portraits(4), 'anger')
    config = AdaptConfig(anchor=0.0)
    done = adapt_static(SHIPPED, folder, tmp_path / 'out', config=config)
    assert (done.labelled, done.pseudo, done.left_out) == (4, 0, 0)
    assert done.before is None
    manifest = load_manifest(done.manifest)
    shipped = load_manifest(SHIPPED)
    assert manifest.id == f'{shipped.id}-adapted'
    assert manifest.options['adapted_from'] == shipped.sha256
    assert manifest.labels == shipped.labels
    images = load_crops(folder, EMOTIONS, shipped.input.width).images
    after, embeddings = answers(StaticRecogniser(OnnxRuntimeEngine(manifest)), images)
    before, same = answers(StaticRecogniser(OnnxRuntimeEngine(shipped)), images)
    np.testing.assert_allclose(embeddings, same, rtol=1e-4, atol=1e-5)
    assert (before.argmax(axis=1) == EMOTIONS.index('happiness')).all()
    assert (after[:, ANGER] > before[:, ANGER] + 1.0).all()
    _, head = read_head(manifest)
    np.testing.assert_allclose(head(embeddings), after, rtol=1e-3, atol=1e-3)
    assert not list((tmp_path / 'out').glob('*.part'))


def test_sure_crops_label_themselves(tmp_path: Path) -> None:
    blank = np.full((1, 96, 96, 3), 120, np.uint8)
    folder = record(tmp_path / 'crops', np.concatenate([portraits(2), blank]), None)
    done = adapt_static(SHIPPED, folder, tmp_path, config=AdaptConfig(margin=0.9))
    assert (done.labelled, done.pseudo, done.left_out) == (0, 2, 1)


def test_a_head_that_forgets_is_not_written(tmp_path: Path) -> None:
    folder = record(tmp_path / 'crops', portraits(4), 'anger')
    size = load_manifest(SHIPPED).input.width
    smiles = load_crops(folder, EMOTIONS, size).images
    ordinary = Crops(smiles, np.full(4, EMOTIONS.index('happiness')))
    config = AdaptConfig(anchor=0.0, rehearsal=0.0)
    with pytest.raises(ModelError, match='nothing is written') as caught:
        adapt_static(SHIPPED, folder, tmp_path / 'out', ordinary=ordinary, config=config)
    assert '\n' not in str(caught.value)
    assert not (tmp_path / 'out').exists()


def test_labels_that_teach_nothing_are_found_out(tmp_path: Path) -> None:
    folder = record(tmp_path / 'crops', np.repeat(portraits(1), 40, axis=0), 'happiness')
    # Right already, all of them: no new head can be right more often.
    with pytest.raises(ModelError, match='more often than 10 of 10 labelled crops'):
        adapt_static(SHIPPED, folder, tmp_path / 'out')
    assert not (tmp_path / 'out').exists()
    for path in folder.glob('*.json'):
        path.write_text('{"label": "anger"}')
    done = adapt_static(SHIPPED, folder, tmp_path / 'out', config=AdaptConfig(anchor=0.0))
    assert done.labelled == 40


@pytest.mark.parametrize(
    ('spoil', 'words'),
    [
        (lambda folder: [path.unlink() for path in folder.iterdir()], 'expected crops'),
        (lambda folder: (folder / f'{0:020d}-abc.png').write_bytes(b'x'), 'expected a picture'),
        (lambda folder: (folder / f'{0:020d}-abc.json').write_text('[1]'), 'an object in JSON'),
        (
            lambda folder: (folder / f'{0:020d}-abc.json').write_text('{"label": "glee"}'),
            "found 'glee'",
        ),
    ],
)
def test_bad_crops_are_one_line(
    spoil: object, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = record(tmp_path / 'crops', portraits(1), None)
    spoil(folder)  # type: ignore[operator]
    command = ['train', 'adapt', '--crops', str(folder), '--out', str(tmp_path / 'out')]
    assert main(command) == 2
    err = capsys.readouterr().err
    assert words in err
    assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / 'out').exists()


def test_unsure_crops_alone_are_refused(tmp_path: Path) -> None:
    folder = record(tmp_path / 'crops', np.full((1, 96, 96, 3), 120, np.uint8), None)
    with pytest.raises(DataError, match='expected crops with a label or a lead of 1'):
        adapt_static(SHIPPED, folder, tmp_path, config=AdaptConfig(margin=1.0))


def test_a_net_without_a_linear_head_is_refused(tmp_path: Path) -> None:
    entries = yaml.safe_load((model_dir() / 'facemesh-468.yaml').read_text(encoding='utf-8'))
    (tmp_path / entries['file']).write_bytes((model_dir() / entries['file']).read_bytes())
    entries |= {'task': 'static_expression', 'labels': list(EMOTIONS)}
    path = tmp_path / 'mesh.yaml'
    path.write_text(yaml.safe_dump(entries), encoding='utf-8')
    with pytest.raises(ModelError, match='a linear layer of the embedding'):
        adapt_static(path, tmp_path, tmp_path)


@pytest.mark.parametrize('name', ['margin', 'anchor', 'rehearsal', 'tolerance'])
def test_settings_out_of_range(name: str) -> None:
    with pytest.raises(ConfigError, match=f'{name}: expected a number in'):
        AdaptConfig(**{name: -0.1})


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = record(tmp_path / 'crops', portraits(2), 'happiness')
    faces = portraits(2)[:, :, :, 0]
    votes = np.zeros((2, 10), np.uint8)
    votes[:, 1] = 10
    np.savez(tmp_path / 'faces.npz', images=faces, votes=votes)
    words = ['--crops', str(folder), '--out', str(tmp_path), '--npz', str(tmp_path / 'faces.npz')]
    assert main(['train', 'adapt', *words]) == 0
    out = capsys.readouterr().out
    assert 'learned from 2 labels and 0 pseudo-labels, left out 0' in out
    assert '1.0000 before, 1.0000 after' in out
