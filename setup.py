"""Packaging for pip and colcon (ament_python) alike."""

from __future__ import annotations

from pathlib import Path

from setuptools import find_packages, setup

PACKAGE = 'fer_ros'
SHARE = f'share/{PACKAGE}'


def shared(*patterns: str) -> list[tuple[str, list[str]]]:
    """Return data_files entries that keep each file's folder below share/fer_ros."""
    files = sorted(path for pattern in patterns for path in Path().glob(pattern))
    return [(f'{SHARE}/{path.parent}', [str(path)]) for path in files]


setup(
    name=PACKAGE,
    version='0.1.0',
    description='Embodied facial expression recognition for ROS 2',
    # colcon's symlink install runs a link to this file in a folder without the README.
    long_description=(Path(__file__).resolve().parent / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    maintainer='fer_ros maintainers',
    maintainer_email='maintainers@fer-ros.org',
    license='Apache-2.0',
    packages=find_packages(include=[PACKAGE, f'{PACKAGE}.*']),
    package_data={
        PACKAGE: [
            '*/*.csv',
            'evaluation/datasets/layouts/*.yaml',
            'evaluation/replay/*.csv',
            'evaluation/replay/*.html',
            'generation/outputs/*.html',
            'rosless/msg/*/*.msg',
            'py.typed',
        ]
    },
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{PACKAGE}']),
        (SHARE, ['package.xml', 'LICENSE', 'NOTICE']),
        *shared(
            'config/**/*.*', 'launch/*.py', 'models/**/*.*', 'samples/*.*', 'fer_msgs/msg/*.msg'
        ),
    ],
    python_requires='>=3.10',
    install_requires=[
        'numpy>=1.26,<3',
        'opencv-python-headless>=4.8,<6',
        'onnxruntime>=1.17,<2',
        'pyyaml>=6,<7',
        'rich>=13,<16',
        'rosbags>=0.11,<0.12',
        # Pinned: rosless uses its private write, take and wait. No wheels for Linux on aarch64 nor
        # for Python 3.14: there, install ROS 2.
        'cyclonedds==11.0.1; python_version < "3.14" and '
        '(sys_platform != "linux" or platform_machine == "x86_64")',
    ],
    extras_require={
        'train': ['torch>=2.4,<3', 'onnx>=1.16,<2'],
        # ONNX Runtime on CUDA is another wheel of the same package: see docs/gpu.md.
        'gpu': ['torch>=2.4,<3', 'onnx>=1.16,<2'],
        'parquet': ['pyarrow>=14'],
        'ray': ['ray>=2.9,<3'],
        'avatar': ['aiohttp>=3.9,<4'],
        'view': ['opencv-python>=4.8,<6'],
        # colcon looks for pytest under this name.
        'test': ['pytest>=6.2,<10'],
        'convert': ['tflite>=2.10,<3', 'flatbuffers>=23', 'onnx>=1.16,<2'],
        'dev': [
            'aiohttp>=3.9,<4',
            'pytest>=8,<10',
            'pytest-xdist>=3,<4',
            'ruff==0.17.6',
            'mypy==2.4.1',
            'types-PyYAML',
            'scikit-image>=0.22',
            'onnx>=1.16,<2',
            'ai-edge-litert>=1.2,<3',
            'tflite>=2.10,<3',
            'flatbuffers>=23',
        ],
    },
    zip_safe=True,
    entry_points={
        'console_scripts': [
            'fer-ros = fer_ros.cli.main:main',
            'perception_node = fer_ros.nodes.executables:perception',
            'generation_node = fer_ros.nodes.executables:generation',
        ],
    },
)
