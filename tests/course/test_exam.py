"""An exam is drawn by its variant, its answers follow from its questions, and no answer leaks."""

import itertools
import math
import re

import numpy as np
import pytest
import yaml
from colab_cell import BOOK

from zsbir_lib.course import build_exam, exam_questions
from zsbir_lib.errors import ZsbirError

VARIANTS = range(6)
CALM = pytest.mark.parametrize("variant", VARIANTS)


def numbers(text):
    return [float(found) for found in re.findall(r"-?\d+(?:\.\d+)?", text)]


def asked(word, variant):
    """Return the text of the one question whose goal has this word, and its answers in order."""
    (found,) = [one for one in exam_questions(variant) if word in one.goal]
    return found.text, [answer.partition(") ")[2] for _, answer in found.answers]


def rows(text):
    """Return the numbers of each row of the table in a question."""
    lines = [line for line in text.split("\n") if line.startswith("| ")][2:]
    return [numbers(line.partition(" |")[2]) for line in lines]


@CALM
def test_twenty_questions_of_known_chapters(variant):
    questions = exam_questions(variant)
    assert len(questions) == 20
    assert len({one.goal for one in questions}) == 20
    assert all((BOOK / f"{one.chapter}.ipynb").exists() for one in questions)
    assert {points for one in questions for points, _ in one.answers} <= {1, 2}
    text = "".join(one.text + str(one.answers) for one in questions)
    assert not re.search(r"\bnan\b|\binf\b|-0\.0+\b(?!\d)|tensor|np\.", text)


def test_parts_are_asked_and_answered_in_order():
    for one in exam_questions(3):
        parts = re.findall(r"^\((\w)\)", one.text, flags=re.M)
        answered = [answer[1] for _, answer in one.answers]
        assert parts == [letter for letter, _ in itertools.groupby(answered)]


def test_a_variant_is_the_same_each_time_and_others_differ():
    assert exam_questions(5) == exam_questions(5)
    pairs = list(zip(exam_questions(5), exam_questions(6), strict=True))
    assert sum(one.text != other.text for one, other in pairs) >= 19  # there are four leaks only


def test_what_students_get_holds_no_answer(tmp_path):
    built = build_exam(tmp_path, 4)
    paper = built.paper.read_text(encoding="utf-8")
    secret = built.answers.read_text(encoding="utf-8")
    for number, one in enumerate(exam_questions(4), start=1):
        assert f"## Question {number} ({one.points} points)\n\n{one.text}" in paper
        assert one.goal not in paper  # a goal may tell the method
        for points, answer in one.answers:
            assert f"- {points}: {answer}" in secret
            assert answer not in paper
    total = sum(one.points for one in exam_questions(4))
    assert f"20 questions, {total} points" in paper
    assert "ariant" not in paper


def test_a_variant_below_zero_is_refused(tmp_path):
    with pytest.raises(ZsbirError, match="the variant is -1"):
        build_exam(tmp_path / "new", -1)
    assert not (tmp_path / "new").exists()


# Each answer once more, in other words than the library's.


@CALM
def test_pixels(variant):
    text, answers = asked("a distance of pixels", variant)
    width, height, _, _, shift = (int(number) for number in numbers(text)[:5])
    copy, page = 2 * height * min(width, shift), width * height
    assert answers[:2] == [f"{copy} from the copy", f"{page} from the blank page"]
    assert answers[2].startswith("the moved copy" if copy < page else "the blank page")


@CALM
def test_cosine_and_length(variant):
    text, answers = asked("rank by the cosine", variant)
    x, y = numbers(text)[:2]
    photos = dict(zip("ABC", rows(text), strict=True))
    angles = {name: abs(math.atan2(b, a) - math.atan2(y, x)) for name, (a, b) in photos.items()}
    apart = {name: math.dist((x, y), photo) for name, photo in photos.items()}
    for order, answer in ((angles, answers[0]), (apart, answers[1])):
        assert re.findall("[ABC]", answer) == sorted(order, key=order.get)


@CALM
def test_marks(variant):
    text, answers = asked("P@K and AP@K", variant)
    *places, relevant = (int(one) for one in numbers(text.partition("(a)")[0]))
    total = sum(i / place for i, place in enumerate(places, start=1))
    assert float(answers[0]) == len(places) / 10
    counts = (10, min(10, relevant), len(places), relevant)
    assert re.findall(r" (\d\.\d{3})\b", answers[1])[1:] == [f"{total / n:.3f}" for n in counts]


@CALM
def test_audit_names_what_is_above_its_bound(variant):
    text, answers = asked("a published table", variant)
    above = [name for name, (mean, p) in zip("ABCD", rows(text), strict=True) if mean > p]
    assert answers[0].startswith(", ".join(above) + ". ")


@CALM
def test_standard_errors(variant):
    text, answers = asked("whose sample is the classes", variant)
    c, n, between, _, within = numbers(text)[:5]
    expected = [(between + within / n) / c, (between + within / n / 10) / c,
                (between + within / n) / c / 4, (between + within) / c / n]  # fmt: skip
    assert [numbers(answer)[0] for answer in answers] == [round(v**0.5, 4) for v in expected]


def test_paired_intervals_come_in_both_kinds():
    kinds = set()
    for variant in range(8):
        text, answers = asked("a paired interval", variant)
        first, second = rows(text)
        low, high = numbers(text.partition("paired: ")[2])[1:3]
        assert numbers(answers[0])[0] == pytest.approx(np.mean(second) - np.mean(first), abs=1e-3)
        assert ("resolved" in answers[0]) == (low > 0 or high < 0)
        kinds.add("resolved" in answers[0])
    assert kinds == {True, False}


@CALM
def test_evidence_of_attributes(variant):
    text, answers = asked("the evidence of attributes", variant)
    *lists, priors, chances = rows(text)

    def evidence(has, given):
        return sum(math.log(p if one else 1 - p) for one, p in zip(has, given, strict=True))

    plain = [evidence(has, chances) for has in lists]
    divided = [one - evidence(has, priors) for one, has in zip(plain, lists, strict=True)]
    for values, answer in ((divided, answers[0]), (plain, answers[1])):
        assert re.findall(r"-?\d\.\d\d", answer) == [f"{v:.2f}" for v in values]
        assert f"lass {'ABC'[np.argmax(values)]}" in answer


@CALM
def test_semantic_autoencoder(variant):
    text, answers = asked("semantic autoencoder", variant)
    xi, eta, *c = np.array(numbers(text)[:8]).reshape(4, 2)
    w = np.array(numbers(answers[0])).reshape(2, 2)
    assert np.diag(xi) @ w + w @ np.diag(eta) == pytest.approx(np.array(c), abs=0.01)


@CALM
def test_doubled_gallery(variant):
    text, answers = asked("photos twice", variant)
    places = [int(n) for n in numbers(text.partition(". Then")[0])]
    both = sorted(2 * place - one for place in places if place <= 5 for one in (0, 1))
    for hits, answer in ((places, answers[0]), (both, answers[1])):
        mean = sum(i / place for i, place in enumerate(hits, start=1)) / 10
        assert answer == f"{len(hits) / 10:.1f} and {mean:.3f}"


@CALM
def test_choice(variant):
    text, answers = asked("without looking at the answer", variant)
    table = np.array(rows(text))
    unseen = table[table[:, 0].argmax(), 1]
    assert numbers(answers[0])[0] == unseen
    assert float(answers[1]) == pytest.approx(table[:, 1].max() - unseen)


@CALM
def test_triplet(variant):
    text, answers = asked("triplet loss", variant)
    margin = float(re.search(r"the margin ([\d.]+):", text)[1])
    s, p, n = np.array(rows(text))
    near, far = ((s - p) ** 2).sum(), ((s - n) ** 2).sum()
    assert numbers(answers[0])[-1] == pytest.approx(margin + near - far, abs=0.006)
    assert answers[1] == ("hard" if far < near else "semi-hard")
    assert numbers(answers[2]) == pytest.approx(2 * (s - n), abs=0.051)


@CALM
def test_codes(variant):
    text, answers = asked("binary codes", variant)
    query, *photos = re.findall(r"\b[01]{6}\b", text)
    away = [sum(a != b for a, b in zip(query, photo, strict=True)) for photo in photos]
    order = sorted(range(5), key=lambda i: (away[i], i))
    told = ", ".join(f"{'ABCDE'[i]} ({away[i]})" for i in order)
    assert answers[0].startswith(told)
    assert answers[1].endswith(f"{min(away) / 3:.3f}")
    assert len(set(away)) < 5  # there is a tie


@CALM
def test_price(variant):
    text, answers = asked("read it as a price", variant)
    mean, width = np.array(numbers(text.partition("(a)")[0])).reshape(2, 3)
    each = (mean**2 + width**2 - 1 - 2 * np.log(width)) / 2
    assert numbers(answers[0]) == pytest.approx([*each, each.sum()], abs=6e-4)
    assert numbers(answers[1]) == [each.argmin() + 1]
    assert numbers(answers[2])[0] == pytest.approx(each.sum() * math.log2(math.e), abs=6e-3)


@CALM
def test_bound_and_gap_add_up_to_the_likelihood(variant):
    text, answers = asked("the bound and its gap", variant)
    x = float(re.search(r"x = ([\d.]+)\$", text)[1])
    noise = float(re.search(r"variance ([\d.]+)\.", text)[1])
    likelihood = -0.5 * (math.log(2 * math.pi * (1 + noise)) + x**2 / (1 + noise))
    assert float(answers[0]) == pytest.approx(likelihood, abs=6e-4)
    bound, apart = numbers(answers[1])[-1], numbers(answers[2])[0]
    assert bound + apart == pytest.approx(likelihood, abs=2e-3)
    assert apart > 0.0005


@CALM
def test_what_pays(variant):
    text, answers = asked("when a number of z pays", variant)
    *kappa, variance, beta, _, width = numbers(text.partition("numbers. A")[0])
    paid = [value - beta * variance for value in kappa if value > beta * variance]
    assert numbers(answers[0].partition("= ")[2]) == pytest.approx(paid)
    assert numbers(answers[1])[-1] == beta * width
    assert max(kappa) < beta * width * variance


@CALM
def test_discriminator(variant):
    text, answers = asked("the best discriminator", variant)
    middle, width = re.search(r"N\}\(([\d.]+), ([\d.]+)\^2", text).groups()
    z = float(re.search(r"z = (-?[\d.]+)\$", text)[1])

    def logit(z):
        a, b = float(middle), float(width)
        return -(z**2) / 2 + ((z - a) / b) ** 2 / 2 + math.log(b)

    assert numbers(answers[0]) == pytest.approx([logit(z), 1 / (1 + math.exp(-logit(z)))], abs=6e-4)
    assert ("right" in answers[1]) == (logit(z + 1e-4) > logit(z))


@CALM
def test_information(variant):
    text, answers = asked("what a code tells", variant)
    width, noise, pairs = numbers(text.partition("(a)")[0])
    limits = [-width * math.log(noise), math.log(pairs)]
    assert [numbers(a)[-1] for a in answers[:2]] == pytest.approx(limits, abs=6e-3)
    assert answers[2].endswith("the noise" if limits[0] < limits[1] else "the number of pairs")


@CALM
def test_centres(variant):
    text, answers = asked("K-means", variant)
    points = np.array(numbers(text.partition(". K-means")[0]))
    starts = [numbers(found) for found in re.findall(r"(\([\d, ]+\))[.,]", text)][-2:]
    assert len(starts) == 2
    for places, answer in zip(starts, answers[:2], strict=True):
        for _ in range(30):
            own = abs(points[:, None] - places).argmin(axis=1)
            places = [points[own == k].mean() for k in range(3)]
        distortion = ((points - np.array(places)[own]) ** 2).sum()
        assert numbers(answer)[:4] == pytest.approx([*places, distortion], abs=6e-3)


@CALM
def test_harmonic_mean(variant):
    text, answers = asked("seen and unseen classes", variant)
    harmonic = [2 / (1 / seen + 1 / unseen) for seen, unseen in rows(text)]
    assert numbers(answers[0]) == pytest.approx(harmonic, abs=6e-4)
    assert answers[0].endswith("ABC"[np.argmax(harmonic)])
    assert answers[1].startswith("ABC"[np.argmax([sum(one) for one in rows(text)])])


def test_the_page_for_teachers_maps_every_goal_to_its_question():
    page = (BOOK / "appendix" / "teachers.md").read_text(encoding="utf-8")
    titles = re.findall(r"^\| (\d+) \| ([^|]+) \| \[[^]]+\]\(\.\./(\w+)\.ipynb\) \| (\d+) \|$",
                        page, flags=re.M)  # fmt: skip
    made = [(str(number), one.goal, one.chapter, str(one.points))
            for number, one in enumerate(exam_questions(), start=1)]  # fmt: skip
    assert titles == made


def test_no_page_of_the_book_is_the_exam():
    config = yaml.safe_load((BOOK.parent / "_config.yml").read_text(encoding="utf-8"))
    assert "_build" in config["exclude_patterns"]
    assert not list(BOOK.rglob("exam*.md"))
