"""Measure: how good the classifier is on classes it has never seen, what it gives up for that, and where the figures come from."""

from pages.components.measure import audits, baselines, built_classes, by_class, ground_truth, measures, own_classifier
from pages.components.shared import session
from pages.components.shared.language import tr
from pages.components.shared.page_head import page_head

CLASSES_IN_MATRIX = 200  # of a trained classifier; more cannot be read

study = session.current_study()

page_head(
    tr("Measure"),
    tr(
        "How often the network is right on pictures held back from training, of classes that it was shown and of "
        "classes that it was only told about. Accuracy is averaged over classes."
    ),
)
if study.kind == "classifier":
    own_classifier.show(study)
    by_class.class_map(study)
    if study.calibration_pictures.any() and len(study.seen_classes) <= CLASSES_IN_MATRIX:
        by_class.confusions(study)
else:
    measures.headline(study)
    measures.balance(study)
    baselines.beside_others(study)
    baselines.beside_clip(study)
    audits.percentages(study)
    audits.honesty(study)
    ground_truth.against_ground_truth(study)
    by_class.classes(study)
    by_class.class_map(study)
    by_class.confusions(study)
with session.shown_errors():
    built_classes.show(session.classifier())
measures.provenance(study)
