"""The robot's own face: expressions, policies, motion, safety and rigs."""

from fer_ros.generation.attention import Person, Target
from fer_ros.generation.director import Aim, Director, DirectorConfig
from fer_ros.generation.face import Face
from fer_ros.generation.layers import LayerConfig
from fer_ros.generation.library import Library, load_library
from fer_ros.generation.policies import Policies, load_policies
from fer_ros.generation.profiles import NO_PROFILES, Profiles, load_profiles
from fer_ros.generation.requests import Request, RequestState, RequestStatus
from fer_ros.generation.rig import Output, OutputKind, Rig
from fer_ros.generation.rig_file import load_rig, read_rig, rig_path, shipped_rigs
from fer_ros.generation.safety import Stop

__all__ = [
    'NO_PROFILES',
    'Aim',
    'Director',
    'DirectorConfig',
    'Face',
    'LayerConfig',
    'Library',
    'Output',
    'OutputKind',
    'Person',
    'Policies',
    'Profiles',
    'Request',
    'RequestState',
    'RequestStatus',
    'Rig',
    'Stop',
    'Target',
    'load_library',
    'load_policies',
    'load_profiles',
    'load_rig',
    'read_rig',
    'rig_path',
    'shipped_rigs',
]
