"""From pictures or a trained classifier to a study."""
