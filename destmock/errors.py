"""The public exceptions. Each message says what happened, to what, and what to do about it."""


class DestmockError(Exception):
    """Base class of everything that destmock raises on its own account.

    Errors that AWS would have answered are not among them: they come out of the boto3 call as
    ``botocore.exceptions.ClientError``, as they do on AWS.
    """


class NoHandlerError(DestmockError):
    """A function was invoked that exists, but whose code destmock can't run."""


class UnsupportedError(DestmockError):
    """The program asked for something that exists on AWS and that destmock does not simulate."""


class InvocationLoopError(DestmockError):
    """More attempts ran than `limit` allows: some functions keep invoking each other."""


class LeftoverError(DestmockError, AssertionError):
    """`strict=True`, and something was left when the mock ended.

    Either events were still queued, or a record could not be delivered.
    """


class NetworkError(DestmockError):
    """A call would have left the process while the mock was active."""


class InactiveError(DestmockError):
    """A `Destmock` was used after its mock had ended."""
