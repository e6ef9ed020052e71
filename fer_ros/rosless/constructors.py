"""The constructor of a message class, written for each type once.

A result of one frame is a hundred messages within messages: points, action units, stamps. A loop
over their fields costs more than the fields do, so it is unrolled, and a value that is kept as it
is goes straight into its slot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fer_ros.rosless.fields import Field

Put = Callable[[Any, Any], None]  # a slot's own setter

_ABSENT = object()
_IMMUTABLE = (str, bool, int, float)


def constructor(fields: Mapping[str, Field], puts: Mapping[str, Put]) -> Callable[..., None]:
    """Return ``__init__`` of a class with these fields.

    It takes fields by name as rclpy does; the deserialiser gives all by position, unchecked. What
    does not fit goes to the class's ``_fit``, an unknown name to its ``_unknown``.

    :param puts: what sets each field's slot.
    """
    # Names of our own that no field can have: those are in small letters.
    made: dict[str, Any] = {'ABSENT': _ABSENT, 'TYPE': type}
    names = [*fields]
    by_name = ''.join(f'{name}=ABSENT, ' for name in names)
    lines = [
        f'def __init__(_self, *_values, {by_name}**_others):',
        '    if _values:',
        f'        {", ".join(names)}, = _values' if names else '        () = _values',
    ]
    for name in names:
        made[f'put_{name}'], made[f'view_{name}'] = puts[name], fields[name].view
        value = name if fields[name].view is None else f'view_{name}({name})'
        lines.append(f'        put_{name}(_self, {value})')
    lines.append('        return')
    for name, field in fields.items():
        lines += _by_name(name, field, made)
    lines += ['    if _others:', '        _self._unknown(_others)']
    exec('\n'.join(lines), made)
    found: Callable[..., None] = made['__init__']
    return found


def _by_name(name: str, field: Field, made: dict[str, Any]) -> Iterator[str]:
    """Yield the lines that take one field by its name."""
    otherwise = 'if'
    if field.exact is not None:
        made[f'kind_{name}'] = field.exact
        test = f'TYPE({name}) is kind_{name}'
        if field.limits is not None:
            low, high = field.limits
            test += f' and {low} <= {name} <= {high}'
        yield f'    if {test}:'
        yield f'        put_{name}(_self, {name})'
        otherwise = 'elif'
    if field.default in _IMMUTABLE:
        made[f'default_{name}'], call = field.default(), ''
    else:
        made[f'default_{name}'], call = field.default, '()'
    yield f'    {otherwise} {name} is ABSENT:'
    yield f'        put_{name}(_self, default_{name}{call})'
    yield '    else:'
    yield f'        put_{name}(_self, _self._fit({name!r}, {name}))'
