"""The vocabulary of class attributes: what can be said of a toy in one word.

A class is described by the attributes that a typical member has, in the way of the Animals with
Attributes data set (Lampert, Nickisch and Harmeling, CVPR 2009). Chapter 3 predicts them from a
picture and so names classes that it has never seen.
"""

ATTRIBUTE_GROUPS: dict[str, dict[str, str]] = {
    "what kind of thing": {
        "animal": "is an animal",
        "plant": "is a plant or a part of one",
        "edible": "is something people eat",
        "man-made": "is made by people",
        "vehicle": "carries people or goods",
        "building": "people can walk into it",
        "furniture": "stands in a room to sit, lie, store or work on",
        "tool": "is held in the hand to do work",
        "weapon": "is made to fight with",
        "instrument": "makes music",
        "container": "holds a liquid or things",
        "clothing": "is worn",
        "landscape": "is a part of a landscape",
    },
    "parts": {
        "two legs": "stands on two legs",
        "four legs": "stands on four legs",
        "many legs": "has six legs or more",
        "wings": "has wings",
        "beak": "has a beak or a bill",
        "fins": "has fins or flippers",
        "fur": "is furry",
        "feathers": "has feathers",
        "shell": "has a shell, armour or hard plates",
        "horns": "has horns, antlers, tusks or claws",
        "long tail": "has a long tail",
        "long neck": "has a long neck",
        "ears": "shows its ears",
        "face": "shows a face",
        "wheels": "has wheels",
        "windows": "has windows or panes",
        "handle": "has a handle",
        "blade": "has a blade or a cutting edge",
        "strings": "has strings, ropes or spokes",
        "buttons": "has buttons, keys, knobs or a dial",
    },
    "material and surface": {
        "metal": "is made of metal",
        "wooden": "is made of wood",
        "glass": "is made of glass, or has much of it",
        "soft": "is soft: cloth, flesh, dough or foam",
        "striped": "has stripes",
        "spotted": "has spots or patches",
        "green": "is often green",
    },
    "shape": {
        "round": "has a round outline",
        "long": "is much longer than wide",
        "upright": "is taller than wide",
        "pointed": "has a sharp point or spikes",
        "boxy": "has straight sides and corners",
        "curved": "is bent, coiled or crescent-shaped",
        "branching": "spreads arms, leaves or rays from a centre",
    },
    "life": {
        "lives in water": "lives or floats in water",
        "flies": "flies",
        "big": "is larger than a person",
        "small": "fits in a hand",
        "wild": "lives in the wild, or is found there",
        "dangerous": "can hurt a person",
        "moving parts": "has parts that turn, open or swing",
        "hot": "is hot, burns or gives light",
    },
}
"""The attributes by what they are about, and how a sentence says that a class has one."""

ATTRIBUTES: dict[str, str] = {
    name: says for group in ATTRIBUTE_GROUPS.values() for name, says in group.items()
}
"""Every attribute, and how a sentence says that a class has it."""
