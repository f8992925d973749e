"""Names in a text: what the dictionary takes for one and is none."""

import pytest

from qa.checks.names import names


@pytest.mark.parametrize("text", ["系列活动办了多少场,惠及多少人?", "政策普及到了哪里?", "这东西是谁的?"])
def test_words_that_only_a_dictionary_takes_for_names_are_none(text):
    assert names(text) == ()


def test_places_stay_places():
    assert [(n.text, n.kind) for n in names("北京的政策惠及天津")] == [("北京", "place"), ("天津", "place")]
