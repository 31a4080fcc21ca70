"""The micro-batcher: what comes together runs together, and each gets its own rows."""

import asyncio
import threading

import numpy as np
import pytest

from zoo.serving.batching import Batcher, Closed, Full


def doubled(signature, tensors):
    return {"y": tensors["x"] * 2}


def rows(*values):
    return {"x": np.array(values, "float32")}


@pytest.fixture
def slow():
    """A batcher whose first run waits for a gate, with the sizes of its runs."""
    gate, sizes = threading.Event(), []

    def run(signature, tensors):
        sizes.append(len(tensors["x"]))
        gate.wait(60)
        return doubled(signature, tensors)

    batcher = Batcher(run, most_rows=8, most_waiting=6)
    yield batcher, gate, sizes
    gate.set()
    batcher.close()


async def until(condition):
    """Waits for what another thread does."""
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.001)


async def flock(batcher, counts, gate, sizes):
    first = asyncio.create_task(batcher.submit("s", rows(-1.0), 1))
    await until(lambda: sizes)  # it runs, and the others queue up behind it
    tasks = [
        asyncio.create_task(batcher.submit("s", rows(*[float(10 * i + k) for k in range(count)]), count))
        for i, count in enumerate(counts)
    ]
    await asyncio.sleep(0)  # each task has asked
    gate.set()
    return [await task for task in (first, *tasks)]


def test_what_waits_runs_at_once_and_is_split_again(slow):
    batcher, gate, sizes = slow
    _, *answers = asyncio.run(flock(batcher, [2, 1, 3], gate, sizes))
    assert sizes == [1, 6]
    assert [answer["y"].tolist() for answer in answers] == [[0, 2], [20], [40, 42, 44]]


def test_a_batch_has_no_more_rows_than_allowed_unless_one_request_has(slow):
    batcher, gate, sizes = slow
    asyncio.run(flock(batcher, [5, 3, 4, 20], gate, sizes))
    assert sizes == [1, 8, 4, 20]


def test_a_full_queue_refuses(slow):
    batcher, gate, sizes = slow
    with pytest.raises(Full):
        asyncio.run(flock(batcher, [1] * 7, gate, sizes))


def test_one_bad_request_is_not_the_error_of_the_others():
    gate, runs = threading.Event(), []

    def run(signature, tensors):
        runs.append(signature)
        gate.wait(60)
        if np.any(tensors["x"] == 13):
            raise ValueError("thirteen")
        return doubled(signature, tensors)

    batcher = Batcher(run)

    async def ask():
        first = asyncio.create_task(batcher.submit("s", rows(0.0), 1))
        await until(lambda: runs)
        tasks = [asyncio.create_task(batcher.submit("s", rows(float(i)), 1)) for i in (12, 13, 14)]
        await asyncio.sleep(0)
        gate.set()
        await first
        return await asyncio.gather(*tasks, return_exceptions=True)

    before, bad, after = asyncio.run(ask())
    batcher.close()
    assert (before["y"][0], after["y"][0]) == (24, 28)
    assert str(bad) == "thirteen"


def test_other_signatures_run_apart():
    gate, seen = threading.Event(), []

    def run(signature, tensors):
        seen.append((signature, len(tensors["x"])))
        gate.wait(60)
        return doubled(signature, tensors)

    batcher = Batcher(run)

    async def ask():
        tasks = [asyncio.create_task(batcher.submit("a", rows(0.0), 1))]
        await until(lambda: seen)
        tasks += [asyncio.create_task(batcher.submit(s, rows(1.0), 1)) for s in "aabba"]
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(*tasks)

    asyncio.run(ask())
    batcher.close()
    assert seen == [("a", 1), ("a", 2), ("b", 2), ("a", 1)]


def test_closing_answers_what_waits_and_refuses_what_comes(slow):
    batcher, gate, _ = slow

    async def ask():
        tasks = [asyncio.create_task(batcher.submit("s", rows(float(i)), 1)) for i in range(3)]
        await asyncio.sleep(0)
        gate.set()
        await asyncio.to_thread(batcher.close)
        with pytest.raises(Closed):
            await batcher.submit("s", rows(0.0), 1)
        return [(await task)["y"][0] for task in tasks]

    assert asyncio.run(ask()) == [0, 2, 4]


def test_who_hung_up_is_not_run_for(slow):
    batcher, gate, sizes = slow

    async def ask():
        first = asyncio.create_task(batcher.submit("s", rows(0.0), 1))
        await until(lambda: sizes)
        gone = asyncio.create_task(batcher.submit("s", rows(1.0, 2.0), 2))
        stays = asyncio.create_task(batcher.submit("s", rows(3.0), 1))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
        gate.set()
        await first
        return await stays

    assert asyncio.run(ask())["y"].tolist() == [6]
    assert sizes == [1, 1]
