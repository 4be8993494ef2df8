"""Widgets for notebooks; nothing in the core of the library needs them."""

from zsbir_lib.widgets.attributes import AttributeChooser
from zsbir_lib.widgets.collapse import CollapseExplorer, LatentRun
from zsbir_lib.widgets.comparison import RankingComparison
from zsbir_lib.widgets.explorer import Explorer
from zsbir_lib.widgets.kmeans import KMeansStepper
from zsbir_lib.widgets.linked import LinkedFigure
from zsbir_lib.widgets.live import LiveWidget
from zsbir_lib.widgets.posterior import PosteriorExplorer
from zsbir_lib.widgets.ranking import RankingExplorer
from zsbir_lib.widgets.replay import AdversarialReplay, GameFrame
from zsbir_lib.widgets.sketchpad import SketchPad
from zsbir_lib.widgets.split import SplitBuilder
from zsbir_lib.widgets.triplet import TripletPlayground
from zsbir_lib.widgets.walker import LatentWalker

__all__ = [
    "AdversarialReplay",
    "AttributeChooser",
    "CollapseExplorer",
    "Explorer",
    "GameFrame",
    "KMeansStepper",
    "LatentRun",
    "LatentWalker",
    "LinkedFigure",
    "LiveWidget",
    "PosteriorExplorer",
    "RankingComparison",
    "RankingExplorer",
    "SketchPad",
    "SplitBuilder",
    "TripletPlayground",
]
