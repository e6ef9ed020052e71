"""An H.264 stream of even grey pictures, written by hand: every macroblock is sent as it is."""

from __future__ import annotations

WIDTH, HEIGHT = 32, 16  # two macroblocks
START = b'\0\0\0\1'


class _Bits:
    """Appends bits, and Exp-Golomb codes (ITU-T H.264, 9.1)."""

    def __init__(self) -> None:
        self._bits = ''

    def put(self, value: int, count: int) -> None:
        self._bits += f'{value:0{count}b}'

    def ue(self, value: int) -> None:
        length = (value + 1).bit_length()
        self._bits += '0' * (length - 1) + f'{value + 1:b}'

    def align(self) -> None:
        self._bits += '0' * (-len(self._bits) % 8)

    def nal(self, header: int) -> bytes:
        """End with the stop bit, and keep start codes out of the content."""
        self._bits += '1'
        self.align()
        content = int(self._bits, 2).to_bytes(len(self._bits) // 8, 'big')
        found = bytearray()
        for byte in content:
            if byte <= 3 and found[-2:] == b'\0\0':
                found.append(3)
            found.append(byte)
        return START + bytes([header]) + bytes(found)


def parameters() -> bytes:
    """Return sequence and picture parameter sets: baseline, no deblocking to speak of."""
    sequence = _Bits()
    for value in (66, 0, 10):  # profile, constraints, level
        sequence.put(value, 8)
    for value in (0, 0, 2, 1):  # id, frame_num bits, order of pictures as sent, references
        sequence.ue(value)
    sequence.put(0, 1)
    sequence.ue(WIDTH // 16 - 1)
    sequence.ue(HEIGHT // 16 - 1)
    sequence.put(0b1100, 4)  # whole frames, 8x8 inference, no cropping, no VUI
    picture = _Bits()
    picture.ue(0)
    picture.ue(0)
    picture.put(0b00, 2)  # CAVLC, no order of fields
    for value in (0, 0, 0):  # one slice group, references
        picture.ue(value)
    picture.put(0b000, 3)  # no weights
    for value in (0, 0, 0):  # QP, its offset, chroma's
        picture.ue(value)
    picture.put(0b000, 3)  # no control of deblocking, no constraint, no redundancy
    return sequence.nal(0x67) + picture.nal(0x68)


def picture(level: int, index: int) -> bytes:
    """Return a key frame of one grey; with parameters, as cameras repeat them."""
    slice_ = _Bits()
    for value in (0, 7, 0):  # first macroblock, all intra, parameter set
        slice_.ue(value)
    slice_.put(0, 4)  # frame_num
    slice_.ue(index % 2)  # neighbours differ
    slice_.put(0b00, 2)  # as decoded, not long-term
    slice_.ue(0)  # QP
    for _ in range(WIDTH * HEIGHT // 256):
        slice_.ue(25)  # I_PCM
        slice_.align()
        for value, count in ((level, 256), (128, 128)):
            for _ in range(count):
                slice_.put(value, 8)
    return parameters() + slice_.nal(0x65)
