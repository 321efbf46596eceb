"""The selector: what it is shown, what it learns, and what is kept of corrections."""

import json
from dataclasses import replace

import numpy as np
import pytest
from selector_rig import SORT, frame, network

from planners.selector.corrections import CorrectionError, Kept, Told, read
from planners.selector.features import NAMES, held_in, lagged, mentioned, see
from planners.selector.network import Known
from planners.selector.samples import (
    DONE,
    Narrated,
    Said,
    about,
    crowded,
    keys,
    of_demonstration,
)
from robot.sentences import embed
from robot.table_frame import BLOCK_ROWS, BOWL_ROWS

# --- what it is shown ---


def test_mentions_and_what_they_are_mentioned_with():
    found, after, before = mentioned(SORT)
    red, green, bowl = (NAMES.index(n) for n in ("red block", "green block", "blue bowl"))
    assert found[red].argmax() == 0 and found[green].argmax() == 2
    assert found[bowl].nonzero()[0].tolist() == [1, 3]
    assert after[red] == bowl and before[bowl] == red and after[bowl] == green
    assert about("no, the green block next") == "green block"
    assert about("pull the handle") == "gray drawer" and about("let go") == ""


def test_what_is_held_and_what_rests_on_what():
    base = [("red", (0.1, -0.5, 0.02)), ("green", (0.1, -0.5, 0.06))]
    held = frame([("red", (0.0, -0.4, 0.2))], pressed=True)
    assert held_in(held) == "red block"
    assert held_in(frame([("red", (0.0, -0.4, 0.2))])) is None
    seen = see(lagged([frame(base)], 0), SORT, [], True)
    flat = see(lagged([frame([base[0], ("green", (0.2, -0.5, 0.02))])], 0), SORT, [], True)
    assert not np.array_equal(seen.things[NAMES.index("red block")], flat.things[0])
    assert seen.present.sum() == 2


def test_it_is_blind_to_colors_but_says_them():
    """Red and blue exchanged, in things and words: the same numbers, and other names."""
    places = [(0.1, -0.5, 0.02), (0.2, -0.6, 0.02)]
    one = frame([("red", places[0]), ("blue", places[1])])
    other = frame([("blue", places[0]), ("red", places[1])])
    a = see(lagged([one], 0), "stack the red block on the blue block", [], True)
    b = see(lagged([other], 0), "stack the blue block on the red block", [], True)
    red, blue = NAMES.index("red block"), NAMES.index("blue block")
    assert np.array_equal(a.things[red], b.things[blue])
    assert np.array_equal(a.asked, b.asked)
    net = network()
    net.tensors["what"][:] = 0.0  # only what is pointed at
    both = embed(["red block", "blue block"])
    first, second = both @ net(a), both @ net(b)
    assert first == pytest.approx(second[::-1], abs=1e-5)
    assert abs(first[0] - first[1]) > 1e-4


# --- what it learns ---


def lessons(n, rng):
    """Blocks taken in the order in which they are mentioned; each goes out of sight, far away."""
    for group in range(n):
        colors = rng.permutation(["red", "green", "blue", "yellow"])[:2].tolist()
        text = "pack the {} block and the {} block into the drawer".format(*colors)
        order = rng.permutation(2)
        places = [(float(x), -0.5, 0.02) for x in (-0.1, 0.1)]
        things = [(colors[i], places[i]) for i in order]
        bowl = [("blue", (0.0, -0.6))]
        begun = frame(things, bowl)
        up = [(c, p if c != colors[0] else (0.0, -0.4, 0.2)) for c, p in things]
        lifted = frame(up, bowl, pressed=True)
        frames = [begun] * 8 + [lifted] * 8
        said = [
            Said(0, 8, f"pick up the {colors[0]} block"),
            Said(8, 16, "put it in the blue bowl"),
        ]
        yield from of_demonstration(Narrated(frames, text, said, group), rng)


def trained(state=None, **config):
    from planners.selector.train import TrainConfig, train

    rng = np.random.default_rng(0)
    samples = [*lessons(24, rng)]
    taught = keys()
    known = {s.command: taught[s.command] for s in samples}
    shown = []
    made = train(
        samples,
        Known([*known]),
        known,
        TrainConfig(check=20, batch=32, **config),
        lambda *line: shown.append(line),
        state=state,
    )
    return made, known, samples


@pytest.mark.parametrize("seed", [0, 1])
def test_numpy_computes_what_torch_does(seed):
    torch = pytest.importorskip("torch")
    from planners.selector.train import Table, forward

    samples = [*lessons(3, np.random.default_rng(seed))]
    net, taught = network(seed), keys()
    known = {s.command: taught[s.command] for s in samples}
    table = Table(samples, Known([*known]), known)
    weights = {name: torch.tensor(value) for name, value in net.tensors.items()}
    rows = np.arange(len(samples))
    with torch.no_grad():
        out, verdict = forward(weights, table, rows, None, torch.Generator())
    assert np.array([net(s.seen) for s in samples]) == pytest.approx(out.numpy(), abs=2e-5)
    likely = torch.sigmoid(verdict).numpy()
    assert [net.succeeded(s.seen) for s in samples] == pytest.approx(likely, abs=2e-5)


def test_it_learns_which_is_mentioned_first_and_a_killed_run_goes_on(tmp_path):
    pytest.importorskip("torch")
    made, _known, samples = trained(steps=80)
    assert made.best["right"] > 0.9  # of episodes it has not learned from
    assert len({s.command for s in samples}) == 6
    state = tmp_path / "state"
    trained(state, steps=20, seed=3)
    assert state.exists()
    # The state says how many steps were meant; only the same run goes on.
    straight, *_ = trained(steps=20, seed=3)
    again, *_ = trained(state, steps=20, seed=3)
    assert again.curve == straight.curve
    for name, value in straight.network.tensors.items():
        assert np.array_equal(value, again.network.tensors[name])


def test_corrections_are_learned_beside_what_was_known():
    pytest.importorskip("torch")
    from planners.selector.train import TrainConfig, train

    made, known, samples = trained(steps=60)
    text = "no, put it down"
    told = [replace(s, command=text, group=1) for s in samples if s.command.startswith("put")][:9]
    known = {**known, text: keys()[text]}
    config = TrainConfig(steps=40, check=20, batch=32, rate=1e-3, newest=0.25)
    after = train(
        samples, Known([*known]), known, config, lambda *line: None, start=made.network, newest=told
    )
    commands = Known([*known])
    may, at = np.ones(len(known), np.bool_), commands.commands.index(text)

    def likely(net):
        return np.mean([commands.likely(net(s.seen), net.temperature, may)[at] for s in told])

    assert likely(after.network) > likely(made.network) + 0.02
    assert after.best["right"] > 0.8  # and what was held out is still foretold


def test_what_led_to_a_correction_is_not_learned():
    frames = [frame([("red", (0.1, -0.5, 0.02))])] * 30
    said = [
        Said(0, 10, "pick up the green block"),
        Said(10, 30, "no, pick up the red block", correction=True),
    ]
    rng = np.random.default_rng(0)
    commands = [s.command for s in of_demonstration(Narrated(frames, SORT, said, 0), rng)]
    assert "pick up the green block" not in commands
    assert commands.count("no, pick up the red block") >= 2 and commands[-1] == DONE


@pytest.mark.parametrize("seed", range(5))
def test_more_blocks_about_are_nobodys_business(seed):
    places = [(0.1, -0.5, 0.02), (0.1, -0.5, 0.1), (-0.2, -0.6, 0.03)]
    frames = [frame([("red", place)], [("blue", places[2][:2])], pressed=True) for place in places]
    among = crowded(frames, SORT, np.random.default_rng(seed))
    old, new = (see(lagged(each, 2), SORT, [], True) for each in (frames, among))
    more = [NAMES[i] for i in np.flatnonzero(new.present & ~old.present)]
    assert 1 <= len(more) <= 3
    assert set(more) <= {f"{color} block" for color in ("yellow", "orange", "purple", "blue")}
    assert np.array_equal(old.things[old.present], new.things[old.present])  # nothing else is new
    spots = np.array([f[BLOCK_ROWS:BOWL_ROWS].reshape(6, -1)[1:, :3] for f in among])
    spots = spots[:, spots[0, :, 0] > 0.5, 1:]
    assert np.ptp(spots, axis=0).max() == 0  # they lie still, and apart
    assert all(np.linalg.norm(spots[0] - place[:2], axis=1).min() > 0.09 for place in places)
    nameless = "sweep all the blocks into the tray"
    assert np.array_equal(frames, crowded(frames, nameless, np.random.default_rng(seed)))


# --- what is kept ---


def test_corrections_are_read_as_they_were_written(tmp_path):
    frames = tuple(frame([("red", (0.1, -0.5, 0.02))]) for _ in range(40))
    kept = Kept(
        3.0, "no, left", ("move", "left"), 0.5, SORT, (Told("pick up the red block", -1.0),),
        False, frames, 25, "done", {"hand": 0.04},
    )  # fmt: skip
    first, second = kept.write(tmp_path), kept.write(tmp_path)
    assert first != second
    for again in read(tmp_path):
        assert again.past == kept.past and again.key == kept.key and again.now == 25
        assert np.array(again.frames) == pytest.approx(np.array(frames), abs=1e-6)
    first.write_bytes(b"junk")
    with pytest.raises(CorrectionError, match="not a kept correction"):
        read(tmp_path)
    with pytest.raises(CorrectionError, match="no corrections"):
        read(tmp_path / "nowhere")


def test_known_commands_are_json():
    assert json.loads(json.dumps([[c, *k] for c, k in keys().items()]))
