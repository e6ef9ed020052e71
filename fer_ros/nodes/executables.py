"""The nodes as executables, which can be told to end while their imports still take time."""

from __future__ import annotations

from fer_ros.blas import keep_to_one_thread
from fer_ros.nodes import signals


def perception() -> None:
    """Run ``ros2 run fer_ros perception_node``."""
    signals.listen()
    keep_to_one_thread()
    from fer_ros.nodes.perception_node import main

    main()


def generation() -> None:
    """Run ``ros2 run fer_ros generation_node``."""
    signals.listen()
    keep_to_one_thread()
    from fer_ros.nodes.generation_node import main

    main()
