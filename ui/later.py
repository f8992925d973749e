"""A library that another one imports and hardly uses, brought in when something of it is first asked for."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from types import ModuleType


class _Later(ModuleType):
    """Stands for the library until then; whoever holds it has the library afterwards."""

    def __getattr__(self, name: str) -> object:
        spec = self.__spec__
        if type(self) is _Later and spec is not None and spec.loader is not None:
            self.__class__ = ModuleType  # type: ignore[assignment]
            self.__path__ = spec.submodule_search_locations or []
            spec.loader.exec_module(self)
        return object.__getattribute__(self, name)


def later(name: str) -> None:
    """Have ``import name`` bring nothing in yet, where nobody has brought it in and it is installed."""
    if name in sys.modules or (spec := find_spec(name)) is None:
        return
    stand_in = _Later(name)
    stand_in.__spec__, stand_in.__loader__, stand_in.__file__ = spec, spec.loader, spec.origin
    stand_in.__package__ = name
    sys.modules[name] = stand_in
