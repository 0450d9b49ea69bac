"""Short texts of the engine that the app shows as they are, marked for translation: the engine itself speaks English and knows no session.

Sentences about a picture are made of what the engine claims (`classify.spoken`); messages about mistakes stay English.
"""

from __future__ import annotations

from pages.components.shared.language import N_

# A test holds each against the engine's own.
METHODS = (
    N_("Grad-CAM"),
    N_("Integrated gradients"),
    N_("Occlusion"),
    N_("where the neurons that this class uses are active"),
    N_("pixels that raise (orange) or lower (blue) the score"),
    N_("places whose hiding lowers (orange) or raises (blue) the score"),
)
UNFAMILIAR = (N_("This picture is unlike the pictures of this study; it may show none of its classes."),)
IN_FRAGMENTS = (
    N_("Neuron"),
    N_("louder than usual"),
    N_("quieter than usual"),
    N_("or"),
    N_("not seen"),
    N_("cannot tell"),
    N_("Where neuron {index} is active in the picture"),
    N_("and {count} more of its words"),
    N_("Also seen, though not in the description: {words}."),
    N_("the network was trained on photographs of it"),
    N_("described by a person"),
    N_("the test confirms the name"),
    N_("a name of your own, which nobody tested"),
    N_("you said that the name is wrong"),
)
IN_REPORT = (
    N_("What else it could be"),
    N_("The neurons that spoke"),
    N_("Is it there?"),
    N_("Each word of its description, looked for in this picture:"),
    N_("Read back from the class's neurons, whatever the picture: standard deviations above the average class."),
    N_("Why not {name}?"),
    N_("Made from"),
    N_("Network"),
    N_("neurons of"),
    N_("Split"),
    N_("the study's own:"),
    N_("Score and probability"),
    N_("Average picture"),
    N_("scores {score}; neurons miss {rest} of the difference"),
    N_("Built from"),
)
STRANGE = (N_("noise"), N_("textures"), N_("patterns"), N_("tiles"), N_("drawings"))
TESTED_ON = (
    N_("classes that had no part in it"),
    N_("held-out pictures, averaged by class"),
    N_("held-out pictures"),
)
SOURCES = (
    N_("My own pictures"),
    N_("Published features"),
    N_("The Aviary"),
    N_("a folder named images, with one folder of pictures a class in it"),
    N_("the folder that holds CUB_200_2011"),
    N_("the folder that holds Animals_with_Attributes2"),
    N_("the folder that holds res101.mat and att_splits.mat"),
)
