"""An execution environment, which outlives the attempts that run in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from destmock._functions.deployed_code import TASK_ROOT
from destmock._runtime.environment_variables import OwnVariables
from destmock._runtime.event_loop import OutOfSight
from destmock._runtime.importing import Modules
from destmock._runtime.log_capture import Active
from destmock._runtime.own_loggers import OwnLoggers
from destmock._runtime.process_settings import OwnSettings
from destmock._runtime.surroundings import Surroundings
from destmock._time.crews import Crew

if TYPE_CHECKING:
    import logging

    from destmock._runtime.deployed_modules import Namespace
    from destmock._runtime.log_capture import RootHandler
    from destmock._runtime.surroundings import Part
    from destmock._runtime.temporary_files import OwnFiles


@dataclass(slots=True, eq=False)
class Environment:
    """An execution environment: what stays warm between the attempts of one version (D6), for one tenant."""

    identity: object
    serial: object
    stream: str
    #: What it has made in the directory for temporary files.
    files: OwnFiles
    #: The modules of deployed code; `None` for a registered handler.
    namespace: Namespace | None = None
    ready: bool = False
    #: The handler, or anything else that the module has under its name.
    handler: Any = None
    #: The modules and the loggers that the function has made.
    modules: Modules = field(default_factory=Modules)
    loggers: OwnLoggers = field(default_factory=OwnLoggers)
    #: The log handlers that the function has put on the root logger.
    log_handlers: list[logging.Handler] = field(default_factory=list)
    #: The settings of the process that the function has changed.
    settings: dict[int, Any] = field(default_factory=dict)
    #: Whether an attempt is running in it, or waiting for one that it has invoked.
    busy: bool = False
    #: The threads that the function has started.
    crew: Crew = field(default_factory=Crew)
    #: What its attempts find around them; `None` before the first one, and while one has it.
    around: Surroundings | None = None

    def new_around(self, modules: Part | None, root_handler: RootHandler) -> Surroundings:
        """Make what its attempts find around them; `modules` hides those of the process, if any need that."""
        task_root = TASK_ROOT if self.namespace is None else self.namespace.package.task_root
        return Surroundings(
            self.files,
            OwnSettings(self.settings),
            modules,
            None if modules is None else self.loggers,
            OwnVariables(self.stream, task_root),
            Active(root_handler, self.log_handlers),
            OutOfSight(),
        )
