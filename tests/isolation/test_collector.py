"""What stays for the whole process is made without the garbage collector's looking through it."""

import ast
import gc
import weakref

import pytest

from destmock._importing import all_of_it_stays
from tests.programs import printed


class Node:
    """Something that holds itself."""

    def __init__(self):
        self.itself = self


def test_the_collector_waits_and_goes_on():
    with all_of_it_stays():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_what_is_made_counts_as_old_where_nothing_is_frozen():
    program = """
        import gc
        from destmock._importing import all_of_it_stays

        frozen = gc.get_freeze_count()
        gc.collect()
        with all_of_it_stays():
            made = [[] for _ in range(3)]
        young = [each for generation in (0, 1) for each in gc.get_objects(generation)]
        print([[any(each is other for other in young) for each in made], frozen, gc.get_freeze_count()])
    """  # in a process of its own: other tests may have frozen something
    are_young, before, after = ast.literal_eval(printed(program))
    assert are_young == [before > 0] * 3  # Python 3.12 begins with some that it has frozen itself
    assert after == before


def test_garbage_is_found_all_the_same():
    found = weakref.ref(Node())
    with all_of_it_stays():
        other = weakref.ref(Node())
    gc.collect()
    assert found() is other() is None


def test_an_error_leaves_the_collector_as_it_was():
    with pytest.raises(ZeroDivisionError), all_of_it_stays():
        raise ZeroDivisionError
    assert gc.isenabled()


def test_a_program_without_the_collector_has_none_afterwards():
    gc.disable()
    try:
        with all_of_it_stays():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_what_a_program_has_frozen_stays_frozen():
    gc.freeze()
    try:
        frozen = gc.get_freeze_count()
        with all_of_it_stays():
            made = Node()
        assert gc.get_freeze_count() >= frozen - 1_000  # some of them may have gone
        assert made in gc.get_objects()
    finally:
        gc.unfreeze()
