"""A tensor on the pretended card does, and refuses, what it does and refuses on a real one."""

import copy
import functools
import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import safetensors.torch
import torch
import torch.nn.functional as F
from joblib import Parallel, delayed
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

D = "cuda"
# A warning of PyTorch about its own sparse tensors.
pytestmark = pytest.mark.filterwarnings("ignore:Sparse")


@pytest.fixture
def c():
    return torch.arange(6.0).reshape(2, 3)


@pytest.fixture
def g(c):
    return c.to(D)


def test_says_that_it_is_on_the_card(c, g):
    assert g.device == torch.device("cuda:0")
    assert str(g.device) == "cuda:0"
    assert g.is_cuda
    assert "cuda:0" in repr(g)
    assert g.type() == "torch.cuda.FloatTensor"
    assert g.tolist() == c.tolist()
    assert f"{g.sum():.2f}" == "15.00"
    assert bool((g >= 0).all())


def test_moves_and_converts(c, g):
    assert g.to(D) is g
    assert g.to("cuda:0") is g
    assert g.cuda() is g
    assert g.double().is_cuda
    assert g.to(torch.float64).dtype == torch.float64
    g.cpu().add_(1)
    assert torch.equal(g.cpu(), c)
    assert torch.equal(torch.empty(2, 3).copy_(g), c)


S = "Expected all tensors to be on the same device"
MIXES = {
    "add": (lambda c, g: g + c, S),
    "add a scalar of the card to the CPU's": (lambda c, g: c * g.sum(), S),
    "add in place": (lambda c, g: c.clone().add_(g), S),
    "product": (lambda c, g: g @ c.T, S),
    "cat": (lambda c, g: torch.cat([g, c]), S),
    "stack scalars": (lambda c, g: torch.stack([g.sum(), c.sum()]), S),
    "lerp": (lambda c, g: g.lerp(c, 0.5), S),
    "where": (lambda c, g: torch.where(c > 1, g, g), S),
    "masked_fill": (lambda c, g: g.masked_fill(c > 1, 0), S),
    "equal": (lambda c, g: torch.equal(g, c), S),
    "out": (lambda c, g: torch.mul(g, 2, out=torch.empty(2, 3)), S),
    "embedding": (lambda c, g: F.embedding(torch.tensor([1]), g), S),
    "gather": (lambda c, g: g.gather(1, torch.zeros(2, 1, dtype=int)), S),
    "index_select": (lambda c, g: g.index_select(0, torch.tensor([0])), S),
    "values of another device": (lambda c, g: g.__setitem__(torch.tensor([0]), c[:1]), S),
    "module": (lambda c, g: nn.Linear(3, 2).to(D)(c), S),
    "sparse product": (lambda c, g: c.to_sparse_csr() @ g.T, "device|dense|layout|Expected"),
    "index of the card": (lambda c, g: c[torch.tensor([1], device=D)], "indices should be"),
    "mask of the card": (lambda c, g: c[g > 2], "indices should be"),
    "numpy": (lambda c, g: g.numpy(), "can't convert cuda:0"),
    "np.asarray": (lambda c, g: np.asarray(g), "can't convert cuda:0"),
    "np.sqrt": (lambda c, g: np.sqrt(g), "can't convert cuda:0"),
    "pin": (lambda c, g: g.pin_memory(), "cannot pin"),
    "pin when made": (lambda c, g: torch.empty(2, device=D, pin_memory=True), "pinned"),
    "assert_close": (lambda c, g: torch.testing.assert_close(g, c), "device"),
}


@pytest.mark.parametrize("case", MIXES)
def test_refuses_a_mix_of_devices(case, c, g):
    do, text = MIXES[case]
    with pytest.raises((RuntimeError, TypeError, AssertionError), match=text):
        do(c, g)


def test_scalars_of_the_cpu_and_indices_of_the_cpu_are_let_through(c, g):
    assert (g * torch.tensor(2.0)).is_cuda
    assert g[torch.tensor([1])].is_cuda
    assert g[c > 2].is_cuda
    assert g[np.array([0, 1])].is_cuda
    assert not c[torch.tensor(1, device=D)].is_cuda
    x = g.clone()
    x[torch.tensor([0])] = torch.tensor(5.0)
    x[0] = c[1]
    x[:, 1] = 7
    x[x > 6] = 0.0
    assert x.tolist() == [[3, 0, 5], [3, 0, 5]]


def test_factories_make_it_on_the_card(c, g):
    made = [
        torch.zeros(2, device=D), torch.full((2,), 1.0, device=D), torch.arange(4, device=D),
        torch.linspace(0, 1, 4, device=D), torch.eye(3, device=D), torch.tensor([1], device=D),
        torch.randperm(5, device=D), torch.randint(3, (4,), device=D), torch.rand(3, device=D),
        torch.randn_like(g), torch.zeros_like(g), g.new_zeros(3), g.new_tensor([1.0]),
        torch.tril_indices(3, 3, device=D), torch.hann_window(4, device=D),
        torch.empty(0, device=D), torch.zeros_like(c, device=D),
        torch.as_tensor(np.arange(3), device=D), torch.as_tensor(g),
    ]  # fmt: skip
    assert all(one.is_cuda for one in made)
    assert torch.arange(4, device=D).tolist() == [0, 1, 2, 3]
    assert sorted(torch.randperm(5, device=D).tolist()) == [0, 1, 2, 3, 4]
    assert not torch.zeros_like(g, device="cpu").is_cuda
    assert not torch.tensor([g.sum(), g.mean()]).is_cuda
    assert torch.zeros(2, device="meta").is_meta
    with torch.device(D):
        assert nn.Linear(2, 2).weight.is_cuda


def test_a_generator_draws_on_its_own_device_only(g):
    on_cpu, on_card = torch.Generator(), torch.Generator(device=D)
    assert on_card.device.type == "cuda"
    assert isinstance(on_card, torch.Generator)
    assert isinstance(torch.default_generator, torch.Generator)
    assert torch.randn(3, generator=on_cpu).is_cpu
    assert torch.randn(3, generator=on_card, device=D).is_cuda
    assert torch.multinomial(g[1], 2, generator=on_card).is_cuda
    for draw in (
        lambda: torch.randn(3, generator=on_cpu, device=D),
        lambda: torch.randperm(4, generator=on_cpu, device=D),
        lambda: torch.multinomial(g[1], 2, generator=on_cpu),
    ):
        with pytest.raises(RuntimeError, match="Expected a 'cuda'"):
            draw()
    for draw in (
        lambda: torch.randn(3, generator=on_card),
        lambda: torch.zeros(3).normal_(generator=on_card),
    ):
        with pytest.raises(RuntimeError, match="Expected a 'cpu'"):
            draw()


def test_a_seed_gives_the_card_a_stream_of_its_own():
    def draw(device, seed):
        torch.manual_seed(seed)
        return torch.randn(3, device=device).cpu()

    with torch.random.fork_rng(devices=[torch.device(D)]):
        assert torch.equal(draw(D, 1), draw(D, 1))
        assert not torch.equal(draw(D, 1), draw(D, 2))
        assert not torch.equal(draw(D, 1), draw("cpu", 1))
        torch.manual_seed(7)
        assert torch.cuda.initial_seed() == 7
    made = torch.Generator(D).manual_seed(3)
    assert made.initial_seed() == 3
    assert not torch.equal(
        torch.rand(3, generator=made, device=D).cpu(),
        torch.rand(3, generator=torch.Generator().manual_seed(3)),
    )


def test_what_the_card_draws_leaves_the_stream_of_the_cpu_alone(g):
    with torch.random.fork_rng(devices=[torch.device(D)]):
        torch.manual_seed(1)
        torch.randn(3, device=D)
        F.dropout(g, 0.5)
        after = torch.randn(3)
        torch.manual_seed(1)
        assert torch.equal(after, torch.randn(3))


def test_views_share_their_numbers(g):
    x = g.clone()
    x.view(-1)[1:3].zero_()
    x.t()[0].add_(1)
    assert x.tolist() == [[1, 0, 0], [4, 4, 5]]
    assert x.t_().shape == (3, 2)
    assert x.unsqueeze_(0).shape == (1, 3, 2)


def network():
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.1),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3),
    )  # fmt: skip


@pytest.mark.parametrize(
    "optimiser",
    [
        functools.partial(torch.optim.Adam, lr=0.02),
        functools.partial(torch.optim.SGD, lr=0.1, momentum=0.9),
    ],
    ids=["Adam", "SGD"],
)
def test_trains_copies_and_saves_a_network(optimiser):
    torch.manual_seed(0)
    net = network()
    before = list(net.parameters())
    optimiser = optimiser(net.parameters())
    net = net.to(D)
    # As on a card, the optimiser goes on with the parameters that it was given.
    assert all(a is b for a, b in zip(before, net.parameters(), strict=True))
    assert all(p.is_cuda and p.is_leaf for p in net.parameters())
    x, y = torch.randn(8, 3, 6, 6).to(D), torch.randint(3, (8,)).to(D)
    losses = []
    for _ in range(30):
        optimiser.zero_grad()
        with torch.autocast("cuda", torch.bfloat16):
            loss = F.cross_entropy(net(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert all(p.grad.is_cuda for p in net.parameters())
    other = copy.deepcopy(net)
    other.load_state_dict(net.state_dict())
    with torch.inference_mode():
        on_card = net.eval()(x)
        on_cpu = other.eval().cpu()(x.cpu())
    assert on_card.is_cuda
    assert all(p.is_cpu and isinstance(p, nn.Parameter) for p in other.parameters())
    torch.testing.assert_close(on_card.cpu(), on_cpu, rtol=1e-2, atol=1e-2)


def test_torch_load_brings_tensors_where_it_is_told(c, g):
    file = io.BytesIO()
    torch.save({"a": g, "weight": nn.Parameter(g.clone())}, file)

    def load(**options):
        file.seek(0)
        return torch.load(file, **options)

    assert load()["a"].is_cuda
    assert load()["weight"].is_cuda
    for place in ("cpu", torch.device("cpu"), {"cuda:0": "cpu"}, lambda storage, _: storage):
        loaded = load(map_location=place)
        assert loaded["a"].is_cpu
        assert isinstance(loaded["weight"], nn.Parameter)
        assert torch.equal(loaded["weight"], c)
    file = io.BytesIO()
    torch.save({"a": c, "list": [c]}, file)
    assert load(map_location="cuda")["a"].is_cuda
    assert load(map_location=torch.device("cuda", 0))["list"][0].is_cuda


def test_safetensors_loads_to_either_device(c, g, tmp_path):
    path = tmp_path / "a.safetensors"
    safetensors.torch.save_file({"a": g}, path)
    assert torch.equal(safetensors.torch.load_file(path)["a"], c)
    assert safetensors.torch.load_file(path, device="cuda")["a"].is_cuda


def test_data_of_a_parameter_changes_its_place():
    parameter = nn.Parameter(torch.ones(2))
    same = parameter
    parameter.data = parameter.data.to(D)
    assert same.is_cuda
    assert isinstance(same, nn.Parameter)
    parameter.data = torch.full((2,), 3.0, device=D)
    assert same.tolist() == [3, 3]


def test_sparse_tensors(c, g):
    moved = c.to_sparse_csr().to(D)
    assert moved.is_cuda
    assert moved.layout == torch.sparse_csr
    for sparse in (moved, g.to_sparse_csr(), g.to_sparse()):
        assert torch.equal((sparse @ g.T).cpu(), c @ c.T)


@pytest.mark.parametrize("name", ["svd", "qr", "eigh", "cholesky", "inv", "solve", "lstsq"])
def test_linear_algebra_stays_on_the_card(name, g):
    square = g @ g.T + torch.eye(2, device=D)
    args = {"solve": (square, g), "lstsq": (g.T, g.T)}.get(name, (square,))
    found = getattr(torch.linalg, name)(*args)
    found = found[0] if isinstance(found, tuple) else found
    assert found.is_cuda


OPERATIONS = {
    "einsum": lambda g: torch.einsum("ij,kj->ik", g, g),
    "topk": lambda g: g.topk(2).indices,
    "sort": lambda g: g.sort().values,
    "cdist": lambda g: torch.cdist(g, g),
    "unique": lambda g: g.unique(),
    "bincount": lambda g: torch.bincount(torch.tensor([1, 2], device=D)),
    "nonzero": lambda g: torch.nonzero(g),
    "searchsorted": lambda g: torch.searchsorted(g[0], g[1]),
    "quantile": lambda g: torch.quantile(g, 0.5),
    "one_hot": lambda g: F.one_hot(torch.tensor([1, 2], device=D)),
    "interpolate": lambda g: F.interpolate(g[None, None], scale_factor=2.0),
    "index_add": lambda g: g.index_add(0, torch.tensor([0], device=D), g[:1]),
    "fft": lambda g: torch.fft.fft(g).abs(),
    "attention": lambda g: F.scaled_dot_product_attention(g[None], g[None], g[None]),
    "encoder": lambda g: nn.TransformerEncoderLayer(3, 1, 4).to(D).eval()(g[None]),
    "lstm": lambda g: nn.LSTM(3, 4).to(D)(g[:, None])[0],
    "bfloat16": lambda g: g.bfloat16() @ g.bfloat16().T,
    "half": lambda g: g.half() @ g.half().T,
    "vmap": lambda g: torch.func.vmap(lambda row: row * 2)(g),
    "grad": lambda g: torch.func.grad(lambda row: (row**2).sum())(g),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations_stay_on_the_card(name, g):
    assert OPERATIONS[name](g).is_cuda


def test_gradients_of_gradients():
    w = torch.randn(3, device=D, requires_grad=True)
    (gradient,) = torch.autograd.grad((w**3).sum(), w, create_graph=True)
    gradient.sum().backward()
    assert torch.allclose(w.grad, 6 * w.detach())


def test_weights_that_are_tied_stay_tied():
    first = nn.Linear(2, 2)
    pair = nn.ModuleList([first, nn.Linear(2, 2)])
    pair[1].weight = first.weight
    pair.to(D)
    assert pair[1].weight is pair[0].weight


def test_threads_share_the_card():
    with ThreadPoolExecutor(2) as threads:
        made = threads.map(lambda _: torch.ones(3).to(D) + torch.zeros(3, device=D), range(4))
    assert all(one.is_cuda for one in made)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_loader_pins_what_it_reads(workers):
    data = TensorDataset(torch.arange(12.0).view(6, 2))
    loader = DataLoader(data, batch_size=2, num_workers=workers, pin_memory=True)
    for (batch,) in loader:
        assert batch.is_pinned()
        assert batch.to(D, non_blocking=True).is_cuda


def test_child_processes_pretend():
    code = "import torch; print(torch.cuda.is_available(), torch.ones(2).cuda().device)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert told.stdout == "True cuda:0\n", told.stderr
    made = Parallel(2)(delayed(torch.full)((2,), i, device=D) for i in range(2))
    assert [(one.is_cuda, one.tolist()) for one in made] == [(True, [0, 0]), (True, [1, 1])]


def test_torch_cuda_answers():
    torch.cuda.synchronize()
    with torch.cuda.device(0):
        assert torch.zeros(1, device=D).is_cuda
    assert torch.cuda.is_available()
    assert torch.cuda.get_device_properties(0).total_memory == torch.cuda.mem_get_info()[1]
    assert torch.cuda.max_memory_allocated() == 0
    torch.cuda.current_stream().synchronize()
