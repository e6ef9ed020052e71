"""Keeps NumPy's linear algebra to one thread in processes of ours.

Our products are of some thousand numbers, too small to be shared out, and the idle threads of
OpenBLAS wait in a loop: with the wheel of NumPy 1.26 they took half a core beside the node.
"""

import os

_VARIABLE = 'OPENBLAS_NUM_THREADS'


def keep_to_one_thread() -> None:
    """Ask for one thread, unless the user asked for more; call it before NumPy is imported."""
    os.environ.setdefault(_VARIABLE, '1')
