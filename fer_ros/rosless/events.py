"""rclpy.event_handler: accepted and not used, peers whose QoS do not fit are always reported."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherEventCallbacks:
    """What is called when something happens to a publisher: nothing here."""

    use_default_callbacks: bool = True


class SubscriptionEventCallbacks(PublisherEventCallbacks):
    """What is called when something happens to a subscription: nothing here."""
