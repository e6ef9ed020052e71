"""The replay of a source of one second: files, scores, going on, and equality with a live run."""

from __future__ import annotations

import errno
import json
import os
import pickle
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from made_clip import FRAMES

from fer_ros.cli.eval.interrupts import Interrupts
from fer_ros.cli.eval.replay_job import ReplayJob, run_job
from fer_ros.cli.main import main
from fer_ros.evaluation.replay.compare import compare
from fer_ros.evaluation.replay.files import Outcome, ReplayFiles
from fer_ros.evaluation.replay.table import Table

LABELS = 'start_s,end_s,label\n0,0.5,happy\n0.5,1,sad\n'


@pytest.fixture(scope='module')
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp('labels') / 'made.csv'
    path.write_text(LABELS, encoding='utf-8')
    return path


@pytest.fixture(scope='module')
def whole(
    made_clip: Path, labels: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, ReplayJob]:
    """Replay once without a break."""
    out = tmp_path_factory.mktemp('whole')
    job = ReplayJob(str(made_clip), out, labels=str(labels), keep_crops=True)
    outcome = run_job(job, ignore)
    assert outcome.summary['complete'], outcome.summary
    return out, job


def ignore(frames: int, total: int | None) -> None:
    pass


def frames_told(job: ReplayJob) -> list[int]:
    """Run a job; return the numbers of the frames that it took."""
    told: list[int] = []

    def tell(frames: int, total: int | None) -> None:
        assert total == FRAMES
        told.append(frames)

    run_job(job, tell)
    return told


def summary_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / 'summary.json').read_text(encoding='utf-8'))
    return found


def timeless(summary: dict[str, Any]) -> dict[str, Any]:
    """Leave out what no two runs have in common."""
    return {
        name: value
        for name, value in summary.items()
        if name not in ('latency_ms', 'inference_ms', 'speed')
    }


def test_figures_for_programs(
    made_clip: Path, labels: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ['eval', 'replay', '--source', str(made_clip), '--labels', str(labels), '--json']
    assert main(words) == 0
    figures = json.loads(capsys.readouterr().out)
    # The face smiles in every frame; half of them are labelled so.
    assert figures['labelled_frames'] == FRAMES
    assert pytest.approx(8 / 15, abs=1e-5) == figures['WAR']
    assert figures['UAR'] == 0.5
    assert figures['flips_per_frame'] == 0.0
    assert figures['event_recall'] == 0.0
    assert 'event_precision' in figures
    assert figures['frames_processed'] == FRAMES


def test_files(whole: tuple[Path, ReplayJob]) -> None:
    out, _ = whole
    expected = {'results.mcap', 'results.csv', 'summary.json', 'report.html', 'answers.npz'}
    assert expected <= {path.name for path in out.iterdir()} <= expected | {'results.parquet'}
    report = (out / 'report.html').read_text(encoding='utf-8')
    assert 'Against the labels' in report
    assert 'src="data:image/jpeg;base64,' in report
    assert not re.search(r'https?://', report.replace('http://www.w3.org/2000/svg', ''))
    assert not re.search(r'<(?:link|iframe|script)\b|\bsrc\s*=\s*["\'](?!data:)|@import', report)


def test_a_run_that_was_interrupted_goes_on_as_if_it_had_not_been(
    whole: tuple[Path, ReplayJob], tmp_path: Path
) -> None:
    out, job = whole

    def stop(frames: int, total: int | None) -> None:
        if frames == 9:
            raise KeyboardInterrupt

    begun = replace(job, folder=tmp_path, segment=4)
    with pytest.raises(KeyboardInterrupt):
        run_job(begun, stop)
    partial = summary_of(tmp_path)
    assert (partial['complete'], partial['frames_processed']) == (False, 9)
    assert compare(tmp_path / 'results.mcap', out / 'results.mcap').compared > 9
    told = frames_told(begun)
    assert told == list(range(10, FRAMES + 1))
    same = compare(tmp_path / 'results.mcap', out / 'results.mcap')
    assert same.equal, same
    assert not same.only_a + same.only_b
    assert timeless(summary_of(tmp_path)) == timeless(summary_of(out))
    assert not (tmp_path / '.parts').exists()


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_within_a_frame_waits_for_its_end(
    whole: tuple[Path, ReplayJob],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: signal.Signals,
) -> None:
    out, job = whole
    begun = replace(job, folder=tmp_path)
    write, written = ReplayFiles.message, []

    def message(files: ReplayFiles, topic: str, *rest: Any) -> None:
        written.append(topic)
        if len(written) == 20:
            signal.raise_signal(number)
        write(files, topic, *rest)

    monkeypatch.setattr(ReplayFiles, 'message', message)
    with pytest.raises(KeyboardInterrupt):
        run_job(begun, ignore)
    assert 0 < summary_of(tmp_path)['frames_processed'] < FRAMES
    run_job(begun, ignore)
    same = compare(tmp_path / 'results.mcap', out / 'results.mcap')
    assert same.equal, same
    assert not same.only_a + same.only_b
    assert timeless(summary_of(tmp_path)) == timeless(summary_of(out))


def test_an_interrupt_does_not_stop_files_that_are_being_written(
    whole: tuple[Path, ReplayJob], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, job = whole
    finish = ReplayFiles.finish

    def interrupted(files: ReplayFiles, *words: Any, **more: Any) -> Outcome:
        signal.raise_signal(signal.SIGINT)
        return finish(files, *words, **more)

    monkeypatch.setattr(ReplayFiles, 'finish', interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_job(replace(job, folder=tmp_path), ignore)
    assert summary_of(tmp_path)['complete']
    assert not (tmp_path / '.parts').exists()


def test_a_disk_without_room_is_one_line_and_it_goes_on_from_what_was_saved(
    whole: tuple[Path, ReplayJob], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, job = whole
    begun = replace(job, folder=tmp_path, segment=4)
    add, rows = Table.add, []

    def no_room(table: Table, *words: Any) -> None:
        rows.append(words)
        if len(rows) > 6:  # two frames behind the first segment
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        add(table, *words)

    with monkeypatch.context() as context:
        context.setattr(Table, 'add', no_room)
        outcome = run_job(begun, ignore)
    assert 'found: No space left on device; the same command goes on' in outcome.summary['error']
    assert frames_told(begun) == list(range(5, FRAMES + 1))
    same = compare(tmp_path / 'results.mcap', out / 'results.mcap')
    assert same.equal, same
    assert not same.only_a + same.only_b


def test_a_second_interrupt_does_not_wait() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Interrupts():
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) == before


def test_after_a_crash_it_goes_on_behind_the_last_segment(
    whole: tuple[Path, ReplayJob], tmp_path: Path
) -> None:
    out, job = whole
    begun = replace(job, folder=tmp_path, segment=4)
    code = (
        'import os, pickle, sys\n'
        'from fer_ros.cli.eval.replay_job import run_job\n'
        'job = pickle.loads(bytes.fromhex(sys.argv[1]))\n'
        'run_job(job, lambda frames, total: os._exit(3) if frames == 10 else None)\n'
    )
    done = subprocess.run([sys.executable, '-c', code, pickle.dumps(begun).hex()], check=False)
    assert done.returncode == 3
    told = frames_told(begun)
    assert told[0] == 9
    same = compare(tmp_path / 'results.mcap', out / 'results.mcap')
    assert same.equal, same


def test_what_is_finished_is_not_done_again(whole: tuple[Path, ReplayJob]) -> None:
    out, job = whole
    before = (out / 'results.mcap').stat().st_mtime_ns
    again = run_job(job, ignore)
    assert (out / 'results.mcap').stat().st_mtime_ns == before
    assert again.summary == summary_of(out)
    assert again.said is not None
    assert again.said.labels.tolist() == [1] * 8 + [3] * 7


def test_a_file_that_changes_in_its_folder_makes_another_run(
    whole: tuple[Path, ReplayJob], made_clip: Path, tmp_path: Path
) -> None:
    # The folder itself looks the same: nothing came or went.
    labels, stills = tmp_path / 'labels', tmp_path / 'stills'
    for folder in (labels, stills):
        folder.mkdir()
    (labels / 'made.csv').write_text(LABELS, encoding='utf-8')
    (stills / '1.png').write_bytes(b'one')
    job = ReplayJob(str(made_clip), None, labels=str(labels))
    still = ReplayJob(str(stills), None)
    before = [one.identity({}) for one in (job, still)]
    assert [one.identity({}) for one in (job, still)] == before
    (labels / 'made.csv').write_text(LABELS + '2,3,sad\n', encoding='utf-8')
    (stills / '1.png').write_bytes(b'two!')
    now = [one.identity({}) for one in (job, still)]
    assert [was == is_now for was, is_now in zip(before, now)] == [False, False]
    (labels / 'other.csv').write_text(LABELS, encoding='utf-8')
    assert job.identity({}) == now[0]


def test_other_parameters_are_another_run(whole: tuple[Path, ReplayJob], tmp_path: Path) -> None:
    _, job = whole
    run_job(replace(job, folder=tmp_path), ignore)
    other = replace(job, folder=tmp_path, parameters={'smoothing_s': 0.0})
    assert run_job(other, ignore).summary['job']['parameters'] == {'smoothing_s': 0.0}


def test_messages_are_the_same_at_any_rate(whole: tuple[Path, ReplayJob], tmp_path: Path) -> None:
    out, job = whole
    run_job(replace(job, folder=tmp_path, rate=4.0), ignore)
    same = compare(tmp_path / 'results.mcap', out / 'results.mcap')
    assert same.equal
    assert same.compared == sum(1 for _ in read(out / 'results.mcap'))


def read(path: Path) -> Iterator[Any]:
    from rosbags.highlevel import AnyReader

    with AnyReader([path]) as reader:
        yield from reader.messages()


@pytest.mark.xdist_group('dds')
def test_messages_are_those_of_the_live_node(
    whole: tuple[Path, ReplayJob], made_clip: Path, tmp_path: Path
) -> None:
    # In lockstep, so that a busy machine drops no frame.
    words = ['run', str(made_clip), '--out', str(tmp_path), '--source-stamps', '--lockstep']
    command = [sys.executable, '-m', 'fer_ros.cli.main', *words, '-p', 'max_age_s:=0.0']
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    same = compare(tmp_path / 'results.mcap', whole[0] / 'results.mcap')
    assert same.equal, same
    assert same.compared >= 2 * FRAMES


def test_another_label_margin_is_named(whole: tuple[Path, ReplayJob], tmp_path: Path) -> None:
    out, job = whole
    run_job(replace(job, folder=tmp_path, parameters={'onset_intensity': 1.0}), ignore)
    found = compare(out / 'results.mcap', tmp_path / 'results.mcap')
    assert not found.equal
    assert found.first is not None
    assert (found.first.topic, found.first.field) == ('/fer/expressions', 'faces[0].phase')


def test_several_sources_side_by_side(
    made_clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for emotion in ('happy', 'sad'):
        (tmp_path / 'set' / emotion).mkdir(parents=True)
        (tmp_path / 'set' / emotion / 'clip.avi').symlink_to(made_clip)
    (tmp_path / 'set' / 'sad' / 'cut.mcap').write_bytes(b'no bag')
    words = ['eval', 'replay', '--source', str(tmp_path / 'set'), '--labels', 'folders']
    out = tmp_path / 'out'
    assert main([*words, '--out', str(out), '--jobs', '2', '--json']) == 1
    printed, complaint = capsys.readouterr()
    assert 'cut.mcap' in complaint
    figures = json.loads(printed)
    assert (figures['WAR'], figures['UAR'], figures['frames']) == (0.5, 0.5, 2 * FRAMES)
    assert not figures['complete']
    assert len(figures['sources']) == 3
    page = (out / 'report.html').read_text(encoding='utf-8')
    for name in ('happy__clip.avi', 'sad__clip.avi'):
        assert f'href="{name}/report.html"' in page
        assert (out / name / 'results.mcap').is_file()


def test_a_cluster_gives_the_same(
    whole: tuple[Path, ReplayJob],
    made_clip: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip('ray', reason='needs Ray (the ray extra)')
    copies = [tmp_path / f'{name}.avi' for name in 'ab']
    for copy in copies:
        copy.symlink_to(made_clip)
    words = ['eval', 'replay', '--source', *map(str, copies), '--labels', whole[1].labels]
    # A cluster of as many workers as this machine has cores.
    assert main([*words, '--out', str(tmp_path / 'out'), '--ray', 'local', '--json']) == 0
    figures = json.loads(capsys.readouterr().out)
    assert pytest.approx(8 / 15, abs=1e-5) == figures['WAR']
    for copy in copies:
        same = compare(tmp_path / 'out' / copy.name / 'results.mcap', whole[0] / 'results.mcap')
        assert same.equal, same


def test_without_ray_the_extra_is_named(
    made_clip: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, 'ray', None)
    assert main(['eval', 'replay', '--source', str(made_clip), '--ray', 'local']) == 2
    assert "pip install 'fer_ros[ray]'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ('words', 'expected'),
    [
        (['/nowhere.mp4'], '/nowhere.mp4: expected a video'),
        (['{clip}', '--labels', '/none.csv'], '/none.csv: expected a CSV of labels'),
        (['{clip}', '--rate', '-1'], 'rate: expected a speed in [0, 100]'),
        (['{clip}', '-p', 'smoothing:=1'], 'parameter smoothing: expected one of the perception'),
        (['{clip}', '-p', 'smoothing_s:=-1.0'], 'smoothing_s: expected a value in [0, 10]'),
        (['{clip}', '-p', 'adaptive_rate:=3'], 'parameter adaptive_rate: expected bool, found 3'),
        (['{clip}', '--jobs', '0'], 'jobs: expected 1 or more, found 0'),
        (['{sample}', '--topic', '/none'], "expected images on '/none', found image topics: /"),
    ],
)
def test_a_bad_start_is_one_line(
    words: list[str],
    expected: str,
    made_clip: Path,
    sample: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = [word.format(clip=made_clip, sample=sample) for word in words]
    assert main(['eval', 'replay', '--quiet', '--source', *words]) == 2
    out, err = capsys.readouterr()
    assert out == ''
    assert expected in err
    assert len(err.strip().splitlines()) == 1, err


def test_compare_tells_by_its_exit_status(
    whole: tuple[Path, ReplayJob], capsys: pytest.CaptureFixture[str]
) -> None:
    results = str(whole[0] / 'results.mcap')
    assert main(['eval', 'compare', results, results]) == 0
    assert capsys.readouterr().out.startswith('equal: ')


def test_a_recording_that_is_cut_off_is_told_and_is_not_equal(
    whole: tuple[Path, ReplayJob], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = whole[0] / 'results.mcap'
    content = results.read_bytes()
    (tmp_path / 'cut.mcap').write_bytes(content[: len(content) * 2 // 3])
    assert main(['eval', 'compare', str(results), str(tmp_path / 'cut.mcap'), '--json']) == 1
    found = json.loads(capsys.readouterr().out)
    assert found['only_a']['/fer/expressions'] > 0
    assert any('cut.mcap: the file is cut off or damaged' in note for note in found['notes'])
