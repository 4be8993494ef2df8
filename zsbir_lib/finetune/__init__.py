"""Fine-tuning a backbone on seen classes: all weights, or low-rank matrices beside them (LoRA).

.. code-block:: python

    backbone = load_backbone("clip:ViT-B-32/openai")
    fine_tune(dataset, backbone, "tuned.safetensors", FineTuning(recipe="lora"))
    tuned = load_backbone("tuned.safetensors")
"""

from zsbir_lib.finetune.run import FineTuned, fine_tune
from zsbir_lib.finetune.settings import RECIPES, TOWERS, FineTuning

__all__ = ["RECIPES", "TOWERS", "FineTuned", "FineTuning", "fine_tune"]
