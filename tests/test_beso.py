"""The parts of a diffusion policy: preconditioning, noise, windows, network, file, inference."""

from dataclasses import replace
from math import log, pi

import numpy as np
import pytest
from beso_rig import LAYOUT, SIZES, checkpoint, episodes
from hypothesis import given, settings
from hypothesis import strategies as st

from skills.beso.checkpoint import Checkpoint, CheckpointError
from skills.beso.config import Layout, NetworkConfig, NoiseConfig
from skills.beso.encoding import SCALE, Encoding
from skills.beso.episodes import Episodes
from skills.beso.policy import Policy, SamplingConfig
from skills.beso.tasks import mirrored, renamed

torch = pytest.importorskip("torch")

from skills.beso.diffusion import Denoiser, log_logistic, loss, scalings  # noqa: E402
from skills.beso.export import INPUTS, TOLERANCE, example  # noqa: E402
from skills.beso.network import ScoreNetwork  # noqa: E402
from skills.beso.windows import Windows  # noqa: E402

CPU = torch.device("cpu")

# --- diffusion ------------------------------------------------------------------------------------


def test_preconditioning_is_that_of_diffusers():
    diffusers = pytest.importorskip("diffusers")
    peer = diffusers.EDMEulerScheduler(sigma_data=SCALE)
    sigma = torch.tensor([0.02, 0.3, 1.0, 20.0], dtype=torch.float64)
    _, _, c_in, c_noise = scalings(sigma)
    x, f = torch.tensor(1.3, dtype=torch.float64), torch.tensor(-0.7, dtype=torch.float64)
    for i, s in enumerate(sigma):
        assert (c_in[i] * x).item() == pytest.approx(peer.precondition_inputs(x, s).item())
        assert c_noise[i].item() == pytest.approx(peer.precondition_noise(s).item())
        network = Denoiser(lambda scaled, c_noise: f.expand_as(scaled))
        clean = network(x.view(1, 1), s.view(1)).item()
        assert clean == pytest.approx(peer.precondition_outputs(x, f, s).item(), rel=1e-6)


def test_the_network_sees_and_is_asked_for_numbers_of_unit_scale():
    random = torch.Generator().manual_seed(0)
    clean = SCALE * torch.randn(200_000, 1, generator=random)
    for level in (0.02, 0.5, 1.0, 10.0):
        sigma = torch.full((len(clean),), level)
        noise = torch.randn(clean.shape, generator=random)
        c_skip, c_out, c_in, _ = (c[:, None] for c in scalings(sigma))
        x = clean + sigma[:, None] * noise
        assert (c_in * x).std().item() == pytest.approx(1, rel=0.01)
        assert ((clean - c_skip * x) / c_out).std().item() == pytest.approx(1, rel=0.01)


def test_the_loss_is_the_error_of_the_networks_own_output():
    said = torch.randn(5, 3, 2)
    clean, noise = torch.randn(5, 3, 2), torch.randn(5, 3, 2)
    sigma = torch.rand(5) + 0.05
    found = loss(Denoiser(lambda x, c_noise: said), clean, sigma, noise)
    c_skip, c_out, _, _ = (c.view(-1, 1, 1) for c in scalings(sigma))
    wanted = (clean - c_skip * (clean + sigma.view(-1, 1, 1) * noise)) / c_out
    assert torch.allclose(found, (said - wanted) ** 2, rtol=1e-3, atol=1e-5)


def test_training_noise_is_log_logistic_between_its_limits():
    uniform = torch.linspace(0, 1, 100_001)[:-1]
    sigma = log_logistic(uniform, NoiseConfig()).double().numpy()
    assert sigma.min() > 0.0199999 and sigma.max() <= 1.0
    assert (np.diff(sigma) >= 0).all()

    def below(s):  # the logistic distribution of ln sigma
        return 1 / (1 + np.exp(-(np.log(s) - log(0.5)) / 0.5))

    for s in (0.05, 0.2, 0.5, 0.9):
        share = (below(s) - below(0.02)) / (below(1.0) - below(0.02))
        assert (sigma <= s).mean() == pytest.approx(share, abs=1e-3)


# --- network --------------------------------------------------------------------------------------


def network(**sizes):
    config = NetworkConfig(6, 2, 4, **{**SIZES, **sizes})
    torch.manual_seed(0)
    made = ScoreNetwork(config).eval()
    for weight in made.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    return config, made


def run(made, inputs):
    x, sigma, states, goals, known = inputs
    with torch.no_grad():
        return made(x, states, goals, known, sigma.log() / 4)


def test_actions_see_earlier_actions_and_all_that_came_before_but_none_later():
    config, made = network(patch=2)
    inputs = example(config, 3)
    before = run(made, inputs)
    changed = [part.clone() for part in inputs]
    changed[0][:, 4:6] += 1  # the third token of four
    after = run(made, changed)
    assert torch.equal(before[:, :4], after[:, :4])
    assert not torch.allclose(before[:, 4:6], after[:, 4:6])
    assert not torch.allclose(before[:, 6:], after[:, 6:])
    for part in (1, 2):  # noise level, states
        changed = [values.clone() for values in inputs]
        changed[part] += 0.5
        assert not torch.isclose(run(made, changed), before).any()


def test_a_goal_that_is_withheld_does_not_matter_and_each_sample_has_its_own():
    config, made = network()
    x, sigma, states, goals, _ = example(config, 4)
    known = torch.tensor([1.0, 0.0, 1.0, 0.0])
    one = run(made, (x, sigma, states, goals, known))
    other = run(made, (x, sigma, states, goals + 1, known))
    assert torch.equal(one[1::2], other[1::2])
    assert not torch.isclose(one[::2], other[::2]).any()
    zero = run(made, (x, sigma, states, 0 * goals, torch.ones(4)))
    null = run(made, (x, sigma, states, 0 * goals, torch.zeros(4)))
    assert not torch.isclose(zero, null).any()  # the null goal is no value of goals


def test_one_state_of_history_and_chunks_of_one_action_work():
    for sizes in ({"history": 1}, {"horizon": 1, "patch": 1}, {"goals": 2}):
        config, made = network(**sizes)
        assert run(made, example(config, 2)).shape == (2, config.horizon, 2)


def test_sizes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="divide"):
        NetworkConfig(4, 2, 0, horizon=7, patch=2)
    with pytest.raises(ValueError, match="divide"):
        NetworkConfig(4, 2, 0, width=30, heads=4)
    with pytest.raises(ValueError, match="sigma_min"):
        NoiseConfig(1.0, 0.1)


# --- data -----------------------------------------------------------------------------------------


def test_encoded_data_has_unit_scale_and_comes_back():
    data = episodes(20)
    encoding = Encoding.fit(data, LAYOUT, 8)
    states = encoding.states(data.observations)
    assert states.mean(0) == pytest.approx(np.zeros(6), abs=1e-3)
    assert states.std(0) == pytest.approx(np.ones(6), abs=1e-3)
    windows = Windows(data, encoding, 2, 1, "none", CPU)
    batch = windows.draw(20_000, torch.Generator().manual_seed(0))
    inside = batch.inside[..., 0].bool()
    for k in range(8):
        actions = batch.actions[inside[:, k], k]
        assert actions.std(0).numpy() == pytest.approx(np.full(2, SCALE), rel=0.05)
    anchors = encoding.anchors(data.observations)
    actions = np.repeat(data.actions[:, None], 8, 1)
    back = encoding.actions(encoding.encoded(actions, anchors), anchors)
    assert back == pytest.approx(actions, abs=1e-3)


def test_angles_that_look_alike_are_encoded_alike():
    data = episodes()
    for folds in (1, 4):
        encoding = Encoding.fit(data, replace(LAYOUT, folds=folds), 8)
        turned = data.observations.copy()
        turned[:, 4] += 2 * pi / folds
        assert encoding.states(turned) == pytest.approx(
            encoding.states(data.observations), abs=1e-3
        )


def test_windows_stay_within_their_episodes():
    """Observations and actions say their episode and step, so that mixing shows."""
    ends = np.array([5, 12, 13, 40])
    data = Episodes.of(np.zeros((40, 2)), np.zeros((40, 1)), ends, 10.0)
    labels = np.stack([data.index, np.arange(40)], 1).astype(np.float32)
    data = Episodes.of(labels, labels[:, 1:], ends, 10.0)
    plain = Encoding(
        Layout("any", goal=(0, 1)),
        *(np.full(n, v, np.float32) for n, v in ((2, 0), (2, 1), (2, 0), (2, 1))),
        np.zeros((4, 1), np.float32),
        np.ones((4, 1), np.float32),
    )
    for kind in ("future", "final"):
        batch = Windows(data, plain, 3, 2, kind, CPU).draw(2000, torch.Generator().manual_seed(1))
        episode, step = batch.states[:, -1, 0], batch.states[:, -1, 1]
        last = torch.tensor(ends)[episode.long()] - 1
        assert (batch.states[..., 0] == episode[:, None]).all()
        assert (batch.states[:, 1, 1] == torch.maximum(step - 1, first(data, episode))).all()
        inside = batch.inside[..., 0].bool()
        ahead = step[:, None] + torch.arange(4)
        assert (inside == (ahead <= last[:, None])).all()
        assert (batch.actions[..., 0][inside] == ahead[inside]).all()
        assert (batch.goals[..., 0] == episode[:, None]).all()
        goal = batch.goals[:, -1, 1]
        known = batch.known.bool()
        assert (known == (step < last)).all()  # the last step has no goal left
        assert (goal[known] > step[known]).all() and (goal <= last).all()
        if kind == "final":
            assert (goal == last).all()
        else:
            assert len(set(goal[episode == 3].tolist())) > 20


def first(data, episode):
    return torch.tensor(data.starts)[episode.long()].float()


def test_goals_are_withheld_sample_by_sample_at_the_given_rate():
    data = episodes()
    windows = Windows(data, Encoding.fit(data, LAYOUT, 8), 2, 1, "final", CPU)
    batch = windows.draw(20_000, torch.Generator().manual_seed(0), drop_goal=0.3)
    ends = len(data) / len(data.observations)  # the last steps have none anyway
    assert batch.known.mean().item() == pytest.approx(0.7 * (1 - ends), abs=0.015)
    assert set(batch.known.tolist()) == {0.0, 1.0}


def test_language_goals_are_their_episodes_sentences():
    data = episodes()
    sentences = np.eye(len(data), 8, dtype=np.float32)
    layout = replace(LAYOUT, goal=(), sentence=8)
    encoding = Encoding.fit(data, layout, 8)
    windows = Windows(data, encoding, 2, 1, "language", CPU, sentences)
    batch = windows.draw(500, torch.Generator().manual_seed(0))
    assert batch.goals.shape == (500, 1, 8)
    assert sorted(set(batch.goals[:, 0].argmax(1).tolist())) == list(range(len(data)))
    assert (batch.known == 1).all()


def test_the_mirror_of_pusht_is_its_own_inverse_and_keeps_the_goal():
    data = episodes()
    both = mirrored(data)
    assert len(both) == 2 * len(data)
    other = both.select(np.arange(len(data), 2 * len(data)))
    again = mirrored(other).select(np.arange(len(data), 2 * len(data)))
    assert again.actions == pytest.approx(data.actions, abs=1e-3)
    turn = again.observations[:, 4] - data.observations[:, 4]
    assert np.cos(turn) == pytest.approx(np.ones(len(turn)), abs=1e-5)
    goal = Episodes.of([[100, 100, 256, 256, pi / 4]], [[0, 0]], [1], 10.0)
    assert mirrored(goal).observations[1, 2:] == pytest.approx([256, 256, pi / 4], abs=1e-4)


def test_blocks_and_targets_are_renamed_in_all_four_ways():
    frame = np.arange(16.0)
    all_four = renamed(Episodes.of([frame], [[0, 0]], [1], 10.0)).observations
    assert len(all_four) == 4 and (all_four[0] == frame).all()
    assert (all_four[:, 6:10] == frame[6:10]).all()
    assert [tuple(row[[0, 3, 10, 13]]) for row in all_four] == [
        (0, 3, 10, 13),
        (3, 0, 10, 13),
        (0, 3, 13, 10),
        (3, 0, 13, 10),
    ]


# --- checkpoint -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    denoiser, made = checkpoint()
    path = tmp_path_factory.mktemp("policy") / "policy.safetensors"
    made.save(path)
    return denoiser, made, path


def test_a_checkpoint_comes_back_as_it_was(trained):
    _, made, path = trained
    loaded = Checkpoint.load(path, "pusht")
    assert (loaded.network, loaded.noise, loaded.fps) == (made.network, made.noise, made.fps)
    assert loaded.graph == made.graph and loaded.about == made.about
    assert loaded.encoding.layout == made.encoding.layout
    assert loaded.weights.keys() == made.weights.keys()
    assert all((loaded.weights[name] == made.weights[name]).all() for name in made.weights)


def test_a_checkpoint_of_another_robot_is_refused(trained):
    with pytest.raises(CheckpointError, match="moves pusht, not ur5e"):
        Checkpoint.load(trained[2], "ur5e")


@given(share=st.floats(0, 0.999))
@settings(max_examples=25, deadline=None)
def test_a_truncated_checkpoint_is_refused(share, trained, tmp_path_factory):
    whole = trained[2].read_bytes()
    path = tmp_path_factory.mktemp("cut") / "policy.safetensors"
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(CheckpointError, match=str(path)):
        Checkpoint.load(path)


@given(place=st.floats(0, 0.9999), bit=st.integers(0, 7))
@settings(max_examples=40, deadline=None)
def test_an_altered_checkpoint_is_refused(place, bit, trained, tmp_path_factory):
    content = bytearray(trained[2].read_bytes())
    content[int(place * len(content))] ^= 1 << bit
    path = tmp_path_factory.mktemp("bit") / "policy.safetensors"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=str(path)):
        Checkpoint.load(path)


def test_other_files_are_refused(tmp_path):
    from safetensors.numpy import save_file

    with pytest.raises(CheckpointError, match="no such"):
        Checkpoint.load(tmp_path / "none.safetensors")
    other = tmp_path / "other.safetensors"
    save_file({"a": np.zeros(3)}, other, {"format": "pt"})
    with pytest.raises(CheckpointError, match="expected is courtside-beso-1"):
        Checkpoint.load(other)


# --- inference ------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", [LAYOUT, replace(LAYOUT, goal=())])
def test_onnx_says_what_torch_says(layout):
    denoiser, made = checkpoint(layout, seed=3)
    policy = Policy(made)
    for batch in (1, 2, 7):
        inputs = example(made.network, batch, seed=batch)
        with torch.no_grad():
            wanted = denoiser(*inputs).numpy()
        feed = {n: v.numpy() for n, v in zip(INPUTS, inputs, strict=True) if n in policy.inputs}
        (found,) = policy.session.run(None, feed)
        assert np.abs(found - wanted).max() < TOLERANCE * max(1.0, np.abs(wanted).max())


def history_of(batch=1):
    rng = np.random.default_rng(5)
    return rng.uniform(100, 400, (batch, 2, 5)), rng.uniform(100, 400, (1, 1, 5))


def test_the_same_generator_draws_the_same_actions(trained):
    history, goal = history_of()
    policy = Policy(trained[1])
    one, again, other = (
        policy.sample(history, goal, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert one.shape == (1, 8, 2) and (one == again).all() and (one != other).any()


def test_guidance_zero_forgets_the_goal_and_one_follows_it(trained):
    history, goal = history_of()

    def draw(guidance, goal):
        policy = Policy(trained[1], SamplingConfig(guidance=guidance))
        return policy.sample(history, goal, np.random.default_rng(0))

    assert (draw(0.0, goal) == draw(0.0, None)).all()
    assert (draw(0.0, goal) == draw(0.0, goal + 50)).all()
    assert (draw(1.0, goal) != draw(1.0, goal + 50)).any()
    near = draw(1.0 + 1e-6, goal)
    assert near == pytest.approx(draw(1.0, goal), abs=1e-2)
    assert (draw(2.0, goal) != draw(1.0, goal)).any()
    with pytest.raises(ValueError, match="needs a goal"):
        draw(1.0, None)


def test_a_warm_start_stays_near_the_chunk_before(trained):
    history, goal = history_of()
    rng = np.random.default_rng(0)
    last = np.repeat(history[:, -1:, :2], 8, 1)
    spread = {}
    for warm in (0.05, 0.9):
        policy = Policy(trained[1], SamplingConfig(warm=warm, steps=1))
        draws = [policy.sample(history, goal, rng, last) for _ in range(20)]
        spread[warm] = np.std(draws, axis=0).mean()
    assert spread[0.05] < spread[0.9]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"sampler": "ddmi"}, "valid are ddim, euler"),
        ({"schedule": "cosine"}, "valid are exponential, linear, karras"),
        ({"steps": 0}, "at least one"),
        ({"guidance": float("nan")}, "finite"),
        ({"warm": -1.0}, "from 0 up"),
    ],
)
def test_impossible_sampling_is_refused(bad, said):
    with pytest.raises(ValueError, match=said):
        SamplingConfig(**bad)
