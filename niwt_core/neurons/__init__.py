"""The neuron dictionary: names and how far they hold, and the pictures that excite each neuron."""
