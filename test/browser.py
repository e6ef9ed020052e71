"""A headless browser of the Chromium family over a pipe, for what only a browser can show.

The Chrome DevTools Protocol as NUL-ended JSON on descriptors 3 and 4, so nothing but the standard
library and the browser is needed: https://chromedevtools.github.io/devtools-protocol/.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PROGRAMS = ('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome')
TIMEOUT_S = 60.0
# The browser wants the pipes under these numbers.
LAUNCHER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.dup2(int(sys.argv[2]), 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
# Key codes that tell a page what is pressed where the text of the key does not.
CODES = {'Digit': 48, ' ': 32, 'ArrowLeft': 37, 'ArrowUp': 38, 'ArrowRight': 39, 'ArrowDown': 40}


def program() -> str | None:
    """Return the browser of this machine, or the one that FER_ROS_BROWSER names."""
    wanted = os.environ.get('FER_ROS_BROWSER')
    return wanted or next((found for name in PROGRAMS if (found := shutil.which(name))), None)


class Browser:
    """One page of a browser that reaches nothing but this machine."""

    def __init__(self, path: str, profile: Path) -> None:
        """Start it; ``close`` ends it."""
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self._count = 0
        self._session = ''
        self._pending = b''
        (theirs_in, ours_out), (ours_in, theirs_out) = os.pipe(), os.pipe()
        # High numbers, for 3 and 4 may be any of the four.
        theirs = [fcntl.fcntl(fd, fcntl.F_DUPFD, 64) for fd in (theirs_in, theirs_out)]
        self._process = subprocess.Popen(
            [
                sys.executable, '-c', LAUNCHER, *map(str, theirs),
                path, '--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run',
                '--disable-dev-shm-usage', '--disable-background-networking',
                '--disable-component-update', '--hide-scrollbars', '--remote-debugging-pipe',
                '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
                f'--user-data-dir={profile}', 'about:blank',
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            pass_fds=theirs,
        )  # fmt: skip
        for fd in (theirs_in, theirs_out, *theirs):
            os.close(fd)
        self._in, self._out = ours_in, ours_out
        targets = self._ask('Target.getTargets')['targetInfos']
        page = next(one['targetId'] for one in targets if one['type'] == 'page')
        attached = self._ask('Target.attachToTarget', targetId=page, flatten=True)
        self._session = attached['sessionId']
        for domain in ('Page', 'Runtime', 'Network', 'Log'):
            self._ask(f'{domain}.enable')

    def open(self, url: str, *, width: int = 1200, height: int = 900, dark: bool = False) -> None:
        """Load a page in a window of that size, in the light or the dark scheme."""
        self.requests.clear()
        self.complaints.clear()
        self._ask(
            'Emulation.setDeviceMetricsOverride',
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip
        scheme = {'name': 'prefers-color-scheme', 'value': 'dark' if dark else 'light'}
        self._ask('Emulation.setEmulatedMedia', features=[scheme])
        self._ask('Page.navigate', url=url)
        self.wait_for('document.readyState === "complete" && location.href !== "about:blank"')

    def evaluate(self, script: str) -> Any:
        """Return what a script gives in the page; an error there is one here."""
        found = self._ask(
            'Runtime.evaluate', expression=script, returnByValue=True, awaitPromise=True
        )
        if 'exceptionDetails' in found:
            raise RuntimeError(found['exceptionDetails']['exception'].get('description'))
        return found['result'].get('value')

    def wait_for(self, script: str) -> None:
        """Wait until a script in the page gives something true."""
        end_s = time.monotonic() + TIMEOUT_S
        while not self.evaluate(script):
            if time.monotonic() > end_s:
                raise TimeoutError(f'expected {script} in the page, found it false')
            time.sleep(0.02)

    def press(self, key: str, *, code: str = '', shift: bool = False) -> None:
        """Press a key and let it go.

        :param key: as ``KeyboardEvent.key`` has it.
        :param code: the place on the keyboard; found by the key where it is a digit.
        """
        code = code or (f'Digit{key}' if key.isdigit() else key)
        number = 48 + int(code[-1]) if code.startswith('Digit') else CODES.get(key, 0)
        both: dict[str, Any] = {
            'key': key, 'code': code, 'modifiers': 8 * shift, 'windowsVirtualKeyCode': number,
        }  # fmt: skip
        self._ask('Input.dispatchKeyEvent', type='keyDown', **both)
        self._ask('Input.dispatchKeyEvent', type='keyUp', **both)

    def click(self, x: float, y: float) -> None:
        """Click at a place of the window."""
        for kind in ('mousePressed', 'mouseReleased'):
            self._ask('Input.dispatchMouseEvent', type=kind, x=x, y=y, button='left', clickCount=1)

    def screenshot(self, path: Path) -> None:
        """Write the whole page as a PNG."""
        size = self._ask('Page.getLayoutMetrics')['cssContentSize']
        found = self._ask(
            'Page.captureScreenshot', captureBeyondViewport=True, clip={**size, 'scale': 1}
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(found['data']))

    def close(self) -> None:
        """End the browser."""
        os.close(self._out)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._in)

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and return its answer; what happens meanwhile is noted."""
        self._count += 1
        command: dict[str, Any] = {'id': self._count, 'method': method, 'params': parameters}
        if self._session:
            command['sessionId'] = self._session
        os.write(self._out, json.dumps(command).encode() + b'\0')
        end_s = time.monotonic() + TIMEOUT_S
        while True:
            message = self._next(end_s)
            if message.get('id') == self._count:
                if 'error' in message:
                    raise RuntimeError(f'{method}: {message["error"]["message"]}')
                result: dict[str, Any] = message['result']
                return result
            self._note(message.get('method', ''), message.get('params', {}))

    def _next(self, end_s: float) -> dict[str, Any]:
        while b'\0' not in self._pending:
            ready, _, _ = select.select([self._in], [], [], max(end_s - time.monotonic(), 0))
            data = os.read(self._in, 1 << 20) if ready else b''
            if not data:
                raise TimeoutError('expected an answer of the browser, found none')
            self._pending += data
        line, _, self._pending = self._pending.partition(b'\0')
        found: dict[str, Any] = json.loads(line)
        return found

    def _note(self, event: str, content: dict[str, Any]) -> None:
        if event == 'Network.requestWillBeSent':
            self.requests.append(content['request']['url'])
        elif event == 'Runtime.exceptionThrown':
            self.complaints.append(content['exceptionDetails']['text'])
        elif event == 'Log.entryAdded':
            self.complaints.append(content['entry']['text'])
        elif event == 'Runtime.consoleAPICalled' and content['type'] in ('error', 'warning'):
            self.complaints.append(str(content['args']))
