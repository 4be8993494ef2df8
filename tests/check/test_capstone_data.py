"""The classes of the capstone: seen ones, three parts, turned; and people's drawings of them."""

import json

import pytest
import torch

from zsbir_lib.check import open_assignment
from zsbir_lib.check.capstone_data import HELD, PAIRS, Ground, brought_drawings, packaged
from zsbir_lib.datasets.splits import unseen_classes
from zsbir_lib.datasets.toybox.recipe import DRAWINGS_VERSION
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import load_backbone

SEED = (3, 2, 77)


def test_no_unseen_class_of_the_paper_is_in_it():
    assert not set(packaged().classes) & set(unseen_classes("sketchy21")[1])
    assert packaged().photos.shape == packaged().sketches.shape == (104, PAIRS, 192)


def test_features_are_of_the_weights_and_drawings_that_ship():
    message = "run tools/capstone_features.py"
    assert packaged().weights == load_backbone("toynet").weights_id, message
    assert packaged().drawings == str(DRAWINGS_VERSION), message


@pytest.mark.parametrize("variant", range(20))
def test_every_variant_divides_the_classes_in_three(variant):
    ground = Ground(variant)
    parts = [set(ground.learn), set(ground.rehearse), set(ground.hidden)]
    assert [len(part) for part in parts] == [104 - 2 * HELD, HELD, HELD]
    assert len(set.union(*parts)) == 104


def test_what_a_student_has_holds_no_hidden_class():
    work, ground = open_assignment("capstone", 3), Ground(3)
    assert set(work.features.class_names) == {*ground.learn, *ground.rehearse}
    assert len(work.features.photos) == len(work.features.class_names) * PAIRS
    assert work.features.split.seen == ground.learn


def norms(rows):
    return torch.sort(torch.as_tensor(rows).norm(dim=1)).values


def test_a_rotation_leaves_cosines_as_they_are():
    one, other = (Ground(3).final((3, 2, number)).task for number in (1, 2))
    torch.testing.assert_close(norms(one.queries), norms(other.queries), atol=0.01, rtol=0)
    assert abs(one.queries[:, 0].std() - other.queries[:, 0].std()) > 1e-4
    similar = [(task.queries @ task.gallery.T).flatten().sort().values for task in (one, other)]
    torch.testing.assert_close(*similar, atol=0.5, rtol=0.01)


def test_a_round_is_the_same_for_all():
    one, again, other = (Ground(3).final(seed) for seed in (SEED, SEED, (3, 2, 78)))
    assert one.arguments == again.arguments
    assert one.arguments[1] != other.arguments[1]
    assert torch.equal(one.task.query_labels, again.task.query_labels)


def test_a_sketch_stays_with_its_photo():
    pairs = Ground(3).final(SEED).pairs
    assert len(pairs) == (104 - 2 * HELD) * PAIRS
    assert torch.equal(pairs.labels, pairs.photo_labels[pairs.photo_index])
    known = packaged()
    name = Ground(3).learn[0]
    sketches, photos = (part[known.classes.index(name)] for part in (known.sketches, known.photos))
    wanted = (sketches * photos).sum(dim=1).sort().values
    mine = pairs.labels == pairs.class_names.index(name)
    found = (pairs.sketches[mine] * pairs.paired_photos()[mine]).sum(dim=1).sort().values
    torch.testing.assert_close(found, wanted, atol=0.2, rtol=0.01)


# ---- drawings

CROSS = [[[10, 200], [10, 200]], [[10, 200], [200, 10]]]
BOX = [[[10, 200, 200, 10, 10], [10, 10, 200, 200, 10]]]


def write(folder, name, *drawings):
    folder.mkdir(exist_ok=True)
    lines = [json.dumps({"word": name, "drawing": one}) for one in drawings]
    (folder / f"{name}.ndjson").write_text("\n".join(lines) + "\n")


@pytest.fixture
def people(tmp_path):
    one, other = Ground(3).hidden[:2]
    write(tmp_path / "people", one, CROSS, BOX)
    (tmp_path / "people" / other).mkdir()
    from zsbir_lib.drawings import render_strokes

    picture = render_strokes([list(zip(*stroke, strict=True)) for stroke in CROSS], size=200)
    picture.save(tmp_path / "people" / other / "mine.png")
    write(tmp_path / "people", "no such class", BOX)
    return tmp_path / "people"


def test_drawings_are_read_from_lines_and_from_folders(people):
    found = brought_drawings(people)
    assert {name: tuple(rows.shape) for name, rows in found.items()} == {
        Ground(3).hidden[0]: (2, 192), Ground(3).hidden[1]: (1, 192)}  # fmt: skip


def test_drawings_ask_for_the_photos_of_the_hidden_classes(people):
    ground = Ground(3)
    drawn, plain = ground.final(SEED, brought_drawings(people)), ground.final(SEED)
    assert (len(drawn.task.queries), len(drawn.task.gallery)) == (3, HELD * PAIRS)
    assert torch.equal(drawn.task.gallery, plain.task.gallery)
    asked = {drawn.task.class_names[i] for i in drawn.task.query_labels.tolist()}
    assert asked == set(ground.hidden[:2])
    assert len(drawn.pairs) == len(plain.pairs)


def test_they_are_asked_for_by_the_grader_only(people):
    work = open_assignment("capstone", 3)
    question = next(one for one in work.questions if one.key == "6.5")
    identity = work.bring(people)
    assert len(question.requests((3, 1))) == 1
    assert len(question.requests(SEED)) == 2
    write(people, Ground(3).hidden[2], BOX)
    brought_drawings.cache_clear()
    assert work.bring(people) != identity


@pytest.mark.parametrize("case", ["missing", "empty", "damaged", "learn only"])
def test_a_folder_that_does_not_suit(tmp_path, case):
    folder, words = tmp_path / case, "holds? no|no folder|no drawing"
    if case != "missing":
        folder.mkdir()
    if case == "damaged":
        (folder / f"{Ground(3).hidden[0]}.ndjson").write_text("{\n")
        words = "cannot read"
    if case == "learn only":
        write(folder, Ground(3).learn[0], BOX)
        words = "hidden in this variant"
    with pytest.raises(ZsbirError, match=words):
        open_assignment("capstone", 3).bring(folder)


def test_other_assignments_take_none(tmp_path):
    with pytest.raises(ZsbirError, match="takes no drawings"):
        open_assignment("retrieval", 3).bring(tmp_path)
