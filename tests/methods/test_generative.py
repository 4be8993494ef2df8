"""What holds for every generative method, whatever keeps its code near the prior."""

import pytest
import torch
from pair_samples import class_sketches

from zsbir_lib.errors import ConstantFeaturesError, ZsbirError
from zsbir_lib.features import Pairs
from zsbir_lib.methods.caae import CAAE
from zsbir_lib.methods.cvae import CVAE
from zsbir_lib.methods.generative import GenerativeMethod, GenerativeNetwork
from zsbir_lib.retrieval import kmeans

METHODS = [CVAE, CAAE]


@pytest.fixture(scope="module")
def pairs():
    g = torch.Generator().manual_seed(5)
    labels, sketches = class_sketches(96, 12, 4, g)
    photos = (sketches.flip(1) + 0.5 * torch.randn(96, 12, generator=g)).relu()
    return Pairs(sketches, photos, torch.arange(96), labels, labels, tuple("abcd"))


@pytest.fixture(scope="module", params=METHODS, ids=lambda method: method.name)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def fitted(kind, pairs):
    return kind(epochs=10, batch_size=32, latent_dim=3, n_samples=50, centre=False).fit(pairs)


@pytest.fixture(scope="module")
def centred(kind, pairs):
    return kind(epochs=10, batch_size=32, latent_dim=3, n_samples=50).fit(pairs)


def test_a_network_without_heads_is_none():
    with pytest.raises(TypeError, match="abstract"):
        GenerativeNetwork(8)


@pytest.mark.parametrize("method", METHODS)
def test_decoder_and_regulariser_have_the_same_sizes_in_every_method(method):
    network = method.network_type(64, 5)
    assert [tuple(w.shape) for w in network.decoder.parameters() if w.ndim == 2] == [
        (32, 64 + 5), (64, 32)
    ]  # fmt: skip
    assert [tuple(w.shape) for w in network.to_sketch.parameters() if w.ndim == 2] == [
        (32, 64), (64, 32)
    ]  # fmt: skip
    assert method.network_type(64).latent_dim == 16


@pytest.mark.parametrize("non_negative", [True, False])
def test_a_relu_ends_the_decoder_only_where_asked(non_negative):
    network = CAAE.network_type(8, 3, non_negative)
    photos = network.decode(torch.randn(50, 3), torch.randn(50, 8))
    assert bool((photos >= 0).all()) == non_negative


@pytest.mark.parametrize("method", METHODS)
def test_the_methods_differ_in_name_and_network(method):
    assert issubclass(method, GenerativeMethod)
    assert issubclass(method.network_type, GenerativeNetwork)


def test_what_is_generated_is_the_decoder_at_draws_of_the_prior_in_the_photos_units(fitted, pairs):
    generated = fitted.generate(pairs.sketches[:4], 6)
    assert generated.shape == (4, 6, 12)
    z = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
    photo_scale = pairs.photos.pow(2).mean().sqrt()
    sketch_scale = pairs.sketches.pow(2).mean().sqrt()
    scaled = pairs.sketches[2] / sketch_scale
    by_hand = fitted.network_.decode(z, scaled.expand(6, -1)) * photo_scale
    torch.testing.assert_close(generated[2], by_hand)


def test_the_queries_are_a_fixed_point_of_kmeans_on_what_is_generated(fitted, pairs):
    centres = fitted.encode_sketches(pairs.sketches[:6])
    assert centres.shape == (6, 5, 12)
    again = kmeans(fitted.generate(pairs.sketches[:6]), 5, init=centres, iterations=1).centres
    torch.testing.assert_close(again, centres, rtol=1e-3, atol=1e-4)


def test_blocks_of_sketches_change_nothing(fitted, pairs, monkeypatch):
    whole = fitted.encode_sketches(pairs.sketches[:20])
    generated = []
    decode = GenerativeNetwork.decode
    monkeypatch.setattr(
        GenerativeNetwork, "decode",
        lambda self, z, sketches: generated.append(len(z)) or decode(self, z, sketches),
    )  # fmt: skip
    monkeypatch.setattr("zsbir_lib.methods.generative.BLOCK_BYTES", 4 * 50 * 12 * 3)
    torch.testing.assert_close(fitted.encode_sketches(pairs.sketches[:20]), whole)
    assert max(generated) == 50 * 3


def test_photos_are_compared_as_they_are(fitted, pairs):
    assert torch.equal(fitted.encode_photos(pairs.photos), pairs.photos)


def test_centred_it_generates_about_the_mean_and_compares_about_it(centred, pairs):
    photo_mean, sketch_mean = pairs.paired_photos().mean(dim=0), pairs.sketches.mean(dim=0)
    torch.testing.assert_close(centred.encode_photos(pairs.photos), pairs.photos - photo_mean)
    z = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
    sketches, photos = pairs.sketches - sketch_mean, pairs.paired_photos() - photo_mean
    scaled = sketches[2] / sketches.pow(2).mean().sqrt()
    by_hand = centred.network_.decode(z, scaled.expand(6, -1)) * photos.pow(2).mean().sqrt()
    torch.testing.assert_close(centred.generate(pairs.sketches[:4], 6)[2], by_hand + photo_mean)
    # The queries are centres of what is generated, about the same mean as the photos.
    queries = centred.encode_sketches(pairs.sketches[:4]) + photo_mean
    samples = centred.generate(pairs.sketches[:4])
    again = kmeans(samples, 5, init=queries, iterations=1).centres
    torch.testing.assert_close(again, queries, rtol=1e-3, atol=1e-4)


def test_centred_it_does_not_mind_a_shift_of_either_view(kind, centred, pairs):
    shifted = Pairs(**{**vars(pairs), "photos": pairs.photos + 3, "sketches": pairs.sketches - 2})
    other = kind(epochs=10, batch_size=32, latent_dim=3, n_samples=50).fit(shifted)
    torch.testing.assert_close(
        other.encode_sketches(shifted.sketches[:5]), centred.encode_sketches(pairs.sketches[:5]),
        rtol=1e-2, atol=1e-2,
    )  # fmt: skip


def test_without_scaling_the_networks_are_given_the_features_as_they_are(kind, pairs):
    raw = kind(epochs=1, latent_dim=3, centre=False, scale=False).fit(pairs)
    assert raw.scales_.tolist() == [1, 1]
    z = raw.latents(6)
    by_hand = raw.network_.decode(z, pairs.sketches[2].expand(6, -1))
    torch.testing.assert_close(raw.generate(pairs.sketches[:4], 6)[2], by_hand)
    # The errors are then counted in the features' own unit.
    double = Pairs(**{**vars(pairs), "photos": pairs.photos * 2, "sketches": pairs.sketches * 2})
    wider = kind(epochs=1, latent_dim=3, centre=False, scale=False).fit(double)
    assert wider.history_["reconstruction"][0] > 2 * raw.history_["reconstruction"][0]


@pytest.mark.parametrize("method", METHODS)
def test_pairs_and_settings_that_teach_nothing_are_refused(method, pairs):
    constant = Pairs(**{**vars(pairs), "photos": torch.ones_like(pairs.photos)})
    with pytest.raises(ConstantFeaturesError, match="photos are the same"):
        method().fit(constant)
    with pytest.raises(ZsbirError, match="latent_dim is 0"):
        method(latent_dim=0).fit(pairs)
    with pytest.raises(ZsbirError, match="only 3 samples are clustered"):
        method(n_samples=3, n_centres=4).fit(pairs)
    with pytest.raises(ZsbirError, match=r"is not fitted: call fit\(pairs\) first"):
        method().generate(pairs.sketches)
