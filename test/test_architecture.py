"""The import rule of docs/architecture.md, read from the code itself."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / 'fer_ros'
VOCABULARY = {'types', 'taxonomy', 'errors', 'config', 'roi', 'facs'}
ROOMS = {'sources', 'detection', 'alignment', 'recognition', 'generation'}
ABOVE = VOCABULARY | ROOMS | {'inference', 'pipeline'}
ALLOWED = {
    **dict.fromkeys(VOCABULARY, VOCABULARY),
    **{room: VOCABULARY | {'inference'} for room in ROOMS},
    'inference': VOCABULARY,
    'device': VOCABULARY | ROOMS | {'inference'},
    'pipeline': VOCABULARY | ROOMS | {'inference', 'device'},
    'evaluation': ABOVE,
    'training': ABOVE | {'evaluation'},
    'nodes': ABOVE | {'blas'},
    'rosless': {'errors'},
    'cli': ABOVE | {'evaluation', 'training', 'nodes', 'rosless', 'blas', ''},
}
# Where packages that not every machine has may be imported.
HOMES = {
    'torch': {'training', 'inference', 'device'},
    'rclpy': {'nodes', 'cli'},
    'sensor_msgs': {'nodes'},
    'hri_msgs': {'nodes'},
    'fer_msgs': {'nodes', 'cli'},
    'cyclonedds': {'rosless'},
    'trajectory_msgs': {'nodes'},
    'onnxruntime': {'inference', 'training'},
    'aiohttp': {'generation'},
    'tensorrt': {'inference'},
    'mediapipe': {'detection', 'evaluation'},
}
# And in a room that has to start without them, the only files and folders that may; nothing
# imports those but on demand.
FILES_OF = {
    'torch': {'torch_engine.py', 'torch_graph.py', 'torch_operators'},
    'onnxruntime': {'onnxruntime_engine.py', 'forms.py', 'balance.py'},
    'tensorrt': {'tensorrt_engine.py'},
}
# What comes with the package, an extra, the peers of the benchmark, or ROS. Anything else may lie
# in a developer's environment and be missing on a robot.
KNOWN = {
    'cv2', 'cyclonedds', 'numpy', 'onnxruntime', 'rich', 'rosbags', 'yaml',
    'aiohttp', 'onnx', 'pyarrow', 'ray', 'tensorrt', 'torch',
    'fer', 'mediapipe',
    'builtin_interfaces', 'diagnostic_msgs', 'fer_msgs', 'geometry_msgs', 'hri_msgs',
    'rcl_interfaces', 'rclpy', 'rosgraph_msgs', 'sensor_msgs', 'std_msgs', 'tf2_msgs',
    'trajectory_msgs',
}  # fmt: skip
FILES = sorted(PACKAGE.rglob('*.py'))


def imports(path: Path) -> set[str]:
    """Return every module that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
            if node.module == 'fer_ros':
                found |= {f'fer_ros.{alias.name}' for alias in node.names if alias.name[0] != '_'}
    return found


def room_of(path: Path) -> str:
    """Return the room that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix('.py')


def test_finds_the_files_and_their_imports() -> None:
    assert len(FILES) > 60
    found = imports(PACKAGE / 'pipeline' / 'pipeline.py')
    assert {'fer_ros.detection', 'fer_ros.alignment'} <= found


@pytest.mark.parametrize('path', FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_rooms_import_only_what_they_may(path: Path) -> None:
    room = room_of(path)
    if room == '__init__':
        return
    for name in imports(path):
        parts = name.split('.')
        if parts[0] == 'fer_ros' and len(parts) > 1 and parts[1] != room:
            assert parts[1] in ALLOWED[room], f'{path}: {room} must not import {name}'


@pytest.mark.parametrize('path', FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_special_packages_stay_at_home(path: Path) -> None:
    for name in imports(path):
        homes = HOMES.get(name.split('.')[0])
        if homes is not None:
            assert room_of(path) in homes, f'{path} imports {name}'
        files = FILES_OF.get(name.split('.')[0])
        if files is not None and room_of(path) == 'inference':
            assert files & {path.name, path.parent.name}, f'{path} imports {name}'


def test_nothing_is_imported_that_no_installation_brings() -> None:
    found = {name.split('.')[0] for path in FILES for name in imports(path)}
    assert found - set(sys.stdlib_module_names) - {'fer_ros'} <= KNOWN


def test_inference_starts_without_torch() -> None:
    code = (
        'import sys; from importlib.abc import MetaPathFinder\n'
        'class No(MetaPathFinder):\n'
        '    def find_spec(self, name, path=None, target=None):\n'
        '        assert name.split(".")[0] not in ("torch", "onnx", "tensorrt"), name\n'
        'sys.meta_path.insert(0, No())\n'
        'import fer_ros.pipeline; fer_ros.pipeline.Pipeline()'
    )
    subprocess.run([sys.executable, '-c', code], check=True)


@pytest.mark.parametrize('path', FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_clock_below_nodes_and_cli(path: Path) -> None:
    if room_of(path) in ('nodes', 'cli', 'rosless', 'training', 'evaluation'):
        return
    assert not imports(path) & {'time', 'datetime'}, f'{path} reads a clock'
