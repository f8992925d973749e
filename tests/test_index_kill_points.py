"""A few of the points at which a writer may die, a disk be full or a file be cut short; tests/kill_points.py
tries many."""

from __future__ import annotations

import os
import random

import pytest
from kill_points import STEPS, Trial, cuts, disks, kills

pytestmark = pytest.mark.skipif(os.name == "nt", reason="SIGKILL and RLIMIT_FSIZE")


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Trial:
    return Trial(tmp_path_factory.mktemp("trial"))


def test_a_writer_killed_anywhere_leaves_what_was_or_what_should_be(trial: Trial) -> None:
    found = list(kills(trial, 12, random.Random()))
    assert len(found) == 12 and {one.split(":")[0] for one in found} == set(STEPS)


def test_a_kill_right_after_the_switch_leaves_the_new_generation(trial: Trial) -> None:
    assert trial.kill("switch", trial.lines("switch") - 1) == "after"
    assert trial.kill("switch", 1) == "before"


def test_a_disk_that_is_full_is_told_and_leaves_what_was(trial: Trial) -> None:
    assert len(list(disks(trial, 6, random.Random()))) == 6
    assert trial.full("add", 0) == trial.full("sync", 500) == "before"


def test_every_file_cut_short_is_named_and_the_generation_before_answers(trial: Trial) -> None:
    parts = trial.parts()
    assert len(list(cuts(trial, len(parts), random.Random()))) == len(parts) >= 10
