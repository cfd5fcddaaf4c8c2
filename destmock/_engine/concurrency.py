"""Slots: how many attempts of each function are in progress, and how many there may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from destmock._aws.arn import FunctionRef
    from destmock._functions.functions import Function, Functions

#: The concurrency that AWS gives an account in each region, unless asked for more.
ACCOUNT_CONCURRENCY = 1_000
#: How much of that reservations have to leave for functions without a reservation.
LEAST_UNRESERVED = 100
RESERVED_USED_UP = "ReservedFunctionConcurrentInvocationLimitExceeded"
ACCOUNT_USED_UP = "ConcurrentInvocationLimitExceeded"


def check_limit(account_concurrency: int) -> None:
    """Raise `ValueError` for a number that can't be an account's concurrency."""
    if not isinstance(account_concurrency, int) or account_concurrency < 1:
        message = f"account_concurrency is a whole number of attempts from 1, not {account_concurrency!r}"
        raise ValueError(message)


class Slots:
    """The attempts in progress in one simulation.

    https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
    """

    def __init__(self, functions: Functions, account_concurrency: int) -> None:
        self.account_concurrency = account_concurrency
        self._functions = functions
        #: How many attempts are in progress, by the unqualified function; functions without any are left out.
        self._busy: dict[FunctionRef, int] = {}

    def occupy(self, ref: FunctionRef) -> None:
        ref = ref.unqualified
        self._busy[ref] = self._busy.get(ref, 0) + 1

    def release(self, ref: FunctionRef) -> None:
        ref = ref.unqualified
        busy = self._busy.pop(ref) - 1
        if busy:
            self._busy[ref] = busy

    def used_up(self, function: Function) -> str | None:
        """The reason that AWS gives for throttling the function now; `None` if it has a slot (A26, D10)."""
        reserved = function.reserved_concurrency
        if reserved is not None:
            return RESERVED_USED_UP if self._busy.get(function.ref.unqualified, 0) >= reserved else None
        if self.account_concurrency >= ACCOUNT_CONCURRENCY and sum(self._busy.values()) < LEAST_UNRESERVED:
            return None  # whatever the reservations are
        account, region = function.ref.account, function.ref.region
        reservations = self._functions.reservations(account, region)
        others = sum(
            count
            for ref, count in self._busy.items()
            if (ref.account, ref.region) == (account, region) and ref.name not in reservations
        )
        unreserved = self.account_concurrency - sum(reservations.values())
        return ACCOUNT_USED_UP if others >= unreserved else None

    def unreserved(self, account: str, region: str) -> int:
        """How much concurrency the account's reservations leave to functions without a reservation."""
        taken = sum(self._functions.reservations(account, region).values())
        return max(self.account_concurrency - taken, 0)

    def allows(self, ref: FunctionRef, reserved: int) -> bool:
        """Whether AWS would accept the reservation.

        A limit below AWS's own is for tests: all of it can be reserved.
        """
        others = self._functions.reservations(ref.account, ref.region)
        others.pop(ref.name, None)
        least = LEAST_UNRESERVED if self.account_concurrency >= ACCOUNT_CONCURRENCY else 0
        return self.account_concurrency - sum(others.values()) - reserved >= least
