"""Packets, read by decoders that are written here and share nothing with what wrote them."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Iterator

import pytest

from fer_ros.errors import ConfigError
from fer_ros.generation import load_rig
from fer_ros.generation.outputs import (
    Datagrams,
    livelink_packet,
    osc_bundle,
    osc_messages,
)
from fer_ros.generation.outputs.livelink import BLENDSHAPES
from fer_ros.generation.portrait import portrait

aiohttp = pytest.importorskip('aiohttp', reason='needs the avatar extra')


def read_livelink(data: bytes) -> dict[str, object]:
    """Decode a LiveLink Face datagram, version 6."""
    at = 0

    def take(layout: str) -> tuple:  # type: ignore[type-arg]
        nonlocal at
        found = struct.unpack_from('>' + layout, data, at)
        at += struct.calcsize('>' + layout)
        return found

    [version] = take('B')
    [length] = take('i')
    [device] = take(f'{length}s')
    [length] = take('i')
    [subject] = take(f'{length}s')
    frame, fraction, rate, denominator = take('ifii')
    [count] = take('B')
    values = take(f'{count}f')
    assert at == len(data), 'bytes left over'
    return {
        'version': version, 'device': device, 'subject': subject.decode(), 'frame': frame,
        'fraction': fraction, 'rate': rate / denominator, 'values': values,
    }  # fmt: skip


def test_livelink_is_read_back() -> None:
    values = {'eyeBlinkLeft': 0.25, 'jawLeft': 0.1, 'jawOpen': 0.5, 'tongueOut': 0.75,
              'headYaw': 0.1, 'headPitch': -0.2, 'headRoll': 0.3,
              'eyeLookOutLeft': 0.5, 'eyeLookInRight': 0.5, 'eyeLookUpLeft': 1.0}  # fmt: skip
    data = livelink_packet(values, 'my robot', stamp_ns=1_508_000_000, rate_hz=60)
    found = read_livelink(data)
    assert (found['version'], found['subject'], found['rate']) == (6, 'my robot', 60.0)
    assert len(found['device']) == 36  # type: ignore[arg-type]
    assert found['frame'] == 90
    assert found['fraction'] == pytest.approx(0.48)
    told = found['values']
    assert isinstance(told, tuple)
    assert len(told) == 61
    # Places of Unreal's EARFaceBlendShape.
    places = {0: 0.25, 15: 0.1, 16: 0.0, 17: 0.5, 51: 0.75, 52: 0.1, 53: -0.2, 54: 0.3, 55: 0.3,
              56: -0.6, 58: 0.3, 59: 0.0}  # fmt: skip
    for place, value in places.items():
        assert told[place] == pytest.approx(value), place


def test_the_arkit_rig_has_every_blendshape() -> None:
    assert set(BLENDSHAPES) | {'headYaw', 'headPitch', 'headRoll'} == set(
        load_rig('arkit52').names
    )
    assert len(set(BLENDSHAPES)) == 52


def read_osc(data: bytes) -> list[tuple[str, list[object]]]:
    """Decode an OSC bundle or message."""
    if data[:8] == b'#bundle\0':
        at, found = 16, []
        while at < len(data):
            [length] = struct.unpack_from('>i', data, at)
            found += read_osc(data[at + 4 : at + 4 + length])
            at += 4 + length
        return found

    def text(at: int) -> tuple[str, int]:
        end = data.index(b'\0', at)
        return data[at:end].decode(), (end // 4 + 1) * 4

    address, at = text(0)
    types, at = text(at)
    arguments: list[object] = []
    for kind in types[1:]:
        if kind == 's':
            value, at = text(at)
            arguments.append(value)
        else:
            assert kind == 'f'
            arguments.append(struct.unpack_from('>f', data, at)[0])
            at += 4
    assert at == len(data)
    return [(address, arguments)]


def test_osc_of_both_dialects_is_read_back() -> None:
    values = {'jawOpen': 0.5, 'eyeBlinkLeft': 0.25, 'abc': 1.0}
    data = osc_bundle(osc_messages(values, 'vmc'))
    assert len(data) % 4 == 0
    assert struct.unpack_from('>Q', data, 8) == (1,)
    assert read_osc(data) == [
        *(('/VMC/Ext/Blend/Val', [name, value]) for name, value in values.items()),
        ('/VMC/Ext/Blend/Apply', []),
    ]
    assert read_osc(osc_bundle(osc_messages(values, 'vrchat'))) == [
        (f'/avatar/parameters/{name}', [value]) for name, value in values.items()
    ]


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(('127.0.0.1', 0))
        made.settimeout(5.0)
        yield made


def test_datagrams_stay_on_this_machine_unless_allowed(receiver: socket.socket) -> None:
    sender = Datagrams('127.0.0.1', receiver.getsockname()[1])
    sender.send(b'face')
    assert receiver.recv(100) == b'face'
    sender.close()
    for host in ('10.0.0.5', 'example.org', '0.0.0.0'):
        with pytest.raises(ConfigError, match='set allow_network'):
            Datagrams(host, 9000)
    Datagrams('192.0.2.1', 9000, allow_network=True).close()


def test_the_page_draws_what_it_is_told() -> None:
    from fer_ros.generation.outputs.page import PageServer

    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]
    server = PageServer('127.0.0.1', port)

    async def visit() -> None:
        async with aiohttp.ClientSession() as session:
            async with session.get(server.url) as answer:
                assert 'new WebSocket' in await answer.text()
            async with session.get(server.url + 'portrait.json') as answer:
                assert len((await answer.json())['points']) == len(portrait().names)
            async with session.ws_connect(server.url + 'units') as page:
                while not server.clients:
                    await asyncio.sleep(0.01)
                server.send({'expression': 'happy', 'units': {'12L': 0.5}})
                told = await asyncio.wait_for(page.receive_json(), 5.0)
                assert told == {'expression': 'happy', 'units': {'12L': 0.5}}
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(
                    server.url + 'units', headers={'Origin': 'http://elsewhere.org'}
                )

    asyncio.run(visit())
    with pytest.raises(ConfigError, match='expected a free port'):
        PageServer('127.0.0.1', port)
    server.close()
    with pytest.raises(ConfigError, match='allow_network'):
        PageServer('0.0.0.0', port)
