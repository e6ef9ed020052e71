"""An engine that goes on: a GPU that fails in mid-run is followed by the CPU at once."""

from __future__ import annotations

import threading
from collections.abc import Callable

from fer_ros.errors import DeviceError, FerError
from fer_ros.inference.engine import Engine
from fer_ros.inference.manifest import Manifest
from fer_ros.types import Float32


class ServingEngine:
    """Runs the best engine that there is at the moment.

    An error of CUDA sticks to its process: whatever else uses the GPU fails too. So after a
    failure it is the CPU's turn, loaded beforehand, and the batch at hand is run again there.
    """

    def __init__(
        self,
        engine: Engine,
        spare: Engine,
        better: Callable[[], Engine | None] | None = None,
    ) -> None:
        """Take an engine and the one to go on with.

        :param better: returns an engine that is still being made once it is ready, None until
            then; raises FerError where it will never be.
        """
        self._engine = engine
        self._spare = spare
        self._better = better
        self._note = ''
        self._lock = threading.Lock()

    @property
    def manifest(self) -> Manifest:
        """The model that it runs."""
        return self._engine.manifest

    @property
    def backend(self) -> str:
        """Backend and precision in use now."""
        return self._engine.backend

    @property
    def reason(self) -> str:
        """Why it is this backend, failures first."""
        return '; '.join(filter(None, (self._note, self._engine.reason)))

    @property
    def failed(self) -> bool:
        """Whether it had to leave its device."""
        return self._engine is self._spare and bool(self._note)

    @property
    def engine(self) -> Engine:
        """The engine in use now."""
        return self._engine

    def run(self, batch: Float32, **others: Float32) -> tuple[Float32, ...]:
        """Run a batch, again on the CPU where the device fails."""
        if self._better is not None:
            self._upgrade()
        engine = self._engine
        try:
            return engine.run(batch, **others)
        except DeviceError as error:
            if engine is self._spare:
                raise
            self._leave(engine, str(error))
        return self._spare.run(batch, **others)

    def _upgrade(self) -> None:
        """Change to the better engine once it is ready."""
        with self._lock:
            if self._better is None:
                return
            try:
                engine = self._better()
            except FerError as error:
                self._better, self._note = None, str(error)
                return
            if engine is not None and not self.failed:
                self._engine, self._better = engine, None

    def _leave(self, engine: Engine, why: str) -> None:
        """Go on with the CPU and say why."""
        with self._lock:
            if self._engine is engine:
                self._note = f'{engine.backend} failed in mid-run ({why}), on the CPU since'
                self._engine, self._better = self._spare, None
