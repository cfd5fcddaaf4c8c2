"""The public exceptions. Each message says what happened, to what, and what to do about it."""


class DestmockError(Exception):
    """Base class of everything that destmock raises on its own account.

    Errors that AWS would have answered are not among them: they come out of the boto3 call as
    ``botocore.exceptions.ClientError``, as they do on AWS.
    """


class NoHandlerError(DestmockError):
    """The invoked function exists, but destmock can't run its code, and no handler is registered for it."""


class UnsupportedError(DestmockError):
    """The program asked for something that exists on AWS and that destmock does not simulate."""


class InvocationLoopError(DestmockError):
    """More attempts ran than `limit` allows: some functions keep invoking each other."""


class LeftoverError(DestmockError, AssertionError):
    """A mock with `strict=True` ended with events still queued, or with records that weren't delivered.

    To allow both, pass `strict=False`.
    """


class NotDeterministicError(DestmockError):
    """A test that is explored does not do the same in each run, so its failures can't be searched through."""


class NetworkError(DestmockError, ConnectionError):
    """A call would have left the process while the mock was active.

    Whoever copes with a host that can't be reached, copes with this too: it is an `OSError`, one of a name's
    look-up is a `socket.gaierror`, and one of a boto3 call is botocore's `EndpointConnectionError`.
    """


class InactiveError(DestmockError):
    """A `Destmock` was used after its mock had ended."""
