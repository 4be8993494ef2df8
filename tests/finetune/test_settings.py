import pytest

from zsbir_lib.errors import ZsbirError, speaking_command_line
from zsbir_lib.finetune import FineTuning


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"recipe": "prompts"}, "--recipe must be full or lora, not 'prompts'"),
        ({"towers": "three"}, "--towers must be shared or two, not 'three'"),
        ({"epochs": 0}, "--epochs must be a whole number, 1 or more, not 0"),
        ({"rank": 0}, "--rank must be a whole number, 1 or more, not 0"),
        ({"learning_rate": 0.0}, "--learning-rate must be above 0, not 0.0"),
        ({"learning_rate": float("nan")}, "--learning-rate must be above 0, not nan"),
        ({"margin": 4.0}, "--margin must be above 0 and below 4, not 4.0"),
        ({"held_out": 1.0}, "--held-out must be above 0 and below 1, not 1.0"),
        ({"alpha": float("inf")}, "--alpha must be above 0, not inf"),
        ({"layers": "("}, "--layers is no regular expression: "),
    ],
)
def test_what_cannot_be_right_is_said_in_a_line(wrong, words):
    with speaking_command_line(), pytest.raises(ZsbirError) as caught:
        FineTuning(**wrong)
    assert str(caught.value).startswith(words)


def test_each_recipe_has_a_rate_of_its_own_unless_one_is_given():
    assert FineTuning(recipe="full").rate < FineTuning(recipe="lora").rate
    assert FineTuning(learning_rate=0.5).rate == 0.5
    assert FineTuning(rank=4, alpha=2.0).scale == 0.5
