"""For everybody: contrast, names of controls, alternatives for figures, the keyboard, touch, and less motion."""
