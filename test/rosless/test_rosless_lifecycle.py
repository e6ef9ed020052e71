from __future__ import annotations

import pytest
from rclpy.lifecycle import LifecycleNode, State, TransitionCallbackReturn
from std_msgs.msg import String

SUCCESS = TransitionCallbackReturn.SUCCESS
FAILURE = TransitionCallbackReturn.FAILURE
ERROR = TransitionCallbackReturn.ERROR


class Managed(LifecycleNode):
    """Notes what it is asked, and answers as it is told."""

    def __init__(self):
        super().__init__('managed', namespace='rosless')
        self.asked, self.answers = [], {}

    def _answer(self, name, state):
        self.asked.append((name, state.label))
        answer = self.answers.get(name, SUCCESS)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def on_configure(self, state: State):
        return self._answer('configure', state)

    def on_activate(self, state: State):
        super().on_activate(state)
        return self._answer('activate', state)

    def on_deactivate(self, state: State):
        super().on_deactivate(state)
        return self._answer('deactivate', state)

    def on_cleanup(self, state: State):
        return self._answer('cleanup', state)

    def on_shutdown(self, state: State):
        return self._answer('shutdown', state)

    def on_error(self, state: State):
        return self._answer('error', state)


@pytest.fixture
def managed(context):
    node = Managed()
    yield node
    node.destroy_node()


def test_the_whole_way(managed):
    assert managed.trigger_configure() == SUCCESS
    assert managed.trigger_activate() == SUCCESS
    assert managed.trigger_deactivate() == SUCCESS
    assert managed.trigger_cleanup() == SUCCESS
    assert managed.trigger_shutdown() == SUCCESS
    assert managed.asked == [
        ('configure', 'unconfigured'), ('activate', 'inactive'), ('deactivate', 'active'),
        ('cleanup', 'inactive'), ('shutdown', 'unconfigured'),
    ]  # fmt: skip


def test_a_failure_stays_where_it_was(managed):
    managed.answers['configure'] = FAILURE
    assert managed.trigger_configure() == FAILURE
    managed.answers.clear()
    assert managed.trigger_configure() == SUCCESS


@pytest.mark.parametrize('answer', [ERROR, ValueError('broken')])
def test_an_error_is_recovered_from(managed, answer):
    managed.answers['configure'] = answer
    assert managed.trigger_configure() == ERROR
    assert managed.asked[-1] == ('error', 'unconfigured')
    managed.answers.clear()
    assert managed.trigger_configure() == SUCCESS


def test_an_error_that_is_not_recovered_from_ends_the_node(managed):
    managed.answers = {'configure': ERROR, 'error': FAILURE}
    assert managed.trigger_configure() == ERROR
    with pytest.raises(RuntimeError, match='finalized'):
        managed.trigger_configure()


@pytest.mark.parametrize('move', ['activate', 'deactivate', 'cleanup'])
def test_a_move_from_the_wrong_state_is_refused(managed, move):
    with pytest.raises(RuntimeError, match='unconfigured'):
        getattr(managed, f'trigger_{move}')()
    assert managed.asked == []


def test_a_managed_publisher_is_silent_unless_active(managed, node, spin_until):
    heard = []
    node.create_subscription(String, 'managed', lambda m: heard.append(m.data), 10)
    publisher = managed.create_lifecycle_publisher(String, 'managed', 10)
    spin_until(node, publisher.get_subscription_count, 'the subscription')
    publisher.publish(String(data='before'))
    managed.trigger_configure()
    managed.trigger_activate()
    publisher.publish(String(data='active'))
    managed.trigger_deactivate()
    publisher.publish(String(data='after'))
    managed.trigger_activate()
    publisher.publish(String(data='again'))
    spin_until(node, lambda: 'again' in heard, 'the last message')
    assert heard == ['active', 'again']
