"""The field guide's paper and ink; classes seen, unseen and built, and neurons, keep one colour everywhere. The app's style has the same."""

LIGHT = {
    "seen": "#1d63b8", "unseen": "#a85a00", "built": "#0b7a5b", "neuron": "#7a2e5d", "ink": "#23272b", "soft": "#5c6167",
    "paper": "#fbf9f4", "card": "#ffffff", "sunk": "#f2eee4", "line": "#ddd6c8",
}  # fmt: skip
DARK = {
    "seen": "#78aeef", "unseen": "#f2a65a", "built": "#7fe0b8", "neuron": "#d78fbb", "ink": "#ece8e0", "soft": "#a9aeb4",
    "paper": "#15181c", "card": "#1b1f24", "sunk": "#1f242a", "line": "#363c44",
}  # fmt: skip
