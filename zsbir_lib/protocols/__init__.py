"""The protocols: fit on pairs of seen classes, then rank a gallery for sketches.

Of unseen classes (zero-shot), of unseen objects of the seen classes (traditional), or of both in
one gallery (generalised).
"""

from zsbir_lib.protocols.bootstrap import Interval, class_bootstrap
from zsbir_lib.protocols.choice import Candidate, Choice, candidates, choose
from zsbir_lib.protocols.equal import deal, equal_task, photo_to_photo
from zsbir_lib.protocols.experiment import PROTOCOLS, Experiment, Result, needs_pairs, zero_shot
from zsbir_lib.protocols.instances import InstanceSplit, hold_out_instances
from zsbir_lib.protocols.places import FineGrained, Places
from zsbir_lib.protocols.split_scores import SplitScores
from zsbir_lib.protocols.trial import Trial, check_depth, default_depth, evaluate, fine_grained

__all__ = [
    "PROTOCOLS",
    "Candidate",
    "Choice",
    "Experiment",
    "FineGrained",
    "InstanceSplit",
    "Interval",
    "Places",
    "Result",
    "SplitScores",
    "Trial",
    "candidates",
    "check_depth",
    "choose",
    "class_bootstrap",
    "deal",
    "default_depth",
    "equal_task",
    "evaluate",
    "fine_grained",
    "hold_out_instances",
    "needs_pairs",
    "photo_to_photo",
    "zero_shot",
]
