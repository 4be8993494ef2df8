import numpy as np
import pytest
import samples
import torch
import traitlets

from zsbir_lib.datasets import load_dataset
from zsbir_lib.datasets.toybox.attributes import ATTRIBUTE_GROUPS
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import Pairs
from zsbir_lib.methods import DAP
from zsbir_lib.widgets import AttributeChooser


@pytest.fixture
def chooser():
    return samples.attributes()


def test_without_answers_all_classes_are_alike(chooser):
    assert list(chooser.probabilities.values()) == pytest.approx([1 / 3] * 3)
    assert set(chooser.scores.values()) == {0.0}


def test_a_case_by_hand(chooser):
    chooser.answers = {"wings": True, "beak": False}
    # owl has wings and a beak, the bat has wings only, the car has neither.
    yes, no = np.log(0.95), np.log(0.05)
    expected = {
        "owl": yes - np.log(0.3) + no - np.log(0.1),
        "bat": yes - np.log(0.3) + yes - np.log(0.9),
        "car": no - np.log(0.7) + yes - np.log(0.9),
    }
    assert chooser.scores == pytest.approx(expected)
    assert chooser.predicted == "bat"
    assert sum(chooser.probabilities.values()) == pytest.approx(1)


def test_an_answer_outweighs_the_classifier(chooser):
    chooser.photo = "photo of a car"
    assert chooser.predicted == "car"
    chooser.answers = {"wheels": False, "wings": True}
    assert chooser.predicted != "car"
    assert chooser.chances.tolist() == pytest.approx([0.95, 0.2, 0.1, 0.05])


def test_names_as_the_library_does():
    toybox = load_dataset("toybox", size="mini")
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(40, 5, generator=rng)
    labels = torch.arange(8).repeat_interleave(5)
    x += torch.nn.functional.one_hot(labels % 5, 5)
    names = ["cow", "owl", "car_(sedan)", "chair", "violin", "apple", "castle", "bat"]
    labels = torch.tensor([toybox.class_names.index(name) for name in names])[labels]
    has, words = toybox.class_attributes, toybox.attribute_names
    pairs = Pairs(
        x, x, torch.arange(40), labels, labels, toybox.class_names,
        class_attributes=torch.tensor(has).float(), attribute_names=words,
    )  # fmt: skip
    dap = DAP(ridge=0.3).fit(pairs)
    asked = list(toybox.split.unseen)
    rows = [toybox.class_names.index(name) for name in asked]
    columns = [words.index(word) for word in dap.attributes_]
    new = torch.randn(20, 5, generator=rng)
    said = dap.predict_attributes(new, "photo")
    chooser = AttributeChooser(
        has[np.ix_(rows, columns)], asked, dap.attributes_, dap.priors_,
        photos={str(i): row for i, row in enumerate(said)},
    )  # fmt: skip
    scores = dap.class_scores(new, asked, "photo")
    for i, row in enumerate(scores):
        chooser.photo = str(i)
        ours = [chooser.scores[name] for name in asked]
        np.testing.assert_allclose(ours, row, atol=0.02)


GOOD = {"table": [[0, 1]], "classes": ["owl"], "attributes": ["fur", "beak"], "priors": [0.5, 0.5]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"table": [[0, 1, 1]]}, r"table must hold 0 and 1 and have shape \(1, 2\)"),
        ({"table": [[0, 2]]}, "table must hold 0 and 1"),
        ({"attributes": ["fur", "fur"]}, "an? attribute is named twice"),
        ({"priors": [0.5, 1.0]}, "leave out attributes"),
        ({"photos": {"one": [0.5]}}, r"photos\['one'\] must be 2 numbers"),
        ({"photos": {"one": [0.5, np.nan]}}, r"photos\['one'\] must be finite"),
        ({"photo": "two"}, "photo is 'two'"),
        ({"certainty": 1.0}, "certainty is 1.0"),
        ({"groups": {"body": ["fur"], "skin": ["fur"]}}, "groups name 'fur' twice"),
    ],
)
def test_bad_input_is_named(change, message):
    with pytest.raises(ZsbirError, match=message):
        AttributeChooser(**(GOOD | change))


def test_attributes_of_ones_own_stand_together_unless_grouped():
    own = {"table": [[0, 1, 1]], "classes": ["owl"], "attributes": ["fur", "hooves", "big"],
           "priors": [0.5, 0.5, 0.5]}  # fmt: skip
    # Two of the three are words of the Toybox, which has other words beside them.
    assert AttributeChooser(**own).groups == [("", ["fur", "hooves", "big"])]
    toybox = AttributeChooser(**own, groups=ATTRIBUTE_GROUPS).groups
    assert [names for title, names in toybox if title == "others"] == [["hooves"]]
    mine = AttributeChooser(**own, groups={"feet": ["hooves", "claws"], "skin": ("fur",)})
    assert mine.groups == [("feet", ["hooves"]), ("skin", ["fur"]), ("others", ["big"])]


def test_unknown_answers_and_photos_are_refused(chooser):
    with pytest.raises(traitlets.TraitError, match="no such attribute: gills"):
        chooser.answers = {"gills": True}
    with pytest.raises(traitlets.TraitError, match="photo must be one of"):
        chooser.photo = "photo of a bat"
    assert (chooser.answers, chooser.photo) == ({}, "")


def test_an_attribute_moves_from_one_list_to_the_other(chooser):
    lists = chooser.controls()["answers"]
    yes, no = lists.children
    yes.value = ["fur", "beak"]
    no.value = ["fur"]
    assert lists.value == {"beak": True, "fur": False}
    assert yes.value == ("beak",)
