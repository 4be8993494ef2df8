"""Assignment 5: its data make sense in every variant, and each misconception is told as itself."""

from itertools import permutations, product

import numpy as np
import pytest
import torch
from asking import judged

from zsbir_lib.check import open_assignment
from zsbir_lib.check.adversarial_functions import BEST, LOSSES, PUSH
from zsbir_lib.check.adversarial_ranking import LLOYD, NEAREST
from zsbir_lib.check.chase import CAUSES, EXTENT, STEPS, chase
from zsbir_lib.check.published import METHOD_NAMES
from zsbir_lib.methods import CAAE
from zsbir_lib.retrieval import kmeans, rank
from zsbir_lib.widgets import AdversarialReplay, GameFrame, KMeansStepper

CLAIMED = ("'yes'", "'no'", "'open'")


@pytest.fixture(scope="module")
def work():
    return open_assignment("adversarial", 5)


def arguments(question, seed=(0, 1)):
    return [request.arguments for request in question.requests(seed)]


def test_no_other_discriminator_earns_more():
    rng = np.random.default_rng(0)
    for p, q, share in arguments(BEST):
        best = BEST.right(p, q, share)
        for _ in range(30):
            other = (best["D"] + rng.uniform(-0.2, 0.2, len(p))).clip(1e-9, 1 - 1e-9)
            earned = share * np.array(p) @ np.log(other)
            earned += (1 - share) * np.array(q) @ np.log(1 - other)
            assert earned < best["value"]


def test_with_equal_shares_the_value_is_half_the_chapters():
    p, q = np.array([0.2, 0.5, 0.3]), np.array([0.6, 0.1, 0.3])
    middle = (p + q) / 2
    jensen_shannon = (p @ np.log(p / middle) + q @ np.log(q / middle)) / 2
    value = BEST.right(p, q, 0.5)["value"]
    assert value == pytest.approx(jensen_shannon - np.log(2))  # (8.6), halved


def test_losses_are_those_of_the_library():
    (x, made, of_codes, of_draws, weight) = arguments(LOSSES)[0]
    photos, rebuilt = torch.tensor(x), torch.tensor(made)
    draws, codes = torch.tensor(of_draws), torch.tensor(of_codes)

    class Fixed:
        """A network whose every output is given."""

        def encode(self, photos, sketches):
            return torch.zeros(len(photos), 1)

        def decode(self, codes, sketches):
            return rebuilt

        def to_sketch(self, generated):
            return photos

        def discriminator(self, z):
            return codes if len(z) == len(codes) else torch.cat([draws, codes])

    method = CAAE(adversarial_weight=weight, decoder_variance=1.0, encoder_noise=0,
                  gradient_penalty=0)  # fmt: skip
    loss, _, _ = method.loss(Fixed(), photos, photos, torch.zeros(len(x), 1))
    against, _ = method.discriminator_loss(
        Fixed(), torch.zeros(len(of_codes), 1), torch.zeros(len(of_draws), 1)
    )
    right = LOSSES.right(x, made, of_codes, of_draws, weight)
    assert (float(loss), float(against)) == pytest.approx(tuple(right.values()), rel=1e-5)


def test_pushes_are_slopes_of_the_losses():
    for z, mean, deviation in arguments(PUSH):
        width = len(z)
        prior = torch.distributions.Normal(0.0, torch.ones(width, dtype=torch.float64))
        codes = torch.distributions.Normal(torch.tensor(mean).double(), deviation)
        point = torch.tensor(z, dtype=torch.float64, requires_grad=True)
        logit = prior.log_prob(point).sum() - codes.log_prob(point).sum()
        right = PUSH.right(z, mean, deviation)
        assert right["logit"] == pytest.approx(float(logit.detach()))
        for name, loss in (("non-saturating", torch.nn.functional.softplus(-logit)),
                           ("saturating", -torch.nn.functional.softplus(logit))):  # fmt: skip
            (slope,) = torch.autograd.grad(loss, point, retain_graph=True)
            assert right[name] == pytest.approx(-slope.numpy())


def test_a_step_is_that_of_the_widget():
    for points, centres in arguments(LLOYD):
        if len(points[0]) == 2:
            stepper = KMeansStepper(points, centres=centres)
            stepper.assign()
            stepper.move()
            right = LLOYD.right(points, centres)
            assert stepper.assignment == right["assignment"].tolist()
            assert np.allclose(stepper.centres, right["centres"])
            assert stepper.distortion == pytest.approx(right["distortion"])


def test_a_ranking_is_that_of_the_library():
    for centres, photos in arguments(NEAREST):
        found = rank(torch.tensor([centres]), torch.tensor(photos), top_k=len(photos))
        right = NEAREST.right(centres, photos)
        assert found.indices[0].tolist() == right["order"].tolist()
        expected = right["distances"][right["order"]]
        assert found.distances[0].tolist() == pytest.approx(expected, abs=1e-5)


def test_typical_code_is_told_what_is_wrong_with_it():
    """As students write it, not as the list of mistakes does."""

    def rounds(photos, made, of_codes, of_draws, weight):
        D = 1 / (1 + np.exp(-np.array(of_codes)))
        E = 1 / (1 + np.exp(-np.array(of_draws)))
        rebuilt = 0.5 * ((np.array(photos) - np.array(made)) ** 2).sum(1).mean()
        return {"network": rebuilt - weight * len(photos[0]) * np.log(D).mean(),
                "discriminator": -np.log(E).mean() - np.log(1 - D).mean()}  # fmt: skip

    with np.errstate(all="ignore"):
        verdict = judged(LOSSES, rounds, (0, 1))
    assert verdict.share == 0
    assert "D rounds to 0 or 1" in verdict.text

    def divides(p, q, share):  # 0 log 0
        p, q = np.array(p), np.array(q)
        D = share * p / (share * p + (1 - share) * q)
        return {"D": D, "value": share * p @ np.log(D) + (1 - share) * q @ np.log(1 - D)}

    with np.errstate(all="ignore"):
        verdict = judged(BEST, divides, (0, 1))
    assert verdict.share == 0.5
    assert "the other never shows" in verdict.text

    def as_the_chapter(points, centres):  # its `lloyd` has no word about empty clusters
        x, old = torch.tensor(points), torch.tensor(centres)
        nearest = torch.cdist(x, old).argmin(dim=1)
        moved = torch.stack([x[nearest == k].mean(dim=0) for k in range(len(old))])
        return {"assignment": nearest, "centres": moved,
                "distortion": (x - moved[nearest]).pow(2).sum()}  # fmt: skip

    verdict = judged(LLOYD, as_the_chapter, (0, 1))
    assert verdict.share == pytest.approx(2 / 3)
    assert "the mean of nothing is none" in verdict.text

    def least_cosine(centres, photos):
        a = np.array(photos) / np.linalg.norm(photos, axis=1)[:, None]
        b = np.array(centres) / np.linalg.norm(centres, axis=1)[:, None]
        found = (a @ b.T).min(axis=1)
        return {"distances": 1 - found, "order": np.argsort(1 - found)}

    assert "the centre that is farthest" in judged(NEAREST, least_cosine, (0, 1)).text


@pytest.mark.parametrize("variant", range(12))
def test_every_variant_makes_sense(variant):
    work = open_assignment("adversarial", variant)
    samples = torch.tensor(work.samples)
    found = [kmeans(samples[None], 4, generator=torch.Generator().manual_seed(n))
             for n in range(5)]  # fmt: skip
    least = min(float((samples - one.centres[0][one.assignment[0]]).pow(2).sum()) for one in found)
    assert work._least < 1.001 * least
    assert set(work.scores) == set(METHOD_NAMES)
    compared = {pair: work._table.of_pair(pair) for pair in work.pairs}
    claims = [one.claim for one in compared.values()]
    assert set(claims) == {"yes", "open", "no"}
    assert any(one.claim == "yes" and work._table.overlap(pair) for pair, one in compared.items())
    # The means do not settle it: an open difference is larger than a resolved one.
    by = {kind: [abs(one.difference) for one in compared.values() if (one.claim == "open") is kind]
          for kind in (True, False)}  # fmt: skip
    assert max(by[True]) > min(by[False])


@pytest.mark.parametrize("seed", [[0, 1], [77, 1]])
def test_runs_show_what_was_played(seed):
    runs = {cause: chase(cause, seed) for cause in CAUSES}
    last = {cause: run[-1].moments for cause, run in runs.items()}
    off, least, greatest = last["sound"]
    assert off < 0.2
    assert 0.8 < least < greatest < 1.3
    # Of the prior, so many lie within these distances; the right moments alone would not do.
    away = np.linalg.norm(runs["sound"][-1].codes, axis=1)
    for radius in (1, 1.5, 2):
        assert (away < radius).mean() == pytest.approx(1 - np.exp(-(radius**2) / 2), abs=0.12)
    assert last["saturating"][0] > 2
    assert last["frozen"][0] > 0.6
    off, least, greatest = last["linear"]
    assert off < 0.2
    assert greatest < 0.5
    early = {cause: run[2].moments[0] for cause, run in runs.items()}
    assert early["saturating"] > max(one for cause, one in early.items() if cause != "saturating")
    still = {cause: np.array_equal(run[0].heights, run[-1].heights) for cause, run in runs.items()}
    assert [cause for cause, one in still.items() if one] == ["frozen"]
    arrived = [one.step for one in runs["sound"] if one.moments[0] < 0.5 and one.moments[1] < 0.1]
    assert len(arrived) >= 2
    for run in runs.values():
        assert [one.step for one in run] == list(STEPS)
        assert max(np.abs(one.codes).max() for one in run) < EXTENT


def first(work, cause):
    return next(run for run, one in work._played.items() if one == cause)


def test_a_kept_moment(work):
    sound = first(work, "sound")
    moments = {one.step: one.moments for one in work.runs[sound]}
    step = next(s for s, (off, least, _) in moments.items() if off < 0.45 and least < 0.08)
    replay = AdversarialReplay(
        {run: [GameFrame(one.step, one.codes, one.heights) for one in of_run]
         for run, of_run in work.runs.items()}, (-EXTENT, EXTENT), start=step,
    )  # fmt: skip
    replay.game = sound
    shown = [round(value, 2) for value in replay.moments]

    def told(game, step, read=(0, 0, 0)):
        return work.verdict(kept={"game": game, "step": step}, read=read)

    assert told(sound, step, shown).share == 1
    half = told(sound, step, shown[::-1])
    assert half.share == 0.5
    assert "what the widget shows" in half.text
    assert "still under way" in told(sound, 0).text
    assert "spread already" in told(sound, STEPS[-1]).text
    assert "never fills the prior" in told(first(work, "linear"), STEPS[-1]).text
    assert "it is not there" in told(first(work, "saturating"), step).text
    assert "line that is printed" in told(sound, 7).text
    assert "another form" in work.verdict(kept=[sound, step], read=shown).text
    assert "another form" in work.verdict(kept={"game": sound, "step": step}, read=3).text


def test_runs_named_in_part(work):
    right = dict(work._played)
    assert work.verdict(played=right).share == 1
    for one in CAUSES:
        for other in CAUSES:
            if one != other:
                a, b = first(work, one), first(work, other)
                verdict = work.verdict(played={**right, a: right[b], b: right[a]})
                assert verdict.share == 0.5
                assert CAUSES[one] in verdict.text or CAUSES[other] in verdict.text
    assert "was played once" in work.verdict(played=dict.fromkeys(right, "sound")).text
    assert "none of" in work.verdict(played={**right, "run 1": "slow"}).text
    assert "each run once" in work.verdict(played={"run 1": "sound"}).text
    assert "another form" in work.verdict(played=3).text


def stepped(work, start):
    stepper = KMeansStepper(work.samples, centres=start)
    for _ in range(60):
        stepper.assign()
        stepper.move()
    return stepper


def test_kept_centres(work):
    rng = np.random.default_rng(1)
    ends = []
    while not ends or ends[-1][1].distortion < 1.6 * work._least:
        start = rng.permutation(work.samples)[:4].tolist()
        ends.append((start, stepped(work, start)))
    start, end = ends[-1]
    best = stepped(work, work.first_centres)
    assert best.distortion == pytest.approx(work._least)
    stop = np.round(end.centres, 3).tolist()
    assert work.verdict(start=start, stop=stop).share == 1
    assert work.verdict(start=start, stop=start).share == 0.5
    assert "would still move" in work.verdict(start=start, stop=start).text
    assert "lead elsewhere" in work.verdict(start=start, stop=stop[::-1]).text
    assert "too low" in work.verdict(start=work.first_centres, stop=stop).text
    assert "has no samples" in work.verdict(start=[*start[:3], [50, 50]], stop=stop).text
    for bad in (start[:3], [*start[:3], [float("nan"), 0]], [[1, 2, 3]] * 4):
        assert "a pair of numbers" in work.verdict(start=bad, stop=stop).text
    assert "another form" in work.verdict(start="far", stop=stop).text


def test_claims(work):
    right = [work._table.of_pair(pair).claim for pair in work.pairs]
    gaps = [np.mean(work.scores[a]) - np.mean(work.scores[b]) for a, b in work.pairs]
    by_means = ["yes" if gap > 0 else "no" for gap in gaps]
    turned = [{"yes": "no", "no": "yes"}.get(claim, claim) for claim in right]
    one_left = right.copy()
    one_left[right.index("yes")] = "open"
    too_many = right.copy()
    too_many[right.index("open")] = "no" if gaps[right.index("open")] > 0 else "yes"
    assert work.verdict(claims=right).share == 1
    for claims, words in ((by_means, "go by the means"), (turned, "sign turned"),
                          (one_left, "overlap"), (too_many, "holds 0"),
                          (["open"] * 5, "overlap")):  # fmt: skip
        verdict = work.verdict(claims=claims)
        assert words in verdict.text
        assert verdict.share == (0 if len(set(claims)) == 1 else np.mean(np.array(claims) == right))
    assert "one for each pair" in work.verdict(claims=right[:3]).text
    assert "one for each pair" in work.verdict(claims=["maybe"] * 5).text
    assert "another form" in work.verdict(claims=3).text


def test_no_feedback_tells_an_answer(work):
    """Neither the sound run, nor what a run is that was named wrongly, nor a claim."""
    sound = first(work, "sound")
    for run in work.runs:
        for step in STEPS:
            text = work.verdict(kept={"game": run, "step": step}, read=(0, 0, 0)).text
            assert sound not in text
    for causes in permutations(CAUSES):
        played = dict(zip(work._played, causes, strict=True))
        text = work.verdict(played=played).text
        for run, right in work._played.items():
            assert played[run] == right or run not in text or repr(right) not in text
    right = [work._table.of_pair(pair).claim for pair in work.pairs]
    for claims in product(("yes", "open", "no"), repeat=5):
        text = work.verdict(claims=claims).text
        assert list(claims) == right or not any(a in text for a in (*CLAIMED, *work.scores))


def test_variants_differ():
    one, other = (open_assignment("adversarial", variant) for variant in (1, 2))
    assert one.samples != other.samples
    assert one.scores != other.scores
    again = open_assignment("adversarial", 1)
    assert (again.samples, again.scores, again._played) == (one.samples, one.scores, one._played)
    assert len({tuple(open_assignment("adversarial", n)._played.values()) for n in range(6)}) > 2
