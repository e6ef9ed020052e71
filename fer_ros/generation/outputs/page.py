"""A web page that draws the avatar, and the WebSocket that tells it the units.

``http://HOST:PORT/`` is the page, ``/portrait.json`` what it draws, ``/units`` the WebSocket: one
JSON object a frame. A browser that falls behind gets the newest frame, never a queue.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fer_ros.errors import ConfigError, MissingExtra
from fer_ros.generation.avatar import default_portrait
from fer_ros.generation.outputs.udp import require_loopback

PAGE = Path(__file__).with_name('avatar.html')
START_S = 10.0


class PageServer:
    """Serves the page from a thread of its own."""

    def __init__(self, host: str, port: int, *, allow_network: bool = False) -> None:
        """Listen.

        :raises ConfigError: the host may not be used, or the port is taken.
        :raises MissingExtra: aiohttp is not installed.
        """
        require_loopback(host, allow_network=allow_network)
        try:
            from aiohttp import web
        except ImportError:
            raise MissingExtra('aiohttp', 'avatar', 'the web page of the avatar') from None
        self._web = web
        self._host, self._port = host, port
        self._newest = '{}'
        self._clients = 0
        self._loop = asyncio.new_event_loop()
        self._changed = asyncio.Event()
        self._started = threading.Event()
        self._error = ''
        self._thread = threading.Thread(target=self._serve, name='fer-avatar', daemon=True)
        self._thread.start()
        self._started.wait(START_S)
        if self._error:
            raise ConfigError(f'websocket {host}:{port}: expected a free port: {self._error}')

    @property
    def url(self) -> str:
        """Where the page is."""
        return f'http://{self._host}:{self._port}/'

    @property
    def clients(self) -> int:
        """How many pages are open."""
        return self._clients

    def send(self, frame: Mapping[str, Any]) -> None:
        """Show a frame to every page that is open."""
        if not self._clients:
            return
        self._newest = json.dumps(frame, separators=(',', ':'))
        self._loop.call_soon_threadsafe(self._changed.set)

    def close(self) -> None:
        """Stop serving."""
        if self._loop.is_running():
            self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5.0)

    def _serve(self) -> None:
        """Run the event loop of this thread until it is stopped."""
        asyncio.set_event_loop(self._loop)
        web = self._web
        app = web.Application()
        app.add_routes(
            [
                web.get('/', self._on_page),
                web.get('/portrait.json', self._on_portrait),
                web.get('/units', self._on_socket),
            ]
        )
        runner = web.AppRunner(app)
        try:
            self._loop.run_until_complete(runner.setup())
            self._loop.run_until_complete(web.TCPSite(runner, self._host, self._port).start())
        except OSError as error:
            self._error = error.strerror or str(error)
        self._started.set()
        if not self._error:
            self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.close()

    async def _on_page(self, request: Any) -> Any:
        text = PAGE.read_text(encoding='utf-8')
        return self._web.Response(text=text, content_type='text/html')

    async def _on_portrait(self, request: Any) -> Any:
        return self._web.json_response(default_portrait().as_json())

    async def _on_socket(self, request: Any) -> Any:
        """Send the newest frame whenever there is one, until the page goes."""
        # A page of another site must not read the robot's face.
        origin = request.headers.get('Origin')
        if origin is not None and origin != f'http://{request.host}':
            raise self._web.HTTPForbidden(text='expected a page of this server')
        socket = self._web.WebSocketResponse(heartbeat=10.0)
        await socket.prepare(request)
        self._clients += 1
        sender = asyncio.ensure_future(self._tell(socket))
        try:
            async for _ in socket:
                pass  # a page says nothing; this ends when it closes
        finally:
            sender.cancel()
            self._clients -= 1
        return socket

    async def _tell(self, socket: Any) -> None:
        """Send the newest frame whenever there is one."""
        try:
            while True:
                await self._changed.wait()
                self._changed.clear()
                await socket.send_str(self._newest)
        except ConnectionError:
            pass  # the page was closed while a frame was on its way
