"""Launch perception: ``ros2 launch fer_ros fer.launch.py image:=/camera/image_raw``."""

from __future__ import annotations

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import Action, Event, LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    ExecuteProcess,
    OpaqueFunction,
    RegisterEventHandler,
    Shutdown,
)
from launch.events import matches_action
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode
from launch_ros.event_handlers import OnStateTransition
from launch_ros.events.lifecycle import ChangeState
from lifecycle_msgs.msg import Transition

ARGUMENTS = {
    'image': ('/camera/image_raw', 'Image topic; its compressed form is <image>/compressed.'),
    'camera_info': ('', 'Calibration topic; empty: camera_info beside the image topic.'),
    'image_transport': ('', 'raw or compressed; empty: as the parameter file says.'),
    'params_file': ('', 'Parameter file; empty: config/fer.yaml of this package.'),
    'namespace': ('', 'Namespace of the node.'),
    'use_sim_time': ('false', 'Take the time of /clock; a bag sets this by itself.'),
    'autostart': ('true', 'Configure and activate at once.'),
    'device': ('', 'auto, cpu, cuda or tensorrt; empty: as the parameter file says.'),
    'generation': ('false', "Move the robot's own face as well."),
    'rig': ('', 'Rigs of the face: shipped names or files; empty: as its parameter file says.'),
    'generation_params_file': ('', 'Its parameter file; empty: config/generation.yaml.'),
    'bag': ('', 'Bag to replay into the node; the launch ends with it.'),
}
ON, OFF = ('true', '1', 'yes', 'on'), ('false', '0', 'no', 'off')


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments; what they make is decided when they are known."""
    declared = [
        DeclareLaunchArgument(name, default_value=default, description=text)
        for name, (default, text) in ARGUMENTS.items()
    ]
    return LaunchDescription([*declared, OpaqueFunction(function=_actions)])


def _actions(context: LaunchContext) -> list:
    """Return the nodes, what starts them, and the bag."""
    value = {name: LaunchConfiguration(name).perform(context) for name in ARGUMENTS}
    nodes = [_node(value)]
    if _true(value, 'generation'):
        nodes.append(_face_node(value))
    actions = list(nodes)
    if _true(value, 'autostart'):
        # By events: LifecycleNode(autostart=True) does not exist on Humble and Jazzy.
        for node in nodes:
            actions += [
                _activate_when_configured(node),
                _change(node, Transition.TRANSITION_CONFIGURE),
            ]
    if value['bag']:
        actions += _replay(value['bag'], nodes[0])
    return actions


def _node(value: dict[str, str]) -> LifecycleNode:
    """Return the perception node with the parameters that the arguments make."""
    file = _file(value, 'params_file', 'fer.yaml')
    chosen = {name: value[name] for name in ('image_transport', 'device') if value[name]}
    camera, slash, _ = value['image'].rpartition('/')
    info = value['camera_info'] or f'{camera}{slash}camera_info'
    return LifecycleNode(
        package='fer_ros',
        executable='perception_node',
        name='fer',
        namespace=value['namespace'],
        parameters=[file, {'use_sim_time': _simulated(value), **chosen}],
        remappings=[('image', value['image']), ('camera_info', info)],
        output='screen',
    )


def _face_node(value: dict[str, str]) -> LifecycleNode:
    """Return the node of the robot's face, beside what perception publishes."""
    file = _file(value, 'generation_params_file', 'generation.yaml')
    chosen = {'rig': value['rig']} if value['rig'] else {}
    return LifecycleNode(
        package='fer_ros',
        executable='generation_node',
        name='robot_face',
        namespace=f'{value["namespace"].rstrip("/")}/fer',
        parameters=[file, {'use_sim_time': _simulated(value), **chosen}],
        output='screen',
    )


def _replay(bag: str, node: LifecycleNode) -> list:
    """Return what plays a bag as soon as the node listens: its models take seconds to load."""
    command = ['ros2', 'bag', 'play', bag, '--clock']
    play = ExecuteProcess(cmd=command, output='screen', on_exit=_end)
    refused = Shutdown(reason='the node was not configured')
    return [
        _when(node, 'activating', 'active', play),
        _when(node, 'configuring', 'unconfigured', refused),
    ]


def _end(_: Event, context: LaunchContext) -> list:
    """Return what ends the launch with the bag, unless it is being ended already."""
    return [] if context.is_shutdown else [Shutdown(reason='the bag has ended')]


def _simulated(value: dict[str, str]) -> bool:
    return _true(value, 'use_sim_time') or bool(value['bag'])


def _change(node: LifecycleNode, transition: int) -> EmitEvent:
    """Return the event that moves a node on."""
    return EmitEvent(
        event=ChangeState(lifecycle_node_matcher=matches_action(node), transition_id=transition)
    )


def _activate_when_configured(node: LifecycleNode) -> RegisterEventHandler:
    """Return the handler that activates a node when it is configured for the first time."""
    activate = _change(node, Transition.TRANSITION_ACTIVATE)
    # Once: whoever configures the node later activates it as well.
    return _when(node, 'configuring', 'inactive', activate)


def _when(node: LifecycleNode, start: str, goal: str, action: Action) -> RegisterEventHandler:
    """Return the handler of a node's first transition between two states."""
    return RegisterEventHandler(
        OnStateTransition(
            target_lifecycle_node=node,
            start_state=start,
            goal_state=goal,
            entities=[action],
            handle_once=True,
        )
    )


def _file(value: dict[str, str], name: str, shipped: str) -> str:
    """Return a parameter file; of one that is not there, launch_ros would only warn."""
    share = Path(get_package_share_directory('fer_ros'))
    file = Path(value[name] or share / 'config' / shipped)
    if not file.is_file():
        raise ValueError(f'{name}: expected a YAML file, found none at {file}')
    return str(file)


def _true(value: dict[str, str], name: str) -> bool:
    """Return a switch; what is neither on nor off is a slip of the pen."""
    text = value[name].strip().lower()
    if text not in (*ON, *OFF):
        raise ValueError(f'{name}: expected true or false, found {value[name]!r}')
    return text in ON
