"""What is known of a class: attributes, names, captions, and the encoding that the maps see."""
