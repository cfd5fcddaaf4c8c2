"""Puts a mock around a function, a coroutine function, a generator or a class of tests."""

from __future__ import annotations

import contextlib
import functools
import inspect
import unittest
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Generator

    from destmock._mock.destmock import Destmock


class Mock(AbstractContextManager["Destmock"], Protocol):
    """The part of `mock_destinations(...)` that a decorator needs."""

    def start(self) -> Destmock: ...
    def stop(self, *, failed: bool) -> None: ...
    def _joined(self) -> AbstractContextManager[Destmock]:
        """The mock that `start` began, checked at the end like one of its own."""


#: The parameter that is filled in with the active `Destmock`.
PARAMETER = "destmock"
#: The attributes of a test that is decorated with `mock_destinations`, and of one with `explore`.
MOCKED, EXPLORED = "__destmock_mocked__", "__destmock_explore__"
BOTH = (
    "a test has @explore or @mock_destinations, not both: @explore has a mock of its own in each run, and "
    "takes the options of @mock_destinations"
)
Decorated = TypeVar("Decorated", bound="Callable[..., Any]")


def decorate(mock: Mock, target: Decorated) -> Decorated:
    if inspect.isclass(target):
        _decorate_class(mock, target)
        return target
    if hasattr(target, EXPLORED):
        raise TypeError(BOTH)
    decorated = decorate_function(target, lambda: mock)
    setattr(decorated, MOCKED, True)
    return cast("Decorated", decorated)


def decorate_function(
    function: Callable[..., Any], entering: Callable[[], AbstractContextManager[Destmock]]
) -> Callable[..., Any]:
    """The function within a mock, which each call of `entering` gives; fills a parameter `destmock` in."""
    call, wanted = _filling(function)

    async def coroutine(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        with entering() as destmock:
            return await call(destmock, args, kwargs)

    async def async_generator(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        with entering() as destmock:
            async with contextlib.aclosing(call(destmock, args, kwargs)) as items:
                async for item in items:
                    yield item

    def generator(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        with entering() as destmock:
            return (yield from call(destmock, args, kwargs))

    def plain(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        with entering() as destmock:
            return call(destmock, args, kwargs)

    kinds: tuple[tuple[Callable[[object], bool], Callable[..., Any]], ...] = (
        (inspect.iscoroutinefunction, coroutine),
        (inspect.isasyncgenfunction, async_generator),
        (inspect.isgeneratorfunction, generator),
    )
    wrapper = next((made for is_kind, made in kinds if is_kind(function)), plain)
    functools.update_wrapper(wrapper, function)
    if wanted:
        _hide_parameter(wrapper, function)
    return wrapper


def _filling(function: Callable[..., Any]) -> tuple[Callable[..., Any], bool]:
    """Calls the function with its parameter `destmock` filled in, and whether it has one."""
    parameters = inspect.signature(function).parameters
    wanted = parameters.get(PARAMETER)
    by_position = wanted is not None and wanted.kind is not inspect.Parameter.KEYWORD_ONLY
    place = list(parameters).index(PARAMETER) if by_position else None

    def call(destmock: Destmock, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        __tracebackhide__ = True
        if wanted is None:
            return function(*args, **kwargs)
        if place is not None and len(args) >= place:  # what comes after it may be given by position, too
            return function(*args[:place], destmock, *args[place:], **kwargs)
        return function(*args, **{**kwargs, PARAMETER: destmock})

    return call, wanted is not None


def _hide_parameter(wrapper: Callable[..., Any], function: Callable[..., Any]) -> None:
    """Takes the parameter out of the signature, so that pytest does not look for a fixture of that name."""
    signature = inspect.signature(function)
    left = [parameter for name, parameter in signature.parameters.items() if name != PARAMETER]
    wrapper.__signature__ = signature.replace(parameters=left)  # type: ignore[attr-defined]


def _decorate_class(mock: Mock, cls: type) -> None:
    """Each test gets a mock of its own, `setUp` or `setup_method` included."""
    if any(hasattr(inspect.getattr_static(cls, name), EXPLORED) for name in dir(cls)):
        raise TypeError(BOTH)
    if issubclass(cls, unittest.TestCase):
        _decorate_run(mock, cls)
        return
    entering: Callable[[], AbstractContextManager[Destmock]] = lambda: mock  # noqa: E731
    if hasattr(cls, "setup_method"):
        _decorate_setup(mock, cls)
        entering = mock._joined  # noqa: SLF001 - a part of it, which TAB need not show
    for name in dir(cls):
        value = inspect.getattr_static(cls, name)
        if name.startswith("test") and inspect.isfunction(value):
            setattr(cls, name, decorate_function(value, entering))
        elif name.startswith("test") and isinstance(value, (staticmethod, classmethod)):
            setattr(cls, name, type(value)(decorate_function(value.__func__, entering)))
        elif _is_nested(value, name, cls):
            _decorate_class(mock, value)


def _is_nested(value: Any, name: str, cls: type) -> bool:
    """Whether it is a class that is written inside this one, or inside a parent of it."""
    within = {f"{parent.__qualname__}.{name}" for parent in cls.__mro__}
    return not name.startswith("_") and inspect.isclass(value) and value.__qualname__ in within


def _decorate_run(mock: Mock, cls: type[unittest.TestCase]) -> None:
    """Put the mock around `run`, and so around setUp, the test, tearDown and the clean-ups.

    `self.destmock` is the mock. The test method is decorated too, for it may be a child class's own.
    """
    run = cls.run
    cls._destmock_mock = mock  # type: ignore[attr-defined]

    @functools.wraps(run)
    def wrapper(self: Any, result: Any = None) -> Any:
        if self._destmock_mock is not mock:  # a child class has a decorator of its own
            return run(self, result)
        name = self._testMethodName
        test = getattr(self, name)
        self.destmock = mock.start()
        setattr(self, name, decorate_function(test, mock._joined))  # noqa: SLF001 - the same
        try:
            return run(self, result)
        finally:
            setattr(self, name, test)
            mock.stop(failed=True)

    cls.run = _Run(wrapper)  # type: ignore[method-assign, assignment]


class _Run:
    """`run` of a class of tests, which isn't among its plain functions.

    moto's own decorator would start moto around each of those without a reset.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __get__(self, instance: object, owner: type | None = None) -> Callable[..., Any]:
        bound: Callable[..., Any] = self._function.__get__(instance, owner)
        return bound


def _decorate_setup(mock: Mock, cls: Any) -> None:
    """pytest runs `setup_method` before the test: the mock begins there and ends in `teardown_method`."""
    setup, teardown = cls.setup_method, getattr(cls, "teardown_method", None)

    def setup_method(self: Any, method: Any = None) -> None:
        mock.start()
        try:
            _call(setup, self, method)
        except BaseException:
            mock.stop(failed=True)
            raise

    def teardown_method(self: Any, method: Any = None) -> None:
        try:
            if teardown is not None:
                _call(teardown, self, method)
        finally:
            mock.stop(failed=True)  # the test itself has checked

    cls.setup_method, cls.teardown_method = setup_method, teardown_method


def _call(function: Callable[..., Any], self: Any, method: Any) -> None:
    """pytest's two forms of these methods: with the test method, and without."""
    takes_method = len(inspect.signature(function).parameters) > 1
    function(*(self, method) if takes_method else (self,))
