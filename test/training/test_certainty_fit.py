from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from fer_ros.alignment import Landmarker
from fer_ros.cli.main import main
from fer_ros.errors import DataError, ModelError
from fer_ros.evaluation.ferplus import VotedFaces
from fer_ros.inference.factory import load_engine
from fer_ros.inference.manifest import Task, load_manifest
from fer_ros.inference.store import model_dir
from fer_ros.pipeline import PipelineConfig
from fer_ros.recognition import Reference
from fer_ros.recognition.certainty import HARDSHIPS, Certainty
from fer_ros.taxonomy import EMOTIONS
from fer_ros.training.certainty import add_certainty, fit_heat, least_norm


def test_the_heat_of_faces_that_are_answered_too_surely_is_found() -> None:
    rng = np.random.default_rng(0)
    count = 6_000
    honest = rng.normal(0, 1.5, (count, 8)).astype(np.float32)
    labels = (honest + rng.gumbel(size=honest.shape)).argmax(axis=1)
    hard = np.zeros((count, len(HARDSHIPS)))
    hard[: count // 2, 1] = 1.0  # blurred, and answered twice as surely as is right
    hard[count // 4 : count // 2, 2] = 0.5  # dark as well: which changes nothing
    logits = np.where(hard[:, 1:2] > 0, honest * 2, honest).astype(np.float32)
    fair, cautious = (
        dict(zip(HARDSHIPS, fit_heat(logits, hard, labels, caution=caution)))
        for caution in (1.0, 2.0)
    )
    assert fair['blur'] == pytest.approx(math.log(2.0), rel=0.15)
    assert fair['dark'] < 0.1
    assert fair['noise'] == cautious['noise'] == 0.0
    # Where a wrong answer counts twice, blurred faces have to be answered more shyly than is fair.
    assert cautious['blur'] > fair['blur'] + 0.1


def test_no_weight_is_negative() -> None:
    rng = np.random.default_rng(1)
    honest = rng.normal(0, 1.5, (4000, 8)).astype(np.float32)
    labels = (honest + rng.gumbel(size=honest.shape)).argmax(axis=1)
    hard = np.ones((4000, len(HARDSHIPS)))
    assert min(fit_heat(honest / 3, hard, labels)) == 0.0  # answered too shyly


def test_all_but_a_few_embeddings_are_longer() -> None:
    embeddings = np.zeros((1001, 3), np.float32)
    embeddings[:, 0] = np.arange(1001)
    assert least_norm(embeddings) == pytest.approx(10.0)
    assert least_norm(embeddings[:0]) == 0.0


@pytest.fixture(scope='module')
def landmarker() -> Landmarker:
    return Landmarker(load_engine(PipelineConfig().landmark_model, Task.FACE_LANDMARKS))


def faces() -> VotedFaces:
    data = pytest.importorskip('skimage.data', reason='scikit-image brings a free portrait')
    grey = cv2.cvtColor(data.astronaut()[60:190, 160:290], cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (48, 48), interpolation=cv2.INTER_AREA)
    votes = np.zeros((3, 10), np.uint8)
    votes[range(3), [1, 1, 8]] = 10
    return VotedFaces(np.stack([small, small[:, ::-1], small]), votes)


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Return a copy of the shipped model."""
    path = model_dir() / f'{PipelineConfig().expression_model}.yaml'
    entries = yaml.safe_load(path.read_text(encoding='utf-8'))
    (tmp_path / entries['file']).write_bytes((model_dir() / entries['file']).read_bytes())
    entries['options'].pop('certainty', None)
    entries['options'].pop('adaptation', None)
    copy = tmp_path / 'own.yaml'
    copy.write_text(yaml.safe_dump(entries, sort_keys=False), encoding='utf-8')
    return copy


def test_what_is_fitted_goes_into_the_manifest_and_nothing_else_changes(
    manifest: Path, landmarker: Landmarker, tmp_path: Path
) -> None:
    before = load_manifest(manifest)
    cache = tmp_path / 'degraded.npz'
    certainty = add_certainty(manifest, faces(), landmarker, cache=cache, draws=2)
    after = load_manifest(manifest)
    assert Certainty.from_options(after.options) == certainty
    assert certainty.least_norm > 0
    options = dict(after.options)
    del options['certainty']
    reference = Reference.from_options({'adaptation': options.pop('adaptation')}, EMOTIONS)
    assert reference.prior[EMOTIONS.index('happiness')] > 0.9  # of two smiles
    assert options == before.options
    assert (after.sha256, after.labels, after.temperature) == (
        before.sha256, before.labels, before.temperature,
    )  # fmt: skip
    with np.load(cache) as kept:
        assert kept['clean'].sum() == 2  # the face that nobody could read is left out
        assert set(kept['faces']) == {0, 1}
    assert add_certainty(manifest, faces(), landmarker, cache=cache) == certainty
    assert not list(tmp_path.glob('*.part*'))


def test_the_reference_is_as_shy_as_the_run_time(
    manifest: Path, landmarker: Landmarker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / 'degraded.npz'
    smiles = []
    for weight in (0.0, 2.0):
        heat = (weight,) * len(HARDSHIPS)
        monkeypatch.setattr('fer_ros.training.certainty.fit_heat', lambda *_, heat=heat: heat)
        add_certainty(manifest, faces(), landmarker, cache=cache, draws=1)
        reference = Reference.from_options(load_manifest(manifest).options, EMOTIONS)
        smiles.append(reference.prior[EMOTIONS.index('happiness')])
    assert smiles[1] < smiles[0] - 0.01


def test_the_int8_form_follows(manifest: Path, landmarker: Landmarker, tmp_path: Path) -> None:
    name = yaml.safe_load(manifest.read_text(encoding='utf-8'))['int8']
    shipped = yaml.safe_load((model_dir() / name).read_text(encoding='utf-8'))
    path = tmp_path / name
    path.write_text(yaml.safe_dump({**shipped, 'temperature': 2.0}), encoding='utf-8')
    before = manifest.read_bytes()
    with pytest.raises(ModelError, match='expected labels and temperature of own'):
        add_certainty(manifest, faces(), landmarker, draws=1)
    assert manifest.read_bytes() == before
    path.write_text(yaml.safe_dump(shipped), encoding='utf-8')
    certainty = add_certainty(manifest, faces(), landmarker, draws=1)
    first, second = load_manifest(manifest), load_manifest(path)
    assert Certainty.from_options(second.options) == certainty
    for key in ('certainty', 'adaptation'):
        assert second.options[key] == first.options[key]
    assert second.options['precision'] == 'int8'
    assert second.sha256 == shipped['sha256']


def test_a_broken_cache_changes_nothing(
    manifest: Path, landmarker: Landmarker, tmp_path: Path
) -> None:
    cache = tmp_path / 'degraded.npz'
    before = manifest.read_bytes()
    for write in (
        lambda: cache.write_bytes(b'none'),
        lambda: np.savez(cache, crops=np.zeros((2, 8, 8), np.uint8), hardships=np.zeros((2, 8)),
                         faces=np.zeros(2, int), clean=np.zeros(2, bool)),
    ):  # fmt: skip
        write()
        with pytest.raises(DataError, match='delete this file') as caught:
            add_certainty(manifest, faces(), landmarker, cache=cache)
        assert '\n' not in str(caught.value)
    assert manifest.read_bytes() == before


def test_faces_that_nobody_could_read_are_refused(manifest: Path, landmarker: Landmarker) -> None:
    unread = VotedFaces(np.zeros((2, 48, 48), np.uint8), np.zeros((2, 10), np.uint8))
    with pytest.raises(DataError, match='expected some with votes for an emotion'):
        add_certainty(manifest, unread, landmarker)


def test_the_command(manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    voted = faces()
    np.savez(tmp_path / 'faces.npz', images=voted.images, votes=voted.votes)
    words = ['--npz', str(tmp_path / 'faces.npz'), '--model', str(manifest), '--draws', '1']
    assert main(['train', 'certainty', *words]) == 0
    assert 'least_norm' in capsys.readouterr().out
    assert 'certainty' in load_manifest(manifest).options
    before = manifest.read_bytes()
    (tmp_path / load_manifest(manifest).file).write_bytes(b'another file')
    assert main(['train', 'certainty', *words]) == 2
    err = capsys.readouterr().err
    assert 'is corrupt or another file' in err
    assert len(err.strip().splitlines()) == 1
    assert manifest.read_bytes() == before
