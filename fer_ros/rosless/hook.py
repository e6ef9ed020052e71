"""The import hook: ``import rclpy`` and ``from sensor_msgs.msg import Image`` without ROS 2."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from fer_ros.errors import MiddlewareError

PACKAGES = (
    'builtin_interfaces', 'diagnostic_msgs', 'fer_msgs', 'geometry_msgs', 'hri_msgs',
    'lifecycle_msgs', 'rcl_interfaces', 'rosgraph_msgs', 'sensor_msgs', 'std_msgs', 'tf2_msgs',
    'trajectory_msgs',
)  # fmt: skip

# rclpy's modules and what of ours stands in for them.
MODULES = {
    'rclpy': ('context', 'executors'),
    'rclpy.context': ('context',),
    'rclpy.node': ('node',),
    'rclpy.lifecycle': ('lifecycle',),
    'rclpy.qos': ('qos',),
    'rclpy.executors': ('executors', 'context'),
    'rclpy.callback_groups': ('callback_groups',),
    'rclpy.event_handler': ('events',),
    'rclpy.publisher': ('entities',),
    'rclpy.subscription': ('entities',),
    'rclpy.timer': ('entities',),
    'rclpy.parameter': ('parameters',),
    'rclpy.exceptions': ('parameters',),
    'rclpy.time': ('time',),
    'rclpy.duration': ('time',),
    'rclpy.clock': ('time',),
    'rclpy.logging': ('logging',),
    'rclpy.serialization': ('serialization',),
    'rclpy.signals': ('signals',),
}


class _Messages(ModuleType):
    """``<package>.msg``: message classes, made when they are asked for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith('__'):
            raise AttributeError(name)
        from fer_ros.rosless.messages import message_class

        package = self.__name__.partition('.')[0]
        try:
            found = message_class(f'{package}/msg/{name}')
        except MiddlewareError as error:
            raise AttributeError(str(error)) from None
        setattr(self, name, found)
        return found


class _Loader(Loader):
    """Fills the modules that stand in for ROS 2's."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Make an empty module."""
        kind = _Messages if spec.name.endswith('.msg') else ModuleType
        return kind(spec.name, 'Stand-in of fer_ros for a ROS 2 package.')

    def exec_module(self, module: ModuleType) -> None:
        """Put our names in."""
        for part in MODULES.get(module.__name__, ()):
            ours = importlib.import_module(f'fer_ros.rosless.{part}')
            vars(module).update(
                (name, value)
                for name, value in vars(ours).items()
                if name[0] != '_' and not isinstance(value, ModuleType)
            )


class _Finder(MetaPathFinder):
    """Finds the stand-ins."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return a spec for what we stand in for."""
        package, _, rest = fullname.partition('.')
        if package in PACKAGES and rest in ('', 'msg'):
            return ModuleSpec(fullname, _Loader(), is_package=not rest)
        if fullname in MODULES:
            return ModuleSpec(fullname, _Loader(), is_package=fullname == 'rclpy')
        if package == 'rclpy':
            raise ModuleNotFoundError(
                f'{fullname} is not part of rosless: install ROS 2 with rclpy', name=fullname
            )
        return None


_finder = _Finder()


def available() -> bool:
    """Tell whether the real rclpy can be imported."""
    if _finder in sys.meta_path:
        return False
    return importlib.util.find_spec('rclpy') is not None


def install(*, force: bool = False) -> bool:
    """Stand in for ROS 2 where it is not installed; return whether we do.

    :param force: stand in even where rclpy can be imported, as ``FER_ROS_ROSLESS=1`` does.
    """
    if _finder in sys.meta_path:
        return True
    if available():
        if not (force or os.environ.get('FER_ROS_ROSLESS') == '1'):
            return False
        if 'rclpy' in sys.modules:
            raise MiddlewareError(
                'rosless: expected to be installed before rclpy is imported, found it imported'
            )
    # First: a checkout's own folder fer_msgs would be taken for a package otherwise.
    sys.meta_path.insert(0, _finder)
    return True
