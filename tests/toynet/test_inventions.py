import numpy as np

from zsbir_lib.datasets.toybox.registry import toy_class
from zsbir_lib.drawings.hands import StrokeDrawing
from zsbir_lib.toynet import InventedToy, Invention, toy_drawing

SOURCES = ("bear", "cup", "key", "horse", "umbrella")


def inventions(count=30):
    return [Invention.of(number, SOURCES) for number in range(count)]


def test_it_is_made_of_one_body_and_up_to_three_other_things():
    made = inventions()
    assert {len(one.sources) for one in made} == {1, 2, 3, 4}
    assert {name for one in made for name in one.sources} == set(SOURCES)
    assert made[0].name == "invention 0"
    for one in made:
        assert one.uses(["cow", one.sources[-1]])
        assert not one.uses(set(toy_class("cow").name) | {"cow"})


def test_the_same_numbers_draw_the_same_thing():
    one, again = (InventedToy(inventions()[3], 1, seed=2) for _ in range(2))
    assert np.array_equal(one.photo(), again.photo())
    for other in (InventedToy(inventions()[3], 2, 2), InventedToy(inventions()[3], 1, 3)):
        assert not np.array_equal(one.photo(), other.photo())


def test_instances_have_the_same_parts_and_the_photo_shows_what_the_lines_do():
    for one in inventions(12):
        toys = [InventedToy(one, instance) for instance in range(2)]
        for toy in toys:
            points = np.concatenate([part.points for part in toy.parts])
            assert np.abs(points).max() <= 1.1
            assert np.isfinite(points).all()
            assert toy.photo().shape == (64, 64, 3)
            drawing = toy_drawing(toy.strokes)
            assert isinstance(drawing, StrokeDrawing)
            assert len(drawing.points) > 5


def test_two_toys_of_a_name_do_not_melt_into_one_outline():
    twice = Invention(4, ("bear", "bear"))
    groups = {part.group for part in InventedToy(twice, 0).parts if part.group}
    names = {group.split(" ", 1)[1] for group in groups}
    assert len(groups) > len(names)
