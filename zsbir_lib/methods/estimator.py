"""Hyper-parameters that are declared once: constructor, checks, text, help and search follow."""

from __future__ import annotations

import inspect
import math
import sys
import textwrap
import typing
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

from typing_extensions import Self, dataclass_transform

from zsbir_lib.errors import UnknownNameError, ZsbirError

_WORDS: dict[str, Any] = {"true": True, "false": False, "none": None}
_KINDS = {int: "a whole number", float: "a number", bool: "true or false", type(None): "none"}


class HyperParameter:
    """One hyper-parameter of an `Estimator` and its rules; see `hyper`, which makes it.

    Attributes
    ----------
    name : str
        Its name.
    default : object
        Its value where none is given.
    search : tuple
        The values that a search over hyper-parameters tries.
    """

    def __init__(self, default: Any, search: Sequence[Any] = (), **rules: Any) -> None:
        self.name, self.default, self.search = "", default, tuple(search)
        self._rules = {name: value for name, value in rules.items() if value is not None}
        self._annotation: Any = inspect.Parameter.empty
        self._module = __name__
        self.__doc__ = None  # not that of the class: the docstring of the owner says what it is

    def __set_name__(self, owner: type, name: str) -> None:
        self.name, self._module = name, owner.__module__
        self._annotation = vars(owner).get("__annotations__", {}).get(name, self._annotation)

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        return self if instance is None else self.default

    def complete(self, before: HyperParameter | None) -> None:
        """Take over from an earlier declaration of the same name what this one does not say."""
        if before is not None:
            self._rules = {**before._rules, **self._rules}

    @property
    def help(self) -> str:
        """What it is, in sentences."""
        return self._rules.get("help", "")

    @property
    def kinds(self) -> tuple[type, ...]:
        """The types that it may have."""
        hint = self._annotation
        if isinstance(hint, str):
            hint = eval(hint, dict(vars(sys.modules.get(self._module, typing))))
        if hint is inspect.Parameter.empty:
            hint = str if self.default is None else type(self.default)
        return typing.get_args(hint) or (hint,)

    @property
    def rule(self) -> str:
        """What it must be, in words."""
        kinds, rules = self.kinds, self._rules
        if "choices" in rules:
            text = " or ".join(repr(choice) for choice in rules["choices"])
        elif bool in kinds:
            text = "True or False"
        elif float in kinds:
            text = _range(rules) or "a finite number"
        elif int in kinds:
            text = ", ".join(filter(None, ["a whole number", _range(rules)]))
        else:
            text = " or ".join(kind.__name__ for kind in kinds if kind is not type(None))
        return text + " or None" * (type(None) in kinds)

    def check(self, value: Any) -> None:
        """Raise a `ZsbirError` unless `value` is as the `rule` says."""
        if not self._holds(value):
            raise ZsbirError(f"{self.name} is {value!r}: it must be {self.rule}")

    def _holds(self, value: Any) -> bool:
        kinds, rules = self.kinds, self._rules
        if value is None:
            return type(None) in kinds
        if "choices" in rules:
            return value in rules["choices"]
        if not {int, float} & set(kinds):
            return not _plain(kinds) or isinstance(value, kinds)
        number = Real if float in kinds else Integral
        return (
            isinstance(value, number)
            and not isinstance(value, bool)
            and math.isfinite(value)
            and value > rules.get("above", -math.inf)
            and value >= rules.get("least", -math.inf)
            and value <= rules.get("most", math.inf)
            and value < rules.get("below", math.inf)
        )

    def parse(self, text: str) -> Any:
        """Return the value that a word of a command line stands for.

        Raises
        ------
        ZsbirError
            If it stands for no value that is allowed.
        """
        kinds, word = self.kinds, text.strip().lower()
        found: Any = _WORDS
        if word in _WORDS and type(_WORDS[word]) in kinds:
            found = _WORDS[word]
        for kind in (int, float, str):
            if found is _WORDS and kind in kinds:
                try:
                    found = kind(text)
                except ValueError:
                    continue
        if found is _WORDS:
            words = [_KINDS[kind] for kind in kinds if kind in _KINDS]
            raise ZsbirError(f"{self.name} must be {' or '.join(words)}, not {text!r}")
        self.check(found)
        return found

    def describe(self) -> str:
        """Return its entry in a docstring's section of parameters."""
        text = f"{self.help} By default {self.default!r}; {self.rule}."
        lines = textwrap.wrap(text, 96, break_long_words=False, break_on_hyphens=False)
        return "\n".join([self.name, *(f"    {line}" for line in lines)])


def _range(rules: Mapping[str, Any]) -> str:
    """Return the bounds of a number in words."""
    least, above, most, below = (rules.get(key) for key in ("least", "above", "most", "below"))
    start = f"from {least:g}" if least is not None else ""
    start = f"above {above:g}" if above is not None else start
    end = f"to {most:g}" if most is not None else ""
    end = f"to below {below:g}" if below is not None else end
    if least is not None and not end:
        return f"{least:g} or more"
    return " ".join(filter(None, [start, end]))


def _plain(kinds: tuple[Any, ...]) -> bool:
    return all(isinstance(kind, type) for kind in kinds)


def hyper(
    *,
    default: Any,
    help: str | None = None,
    search: Sequence[Any] = (),
    above: float | None = None,
    least: float | None = None,
    most: float | None = None,
    below: float | None = None,
    choices: Sequence[Any] | None = None,
) -> Any:
    """Declare a hyper-parameter of an `Estimator`, as ``epochs: int = hyper(default=20, least=1)``.

    Its type is that of the annotation. Where a subclass declares it again, with another default,
    what it does not say about range and help is as before.

    Parameters
    ----------
    default
        The value where none is given.
    help
        What it is, in sentences; part of the class's docstring.
    search
        The values to try when it is chosen on held-out classes.
    above, least, most, below
        Bounds of a number: excluded, included, included, excluded.
    choices
        The values that are allowed, where they can be listed.
    """
    return HyperParameter(
        default, search, help=help, above=above, least=least, most=most, below=below,
        choices=choices,
    )  # fmt: skip


@dataclass_transform(kw_only_default=True, field_specifiers=(hyper,))
class Estimator:
    """A scikit-learn estimator whose hyper-parameters are declared by `hyper`.

    Its constructor takes them by keyword and only stores them; `check_parameters` looks at them.
    A subclass may write its own constructor instead, in scikit-learn's manner.

    It is an estimator by what it has, as scikit-learn allows, and no subclass of its
    ``BaseEstimator``: to import that takes half as long as to import torch, and `zsbir retrieve`
    is to answer at once.

    Attributes
    ----------
    search_space : mapping of str to sequence
        For each hyper-parameter that a search may set, the values to try.
    """

    search_space: ClassVar[Mapping[str, Sequence[Any]]] = {}
    _declared: ClassVar[dict[str, HyperParameter]] = {}
    _learns_from: ClassVar[str] = ""  # what `fit` is called with, for messages

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        own = {key: one for key, one in vars(cls).items() if isinstance(one, HyperParameter)}
        for name, one in own.items():
            one.complete(cls._declared.get(name))
        if own:
            cls._declared = {**own, **{k: v for k, v in cls._declared.items() if k not in own}}
            cls.__init__ = _constructor(cls)  # type: ignore[method-assign]
            if "search_space" not in vars(cls):
                cls.search_space = {k: v.search for k, v in cls._declared.items() if v.search}
        if getattr(cls.__init__, "of_declared", False):
            cls.__doc__ = _with_parameters(vars(cls).get("__doc__"), cls._declared.values())

    @classmethod
    def hyper_parameters(cls) -> Mapping[str, HyperParameter]:
        """Return what is known of each hyper-parameter, by its name."""
        found = {}
        for name, parameter in inspect.signature(cls).parameters.items():
            found[name] = cls._declared.get(name) or HyperParameter(parameter.default)
            if name not in cls._declared:  # of a constructor that was written out
                found[name].name, found[name]._module = name, cls.__module__
                found[name]._annotation = parameter.annotation
        return found

    @classmethod
    def refuse_unknown(cls, names: Iterable[str]) -> None:
        """Raise an `UnknownNameError`, which lists those there are, for an unknown name."""
        known = sorted(inspect.signature(cls).parameters)
        if unknown := sorted(set(names) - set(known)):
            raise UnknownNameError(
                f"method {getattr(cls, 'name', cls.__name__)!r} has no hyper-parameter "
                f"{', '.join(unknown)}: it has {', '.join(known) or 'none'}"
            )

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the hyper-parameters by name.

        Parameters
        ----------
        deep
            As scikit-learn calls it; of a hyper-parameter that is an estimator, those that it has
            are added as ``NAME__ITS_NAME``.
        """
        found: dict[str, Any] = {}
        for name in sorted(inspect.signature(type(self)).parameters):
            found[name] = value = getattr(self, name)
            if deep and hasattr(value, "get_params") and not isinstance(value, type):
                found |= {f"{name}__{key}": inner for key, inner in value.get_params().items()}
        return found

    def __repr__(self) -> str:
        """Return the call that makes it, with the hyper-parameters that are not as by default."""
        signature = inspect.signature(type(self)).parameters
        given = [
            f"{name}={value!r}"
            for name, value in self.get_params(deep=False).items()
            if repr(value) != repr(signature[name].default)
        ]
        return f"{type(self).__name__}({', '.join(given)})"

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import Tags, TargetTags

        return Tags(
            estimator_type=None,
            target_tags=TargetTags(required=False),
            transformer_tags=None,
            classifier_tags=None,
            regressor_tags=None,
        )

    def set_params(self, **parameters: Any) -> Self:
        """Set hyper-parameters, and return the estimator itself.

        Raises
        ------
        UnknownNameError
            If there is no such hyper-parameter.
        """
        self.refuse_unknown(parameters)
        for name, value in parameters.items():
            setattr(self, name, value)
        return self

    def check_parameters(self) -> None:
        """Raise a `ZsbirError` if a hyper-parameter is not as its rule says."""
        for name, one in self._declared.items():
            one.check(getattr(self, name))
        self._check()

    def _check(self) -> None:
        """Raise a `ZsbirError` if hyper-parameters do not fit each other."""


def _constructor(cls: type[Estimator]) -> Any:
    declared = cls._declared

    def __init__(self: Estimator, **values: Any) -> None:
        for name, one in declared.items():
            setattr(self, name, values.pop(name, one.default))
        if values:
            raise TypeError(
                f"{type(self).__name__}.__init__() got an unexpected keyword argument "
                f"{next(iter(values))!r}"
            )

    keyword = inspect.Parameter.KEYWORD_ONLY
    fields = [
        inspect.Parameter(name, keyword, default=one.default, annotation=one._annotation)
        for name, one in declared.items()
    ]
    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    __init__.of_declared = True  # type: ignore[attr-defined]
    __init__.__signature__ = inspect.Signature([own, *fields])  # type: ignore[attr-defined]
    __init__.__annotations__ = {name: one._annotation for name, one in declared.items()}
    __init__.__qualname__, __init__.__module__ = f"{cls.__qualname__}.__init__", cls.__module__
    return __init__


def _with_parameters(doc: str | None, declared: Iterable[HyperParameter]) -> str | None:
    """Put a section of parameters into a docstring, before what follows it."""
    if not doc or "Parameters\n" in doc:
        return doc
    text = inspect.cleandoc(doc)
    section = "\n".join(["Parameters", "----------", *(one.describe() for one in declared)])
    head, mark, rest = text.partition("\n\nAttributes\n")
    return f"{head}\n\n{section}{mark}{rest}\n"


def check_fitted(estimator: Estimator) -> None:
    """Raise a `NotFittedError` unless an estimator has learnt something.

    As in scikit-learn, what was learnt is known by a name that ends in an underscore.
    """
    asked = getattr(estimator, "__sklearn_is_fitted__", None)
    fitted = asked() if asked else any(k[-1] == "_" and k[0] != "_" for k in vars(estimator))
    if not fitted:
        # Scikit-learn's error too, which is loaded when it is needed.
        from zsbir_lib.methods.not_fitted import NotFittedError

        call = f"fit({estimator._learns_from})"
        raise NotFittedError(f"{type(estimator).__name__} is not fitted: call {call} first")
