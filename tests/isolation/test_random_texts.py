"""Random texts are made of the letters that Python picks one by one."""

import string
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from moto.moto_api._internal import mock_random
from moto.sqs.utils import generate_receipt_handle

from destmock import mock_destinations
from destmock._isolation.random_texts import random_text

POOLS = [string.ascii_lowercase, string.ascii_letters + string.digits, "0123456789abcdef", "a", "abc", "01"]


@given(st.integers(), st.integers(0, 300), st.sampled_from(POOLS))
def test_a_text_is_that_of_as_many_choices(seed, length, pool):
    one, other = Random(seed), Random(seed)
    assert random_text(one, length, pool) == "".join(other.choice(pool) for _ in range(length))
    assert one.getstate() == other.getstate()


def test_a_receipt_handle_is_moto_s():
    mock_random.seed(7)
    without = generate_receipt_handle()
    with mock_destinations():
        from moto.sqs import models

        mock_random.seed(7)
        assert models.generate_receipt_handle() == without
