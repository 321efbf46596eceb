"""The controllers' network: its sizes, its three forms, what it is fed, and the file it is in."""

from dataclasses import replace
from time import perf_counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot.types import vector
from skills.saved import CheckpointError, write
from skills.tennis.controller import FORMAT, Controller, Playing
from skills.tennis.network import (
    ADAPTER,
    CONTROLLER,
    Network,
    Shape,
    Stream,
    initial,
    modulate,
    views,
)
from skills.tennis.normalise import Normaliser

SHAPES = [CONTROLLER, ADAPTER, Shape(5, (6, 3), (3, 1)), Shape(4, (2,), (2,))]


def numbers(seed=0):
    return np.random.default_rng(seed)


# --- the network ----------------------------------------------------------------------------------


def test_the_controller_has_the_published_sizes():
    assert [layer.size for layer in CONTROLLER.layers] == [2508, 7392, 776]
    assert (CONTROLLER.size, CONTROLLER.window) == (10_676, 8)
    assert [layer.outputs for layer in CONTROLLER.layers] == [38, 48, 8]
    assert (ADAPTER.size, ADAPTER.window, ADAPTER.outputs) == (2836, 8, 16)


def plainly(shape, parameters, window):
    """One window (T, inputs) -> (outputs,), sum by sum, in float64."""
    named, rows, last = views(shape, parameters), window, len(shape.layers)
    for number, layer in enumerate(shape.layers, 1):
        older, newer = named[f"layer{number}.weight"]
        bias = named[f"layer{number}.bias"]
        new_rows = []
        for t in range(layer.dilation, len(rows)):
            z = rows[t - layer.dilation] @ older + rows[t] @ newer + bias
            if number < last:
                contents, gates = np.split(z, 2)
                new_rows.append(np.tanh(contents) / (1 + np.exp(-gates)))
            else:
                new_rows.append(np.tanh(z))
        rows = new_rows
    (result,) = rows
    return result


@pytest.mark.parametrize("shape", SHAPES)
def test_it_computes_what_the_paper_says(shape):
    rng = numbers()
    parameters = rng.normal(0, 0.5, shape.size)
    windows = rng.normal(size=(3, shape.window, shape.inputs))
    expected = [plainly(shape, parameters, window) for window in windows]
    np.testing.assert_allclose(
        Network(shape, parameters, np.float64).windows(windows), expected, atol=1e-14
    )
    np.testing.assert_allclose(Network(shape, parameters).windows(windows), expected, atol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("lead", [(1,), (7,), (40,), (3, 1), (3, 5)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_streamed_and_windowed_are_the_same_bits(shape, lead, dtype):
    rng = numbers()
    parameters = rng.normal(0, 0.5, (*lead[:-1], shape.size))
    network = Network(shape, parameters, dtype)
    steps = rng.normal(size=(20, *lead, shape.inputs))
    stream = Stream(network, steps[0])
    watched = np.concatenate((np.repeat(steps[:1], shape.window - 1, axis=0), steps))
    reused = np.empty(steps.shape[1:])  # as a caller may that writes all timesteps in one place
    for t, now in enumerate(steps):
        reused[:] = now
        windows = np.moveaxis(watched[t : t + shape.window], 0, -2)
        streamed = stream.step(reused)
        assert streamed.dtype == dtype and streamed.shape == (*lead, shape.outputs)
        assert (streamed == network.windows(windows)).all()


def test_rows_begin_anew_alone():
    rng = numbers()
    network = Network(CONTROLLER, rng.normal(0, 0.3, CONTROLLER.size))
    steps = rng.normal(size=(25, 6, 16))
    stream, again = Stream(network, steps[0]), np.array([True, False, True, False, False, True])
    kept = Stream(network, steps[0])
    for now in steps[:12]:
        stream.step(now), kept.step(now)
    stream.restart(again, steps[12])
    fresh = Stream(network, steps[12])
    for t, now in enumerate(steps[12:], 1):
        found, old, new = stream.step(now), kept.step(now), fresh.step(now)
        assert (found == np.where(again[:, None], new, old)).all()
        assert np.allclose(old, new) == (t >= CONTROLLER.window)  # then all is forgotten


def test_a_population_is_its_members():
    rng = numbers()
    parameters = rng.normal(0, 0.3, (4, CONTROLLER.size))
    steps = rng.normal(size=(10, 4, 3, 16))
    population = Stream(Network(CONTROLLER, parameters), steps[0])
    alone = [Stream(Network(CONTROLLER, p), steps[0, i]) for i, p in enumerate(parameters)]
    for now in steps:
        found = population.step(now)
        for i, member in enumerate(alone):
            np.testing.assert_allclose(found[i], member.step(now[i]), atol=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_torch_twin_agrees(shape):
    torch = pytest.importorskip("torch")
    from skills.tennis.network_torch import TorchNetwork

    rng = numbers()
    parameters = initial(shape, rng)
    rows = rng.normal(size=(9, shape.window + 3, shape.inputs)).astype(np.float32)
    twin, network = TorchNetwork(shape, parameters), Network(shape, parameters)
    with torch.no_grad():
        found = twin(torch.from_numpy(rows)).numpy()
    assert found.shape == (9, 4, shape.outputs)
    for t in range(4):
        expected = network.windows(rows[:, t : t + shape.window])
        np.testing.assert_allclose(found[:, t], expected, atol=1e-6)
    assert sum(p.numel() for p in twin.parameters()) == shape.size


def test_views_are_views():
    parameters = np.zeros((2, CONTROLLER.size))
    named = views(CONTROLLER, parameters)
    for name in named:
        named[name][:] = 1
    assert (parameters == 1).all()
    assert named["layer2.weight"].shape == (2, 2, 38, 96)
    with pytest.raises(ValueError, match="10676"):
        views(CONTROLLER, np.zeros(10))


def test_wrong_shapes_are_refused():
    network = Network(CONTROLLER, np.zeros(CONTROLLER.size))
    with pytest.raises(ValueError, match=r"\(8, 16\) are expected"):
        network.windows(np.zeros((1, 7, 16)))
    with pytest.raises(ValueError, match="16 are expected"):
        Stream(network, np.zeros((1, 15)))
    with pytest.raises(ValueError, match="even"):
        Shape(4, (5, 2), (1, 1))


@given(st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_an_adapter_begins_as_identity_and_keeps_limits(seed):
    rng = numbers(seed)
    actions, seen = rng.uniform(-1, 1, (5, 8)), rng.normal(size=(5, 8, 16))
    nothing = Network(ADAPTER, initial(ADAPTER, rng, last=0.0)).windows(seen)
    assert (modulate(actions, nothing) == actions).all()
    something = Network(ADAPTER, initial(ADAPTER, rng) * 5).windows(seen)
    changed = modulate(actions, something)
    assert np.abs(changed).max() <= 1 and not np.allclose(changed, actions)
    np.testing.assert_allclose(modulate(actions * 0, something), something[:, 8:])


def test_one_step_of_one_row_is_quick():
    stream = Stream(Network(CONTROLLER, initial(CONTROLLER, numbers())), np.zeros((1, 16)))
    now, times = np.zeros((1, 16)), []
    for _ in range(500):
        began = perf_counter()
        stream.step(now)
        times.append(perf_counter() - began)
    assert np.median(times) < 100e-6


# --- normalisation --------------------------------------------------------------------------------

values = st.floats(-1e3, 1e3, width=32)
parts = st.lists(st.lists(st.tuples(values, values, values), max_size=6), min_size=1, max_size=6)


@given(parts)
@settings(deadline=None)
def test_parts_merge_to_the_whole(parts):
    merged = Normaliser.empty(3)
    for part in parts:
        merged = merged.merged(Normaliser.of(np.reshape(part, (-1, 3))))
    everything = np.array([row for part in parts for row in part]).reshape(-1, 3)
    whole = Normaliser.of(everything)
    assert merged.count == whole.count == len(everything)
    if len(everything):
        np.testing.assert_allclose(merged.mean, everything.mean(0), atol=1e-9)
        np.testing.assert_allclose(
            merged.spread / merged.count, everything.var(0), atol=1e-6, rtol=1e-9
        )


def test_precision_survives_a_large_mean():
    rng = numbers()
    rows = 1e8 + rng.normal(size=(1000, 1))
    merged = Normaliser.empty(1)
    for part in np.split(rows, 100):
        merged = merged.merged(Normaliser.of(part))
    assert merged.deviation[0] == pytest.approx(rows.std(), rel=1e-6)


def test_normalised_observations_have_mean_0_and_deviation_1():
    rows = numbers().normal(3, [0.1, 5, 0], (1000, 3))  # the last never changes
    normalised = Normaliser.of(rows)(rows)
    np.testing.assert_allclose(normalised.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(normalised.std(0), [1, 1, 0], atol=1e-9)
    assert (Normaliser.empty(3)(rows) == rows).all()
    with pytest.raises(ValueError, match="do not mix"):
        Normaliser.empty(2).merged(Normaliser.empty(3))


# --- the file -------------------------------------------------------------------------------------


def controller(adapter=True) -> Controller:
    rng = numbers()
    return Controller(
        name="forehand",
        style="forehand",
        track="paper",
        speed=vector(rng.uniform(1, 4, 8)),
        normaliser=Normaliser.of(rng.normal(size=(50, 16))),
        parameters=initial(CONTROLLER, rng).astype(np.float32),
        adapter=initial(ADAPTER, rng).astype(np.float32) if adapter else None,
        command="courtside train tennis",
        commit="0" * 40,
        metrics={"land_rate": 0.5},
    )


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("controller") / "forehand.safetensors"
    controller().save(path)
    return path


@pytest.mark.parametrize("adapter", [True, False])
def test_a_controller_comes_back_as_it_was(adapter, tmp_path):
    made, path = controller(adapter), tmp_path / "c.safetensors"
    made.save(path)
    found = Controller.load(path)
    for name in ("name", "style", "track", "command", "commit", "metrics"):
        assert getattr(found, name) == getattr(made, name)
    assert (found.adapter is None) == (not adapter)
    first, rng = numbers(1).normal(size=(3, 16)), numbers(2)
    one, other = Playing.of(made, first), Playing.of(found, first)
    for _ in range(10):
        seen = rng.normal(size=(3, 16))
        assert (one.act(seen) == other.act(seen)).all()
    content = path.read_bytes()
    found.save(path)
    assert path.read_bytes() == content
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_playing_is_normalise_network_adapter_speed():
    made = controller()
    rng = numbers(1)
    steps = rng.normal(size=(12, 2, 16))
    playing = Playing.of(made, steps[0])
    for now in steps:
        found = playing.act(now)
    window = np.moveaxis(made.normaliser(steps[-8:]), 0, 1)
    actions = Network(CONTROLLER, made.parameters).windows(window)
    changes = Network(ADAPTER, made.adapter).windows(window)
    expected = modulate(actions, changes) * made.speed
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert found.dtype == np.float64 and (np.abs(found) <= made.speed).all()
    playing.restart(np.array([True, False]), steps[0])
    anew, old = Playing.of(made, steps[0]).act(steps[1])[0], playing.act(steps[1])
    assert (old[0] == anew).all() and not (old[1] == anew).all()


def test_nonsense_is_refused_in_one_line():
    made = controller()
    with pytest.raises(ValueError, match="valid are forehand, backhand"):
        replace(made, style="sideways")
    with pytest.raises(ValueError, match="valid are paper, physical"):
        replace(made, track="both")
    with pytest.raises(ValueError, match="parameters has 5 values; 10676 are expected"):
        replace(made, parameters=np.zeros(5, np.float32))


@given(share=st.floats(0, 0.999))
@settings(max_examples=20, deadline=None)
def test_a_file_cut_short_is_refused(share, saved, tmp_path_factory):
    whole = saved.read_bytes()
    path = tmp_path_factory.mktemp("cut") / "c.safetensors"
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(CheckpointError, match=str(path)) as refused:
        Controller.load(path)
    assert "\n" not in str(refused.value)


@given(place=st.floats(0, 0.9999), bit=st.integers(0, 7))
@settings(max_examples=40, deadline=None)
def test_an_altered_file_is_refused(place, bit, saved, tmp_path_factory):
    content = bytearray(saved.read_bytes())
    content[int(place * len(content))] ^= 1 << bit
    path = tmp_path_factory.mktemp("bit") / "c.safetensors"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=str(path)):
        Controller.load(path)


def test_other_files_are_refused(saved, tmp_path):
    from skills.beso.checkpoint import Checkpoint

    with pytest.raises(CheckpointError, match="no such"):
        Controller.load(tmp_path / "none.safetensors")
    with pytest.raises(CheckpointError, match="is courtside-tennis-3; expected is courtside-beso"):
        Checkpoint.load(saved)
    lacking = tmp_path / "lacking.safetensors"
    write(lacking, FORMAT, {"speed": np.zeros(8)}, {"name": "x"})
    with pytest.raises(CheckpointError, match="lacks"):
        Controller.load(lacking)
