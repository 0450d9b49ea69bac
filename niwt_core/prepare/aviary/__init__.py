"""The network of the drawn world: what it is pre-trained on, and the defaults of its study."""
