"""How a map comes about: the steps of a layout, and layouts with other parameters."""
